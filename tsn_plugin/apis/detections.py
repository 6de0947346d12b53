"""From score files to detections and their mean average precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from tsn_plugin.evaluation.average_precision import TIOU_THRESHOLDS, Instances, mean_average_precision
from tsn_plugin.evaluation.detection import DETECTION_OPTIONS, DetectionOptions, detect, fuse_proposal_scores
from tsn_plugin.evaluation.detection_metrics import protocol_family
from tsn_plugin.evaluation.detection_report import detections_by_video, precision_table, write_detections
from tsn_plugin.evaluation.proposal_score_files import load_proposal_scores
from tsn_plugin.evaluation.score_files import load_scores
from tsn_plugin.proposals.databases import read_database
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
    """

    names: list[str]
    found: Detections
    thresholds: tuple[float, ...]
    values: np.ndarray
    without_scores: list[str]

    def text(self) -> str:
        """A table, with a warning of videos that were not tested."""
        lines = [f"{len(self.names)} videos, {len(self.found)} detections"]
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
    chosen = _options(protocol, options)
    scores = fuse_proposal_scores([load_proposal_scores(path) for path in score_paths], weights)
    truth = {_key(video.name): video for video in read_proposals(list_path)}
    names = [video.name for video in scores]
    unknown = [name for name in names if _key(name) not in truth]
    if unknown:
        raise ValueError(f"{list_path} lacks {len(unknown)} of {len(names)} tested videos, the first is {unknown[0]}")
    found = detect(scores, chosen, video_scores=_video_scores(video_scores, scores))
    tested = {_key(name) for name in names}
    missed = [name for name, video in truth.items() if name not in tested and len(video.instances)]
    limits = tuple(thresholds or TIOU_THRESHOLDS[protocol_family(protocol)])
    instances = ground_truth([truth[_key(name)] for name in names] + [truth[name] for name in missed])
    values, _ = mean_average_precision(instances, found, limits, _num_classes(scores, instances))
    if out is not None:
        annotations = read_database(database)
        durations = {_key(name): video.duration for name, video in annotations.videos.items()}
        by_name = [_key(name) for name in names]
        write_detections(out, detections_by_video(found, by_name, durations, annotations.classes))
    return DetectionEvaluation(names, found, limits, values, missed)


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


def _options(protocol: str, changes: Mapping[str, Any]) -> DetectionOptions:
    usual = DETECTION_OPTIONS[protocol_family(protocol)]
    given = {name: value for name, value in changes.items() if value is not None}
    unknown = sorted(set(given) - set(vars(usual)))
    if unknown:
        raise ValueError(f"unknown options {unknown}; known: {', '.join(vars(usual))}")
    if given.get("top_k") == 0:
        given["top_k"] = None
    return replace(usual, **given)


def _video_scores(path: str | Path | None, videos: Sequence[ProposalScores]) -> dict[str, np.ndarray] | None:
    if path is None:
        return None
    scores = load_scores(path)
    by_key = {_key(name): row for name, row in zip(scores.names, scores.scores)}
    return {video.name: by_key[_key(video.name)] for video in videos if _key(video.name) in by_key}


def _num_classes(scores: Sequence[ProposalScores], truth: Instances) -> int:
    return max(scores[0].num_classes, int(truth.labels.max(initial=-1)) + 1)


def _key(name: str) -> str:
    """The video's own name: without folders, an extension of a video file, and ActivityNet's ``v_``."""
    last = PurePosixPath(name).name
    stem, dot, extension = last.rpartition(".")
    if dot and extension.isalnum() and len(extension) <= 4 and not extension.isdigit():
        last = stem
    return last.removeprefix("v_") if len(last) == 13 else last
