"""From score files to detections and their mean average precision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from tsn_plugin.evaluation.average_precision import TIOU_THRESHOLDS, Instances, mean_average_precision
from tsn_plugin.evaluation.detection import (
    DETECTION_OPTIONS,
    VIDEO_SOFTMAX,
    DetectionOptions,
    detect,
    fuse_proposal_scores,
)
from tsn_plugin.evaluation.detection_metrics import protocol_family
from tsn_plugin.evaluation.detection_report import detections_by_video, precision_table, write_detections
from tsn_plugin.evaluation.names import without_extension
from tsn_plugin.evaluation.proposal_score_files import load_proposal_scores, load_video_scores
from tsn_plugin.proposals.databases import Database, read_database
from tsn_plugin.proposals.pools import is_usable
from tsn_plugin.proposals.proposal_files import read_proposals
from tsn_plugin.structures.proposals import Detections, ProposalScores, VideoProposals


@dataclass(frozen=True)
class DetectionEvaluation:
    """What was found, and how good it is.

    Attributes:
        names: of the videos.
        found: detections in shares of the videos.
        thresholds: of the IoU.
        values: mean average precision at each.
        without_scores: names of annotated videos of the list that have no scores; all their instances are missed.
        unannotated: names of tested videos without instances, which do not count.
    """

    names: list[str]
    found: Detections
    thresholds: tuple[float, ...]
    values: np.ndarray
    without_scores: list[str]
    unannotated: list[str]

    def text(self) -> str:
        """A table, with a warning of videos that were not tested, or do not count."""
        lines = [f"{len(self.names)} videos, {len(self.found)} detections"]
        if self.unannotated:
            lines.append(
                f"{len(self.unannotated)} of these videos have no instance in the list, so that their detections do "
                f"not count: {self.unannotated[0]} ..."
            )
        if self.without_scores:
            lines.append(
                f"{len(self.without_scores)} annotated videos of the list have no scores, so that their instances "
                f"count as missed: {self.without_scores[0]} ..."
            )
        return "\n".join([*lines, precision_table(self.thresholds, self.values)])


def evaluate_detections(
    list_path: str | Path,
    score_paths: Sequence[str | Path],
    *,
    protocol: str = "thumos14",
    weights: Sequence[float] | None = None,
    video_scores: str | Path | None = None,
    thresholds: Sequence[float] | None = None,
    database: str | Path | None = None,
    out: str | Path | None = None,
    **options: Any,
) -> DetectionEvaluation:
    """Fuse the streams' scores, detect, and evaluate by the ground truth of the list.

    Args:
        list_path: proposal list, normalised or in frames.
        score_paths: one per stream.
        protocol: whose options and thresholds.
        weights: of the streams.
        video_scores: score file of whole videos, whose best classes are detected only.
        thresholds: other thresholds.
        database: annotations with durations and class names, for ``out``.
        out: file for the detections in seconds.
        options: of :class:`DetectionOptions` that differ from the protocol's; None: the protocol's. ``top_k=0``: all.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for files that do not fit each other, or ``out`` without ``database``.
    """
    if out is not None and database is None:
        raise ValueError("--out needs --database: seconds and class names are in the annotations")
    chosen = _options(protocol, options, has_video_scores=video_scores is not None)
    scores = fuse_proposal_scores([load_proposal_scores(path) for path in score_paths], weights)
    truth = {video.name: video for video in read_proposals(list_path)}
    names = [video.name for video in scores]
    listed = matching_names(names, truth)
    unknown = [name for name in names if name not in listed]
    if unknown:
        raise ValueError(f"{list_path} lacks {len(unknown)} of {len(names)} tested videos, the first is {unknown[0]}")
    found = detect(scores, chosen, video_scores=_video_scores(video_scores, names))
    if out is not None:
        _write(out, found, names, read_database(database))
    tested = set(listed.values())
    missed = [name for name, video in truth.items() if name not in tested and len(video.instances)]
    instances = ground_truth([truth[listed[name]] for name in names] + [truth[name] for name in missed])
    limits = tuple(thresholds or TIOU_THRESHOLDS[protocol_family(protocol)])
    counted = found[np.isin(found.videos, instances.videos)]
    values, _ = mean_average_precision(instances, counted, limits, _num_classes(scores, instances))
    unannotated = [name for number, name in enumerate(names) if number not in instances.videos]
    return DetectionEvaluation(names, found, limits, values, missed, unannotated)


def matching_names(names: Sequence[str], known: Collection[str]) -> dict[str, str]:
    """Which of the ``known`` names means the same video as each of ``names``; those without one are left out.

    A name means itself, or else the one that differs from it in folders, a video's extension or ActivityNet's ``v_``.

    Raises:
        ValueError: if one could be several, or several are one.
    """
    by_key: dict[str, list[str]] = {}
    for name in known:
        by_key.setdefault(_key(name), []).append(name)
    found: dict[str, str] = {}
    for name in names:
        fits = [name] if name in known else by_key.get(_key(name), [])
        if len(fits) > 1:
            raise ValueError(f"{name} could be {' or '.join(fits[:2])}: use the names of the list that was tested")
        if fits:
            found[name] = fits[0]
    owners = {other: name for name, other in found.items()}
    twice = [name for name, other in found.items() if owners[other] != name]
    if twice:
        raise ValueError(f"{twice[0]} and {owners[found[twice[0]]]} are both called {found[twice[0]]} elsewhere")
    return found


def ground_truth(videos: Sequence[VideoProposals]) -> Instances:
    """The usable instances of videos, as shares of them."""
    kept = [is_usable(video.instances, video.length) for video in videos]
    intervals = [video.instances[usable] / video.length for video, usable in zip(videos, kept)]
    labels = [video.instance_labels[usable] - 1 for video, usable in zip(videos, kept)]
    counts = [len(each) for each in labels]
    return Instances(
        np.repeat(np.arange(len(videos)), counts),
        np.concatenate([np.zeros(0, np.int64), *labels]),
        np.minimum(np.concatenate([np.zeros((0, 2)), *intervals]), [np.inf, 1.0]),
    )


def _options(protocol: str, changes: Mapping[str, Any], *, has_video_scores: bool) -> DetectionOptions:
    family = protocol_family(protocol)
    usual = DETECTION_OPTIONS[family]
    given = {name: value for name, value in changes.items() if value is not None}
    unknown = sorted(set(given) - set(vars(usual)))
    if unknown:
        raise ValueError(f"unknown options {unknown}; known: {', '.join(vars(usual))}")
    if given.get("top_k") == 0:
        given["top_k"] = None
    if has_video_scores:
        given.setdefault("softmax", VIDEO_SOFTMAX[family])
    return replace(usual, **given)


def _video_scores(path: str | Path | None, names: Sequence[str]) -> dict[str, np.ndarray] | None:
    if path is None:
        return None
    scores = load_video_scores(path)
    return {name: scores[other] for name, other in matching_names(names, scores).items()}


def _write(path: str | Path, found: Detections, names: Sequence[str], annotations: Database) -> None:
    """Write the detections in seconds, under the names that the annotations have."""
    known = matching_names(names, annotations.videos)
    durations = {other: annotations.videos[other].duration for other in known.values()}
    by_name = [known.get(name, name) for name in names]
    write_detections(path, detections_by_video(found, by_name, durations, annotations.classes))


def _num_classes(scores: Sequence[ProposalScores], truth: Instances) -> int:
    return max(scores[0].num_classes, int(truth.labels.max(initial=-1)) + 1)


def _key(name: str) -> str:
    """The video's own name: without folders, an extension of a video file, and ActivityNet's ``v_``."""
    last = PurePosixPath(without_extension(name)).name
    return last.removeprefix("v_") if len(last) == 13 else last
