"""Proposal lists from what people have: published lists, annotations, scores, frames or videos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from tsn_plugin.apis.tick_scorer import TickScorer
from tsn_plugin.evaluation.proposal_recall import RECALL_THRESHOLDS, instance_recall
from tsn_plugin.evaluation.proposal_score_files import ScoreParts, load_tick_scores, save_tick_scores
from tsn_plugin.models.localizers import ActionnessClassifier
from tsn_plugin.preparation.frame_folders import FrameCounts
from tsn_plugin.preparation.media_index import MediaIndex
from tsn_plugin.preparation.settings import claim_folder, write_atomically
from tsn_plugin.proposals.databases import read_database
from tsn_plugin.proposals.generation import actionness_proposals, fused_ticks, window_proposals
from tsn_plugin.proposals.grouping import group_ticks
from tsn_plugin.proposals.labelling import held_out, labelled
from tsn_plugin.proposals.proposal_files import denormalize_all, format_proposals, read_proposals
from tsn_plugin.proposals.sliding_windows import sliding_windows
from tsn_plugin.readers import open_video
from tsn_plugin.structures.proposals import VideoProposals

_NAMED = 5


def frame_counts(media: str | Path, names: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Path below ``media`` and number of frames of those videos that are there, by name.

    Folders may be called as the video, or ``v_`` and its name (ActivityNet); so may archives and video files.

    Raises:
        FileNotFoundError: if ``media`` is no folder.
    """
    index = MediaIndex(media)
    counts = {}
    for name in names:
        path = index.find(name, f"v_{name}")
        if path is None:
            continue
        if path in index.frames:
            counts[name] = (path, _reached(index.frames[path]))
        else:
            file = index.file(path)
            with open_video(Path(media, file)) as reader:
                counts[name] = (file, len(reader))
    return counts


def denormalize_list(
    path: str | Path, media: str | Path, out: str | Path, *, strict: bool = False, hold_out: int = 0
) -> str:
    """Write a published list in frames, and tell what was done.

    Args:
        path: normalised proposal list.
        media: folder of frames or of videos.
        out: list to write.
        strict: whether missing videos are an error.
        hold_out: so many annotated videos, evenly spread, go into a list of their own to validate on.

    Raises:
        FileNotFoundError: with ``strict``, if a video is missing; or if no video at all is there.
        ValueError: if the list is in frames already, or too short to hold videos out.
    """
    videos = read_proposals(path)
    counts = frame_counts(media, [video.name for video in videos])
    found, missing = denormalize_all(videos, counts)
    lines = _missing(missing, media)
    if not found or (missing and strict):
        raise FileNotFoundError(
            f"of {path} {len(missing)} of {len(videos)} videos are missing below {media}: {missing[0]}"
        )
    return "\n".join([*lines, *_write(Path(out), found, hold_out)])


def make_list(
    kind: str,
    database: str | Path,
    media: str | Path,
    out: str | Path,
    *,
    subset: Sequence[str],
    keep_unannotated: bool = False,
    overlap: float = 0.7,
    scores: Sequence[str] = (),
    weights: list[float] | None = None,
    min_length: float = 0.0,
    hold_out: int = 0,
) -> str:
    """Write a list of sliding windows (``kind='windows'``) or of TAG proposals (``'tag'``), and tell its recall.

    With ``hold_out``, so many videos go into a list of their own, as in :func:`denormalize_list`.

    Raises:
        FileNotFoundError: if a file is missing, or no video is there.
        ValueError: for a subset that is none, if no video gets a proposal, or if there are too few to hold out.
    """
    videos = read_database(database).subset(subset)
    videos = [video for video in videos if keep_unannotated or len(video.instances)]
    counts = frame_counts(media, [video.name for video in videos])
    if kind == "windows":
        report = window_proposals(videos, counts, overlap=overlap)
    else:
        ticks = fused_ticks([load_tick_scores(path) for path in scores], weights)
        report = actionness_proposals(videos, counts, ticks, min_length=min_length)
    lines = _missing(report.missing, media)
    if not report.videos:
        raise FileNotFoundError(f"none of the {len(videos)} videos has frames below {media} (and scores)")
    if len(report.without_proposals) == len(report.videos):
        raise ValueError(f"none of the {len(report.videos)} videos got a proposal: are these the scores of actionness?")
    if report.without_proposals:
        lines.append(f"{len(report.without_proposals)} videos got no proposal: {_named(report.without_proposals)}")
    return "\n".join([*lines, *_write(Path(out), report.videos, hold_out)])


def _reached(counts: FrameCounts) -> int:
    """Number of frames that one list may count for images and for flow: denseflow's layout has a field fewer."""
    return counts.flow if 0 < counts.flow == counts.rgb - 1 else counts.rgb or counts.flow


def propose(
    media: str | Path,
    out: str | Path,
    *,
    actionness: Sequence[str] | None = None,
    fps: float | None = None,
    device: str = "cpu",
    flow_method: str = "tvl1",
) -> str:
    """Write a list of proposals of one's own videos, which nobody has annotated, and tell what was done.

    What is known of finished videos lies in ``<out>.parts`` until the list is there: an interrupted run goes on.

    Args:
        media: folder of extracted frames, or of video files; names in the list are relative to it.
        out: list to write, in frames.
        actionness: config and checkpoint of the classifier whose groups (TAG) are the proposals; None: sliding windows.
        fps: of extracted frames, for sliding windows.
        device: of torch.
        flow_method: for the flow of video files, as in training.

    Raises:
        FileNotFoundError: if ``media`` or the weights do not exist.
        ValueError: if no video can be read, frames have no ``fps``, or ``<out>.parts`` is of another classifier.
    """
    index, parts = MediaIndex(media), ScoreParts(out)
    scorer, known = None, {}
    if actionness is None and index.frames and fps is None:
        raise ValueError("sliding windows need the frame rate of extracted frames: give --fps")
    if actionness is not None:
        scorer = TickScorer(*actionness, kind=ActionnessClassifier, device=device, flow_method=flow_method)
        claim_folder(parts.folder, dict(actionness=[str(part) for part in actionness]), note="settings.json")
        known = {name: ticks for file in parts.files() for name, ticks in load_tick_scores(file).items()}
    videos, unreadable = [], []
    for name in track(list(index.frames or index.videos.values()), "Proposing", console=Console(stderr=True)):
        try:
            if scorer is not None and name not in known:
                known[name] = scorer.actionness(Path(media, name))
                parts.add(name, lambda path, one={name: known[name]}: save_tick_scores(path, one))
            videos.append(_proposed(Path(media), name, index, ticks=known.get(name), fps=fps))
        except (OSError, ValueError) as error:
            unreadable.append(f"{name} ({error})")
    if not videos:
        raise ValueError(f"no video below {media} can be read: {unreadable[0]}")
    told = [f"{len(unreadable)} videos cannot be read and are left out: {_named(unreadable)}"] if unreadable else []
    told += _write(Path(out), videos, 0)
    parts.remove()
    return "\n".join(told)


def _proposed(
    media: Path, name: str, index: MediaIndex, *, ticks: np.ndarray | None, fps: float | None
) -> VideoProposals:
    """A record without instances: groups of ticks, or sliding windows."""
    if name in index.frames:
        num_frames = _reached(index.frames[name])
    else:
        with open_video(media / name) as reader:
            num_frames, fps = len(reader), reader.fps
    if ticks is not None:
        proposals = group_ticks(ticks)[0] / max(len(ticks), 1) * num_frames
    elif fps:
        proposals = sliding_windows(num_frames / fps) * fps
    else:
        raise ValueError("its frame rate is not known")
    proposals = np.trunc(np.minimum(proposals, num_frames))
    _, first = np.unique(proposals, axis=0, return_index=True)  # several end with the video now
    return labelled(name, num_frames, np.zeros((0, 2)), [], proposals[np.sort(first)])


def _write(path: Path, videos: Sequence[VideoProposals], hold_out: int) -> list[str]:
    """Write the list, or the list and the one held out, and tell of each."""
    parts = {path: videos}
    if hold_out:
        rest, held = held_out(videos, hold_out)
        parts = {path: rest, path.with_name(f"{path.stem}_heldout{path.suffix}"): held}
    path.parent.mkdir(parents=True, exist_ok=True)
    for target, chosen in parts.items():
        write_atomically(target, format_proposals(chosen).encode())
    return [_told(target, chosen) for target, chosen in parts.items()]


def _told(path: Path, videos: Sequence[VideoProposals]) -> str:
    text = f"{path}: {len(videos)} videos, {sum(len(video.proposals) for video in videos)} proposals"
    if not any(len(video.instances) for video in videos):
        return text
    recalls = instance_recall(videos)
    told = ", ".join(f"{100 * value:.2f} % > {limit:g}" for limit, value in zip(RECALL_THRESHOLDS, recalls))
    return f"{text}; recall {told}"


def _missing(names: Sequence[str], media: str | Path) -> list[str]:
    return [f"{len(names)} videos are missing below {media} and left out: {_named(names)}"] if names else []


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")
