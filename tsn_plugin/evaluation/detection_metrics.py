"""Metrics of localizers for MMEngine's evaluator: mean average precision, and writers of score files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from tsn_plugin.evaluation.average_precision import TIOU_THRESHOLDS, Instances, mean_average_precision
from tsn_plugin.evaluation.detection import DETECTION_OPTIONS, detect
from tsn_plugin.evaluation.proposal_score_files import (
    ScoreParts,
    load_proposal_scores,
    load_tick_scores,
    save_proposal_scores,
    save_tick_scores,
)
from tsn_plugin.registry import METRICS
from tsn_plugin.structures.proposals import ProposalScores


def protocol_family(protocol: str) -> str:
    """Whose thresholds and options a protocol has: ``'thumos14'`` or ``'activitynet'``.

    Raises:
        ValueError: for an unknown protocol.
    """
    family = "activitynet" if protocol.startswith("activitynet") else protocol
    if family not in DETECTION_OPTIONS:
        raise ValueError(f"protocol={protocol!r} is unknown; known: thumos14, activitynet1.2, activitynet1.3")
    return family


@METRICS.register_module()
class DetectionMAP(BaseMetric):
    """Mean average precision of an SSN's detections: ``mAP``, the mean of ``mAP@0.50`` and the like for each threshold.

    Args:
        protocol: whose thresholds and options: ``'thumos14'`` (0.1 to 0.9), ``'activitynet1.2'`` or ``'1.3'`` (0.5 to
            0.95).
        options: of :class:`~tsn_plugin.evaluation.detection.DetectionOptions`, where they differ from the protocol's.
        thresholds: other thresholds.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes exchange results.
        prefix: of the result names; default ``det``.

    Raises:
        ValueError: for an unknown protocol or option.
    """

    default_prefix = "det"

    def __init__(
        self,
        protocol: str = "thumos14",
        options: dict | None = None,
        thresholds: Sequence[float] | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        usual = DETECTION_OPTIONS[protocol_family(protocol)]
        unknown = sorted(set(options or {}) - set(asdict(usual)))
        if unknown:
            raise ValueError(f"options has unknown keys {unknown}; known: {', '.join(asdict(usual))}")
        self.options = replace(usual, **(options or {}))
        self.thresholds = tuple(thresholds or TIOU_THRESHOLDS[protocol_family(protocol)])

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep scores and instances of the videos that are complete."""
        for sample in data_samples:
            if "completeness" in sample:
                truth = np.asarray(sample["instance_intervals"]), np.asarray(sample["instance_labels"])
                self.results.append((proposal_scores(sample), *truth))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """The metrics over all videos.

        Raises:
            ValueError: if no video was tested to its end, or none has an instance.
        """
        if not results:
            raise ValueError("no video was tested to its end; use WholeVideoSampler, and batches of whole lists")
        videos, intervals, labels = zip(*results)
        truth = Instances(
            np.repeat(np.arange(len(videos)), [len(each) for each in labels]),
            np.concatenate(labels),
            np.concatenate(intervals),
        )
        found = detect(videos, self.options)
        values, _ = mean_average_precision(truth, found, self.thresholds, videos[0].num_classes)
        # save_best='auto' takes the first
        named = {f"mAP@{threshold:.2f}": float(value) for threshold, value in zip(self.thresholds, values)}
        return {"mAP": float(values.mean()), **named}


class _ScoreWriter(BaseMetric):
    """Writes what is known of each video as soon as it is complete, and one file of all in the end."""

    default_prefix = "scores"
    suffix = ".npz"

    def __init__(self, out_file_path: str, *, collect_device: str = "cpu", prefix: str | None = None) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if not out_file_path.endswith(self.suffix):
            raise ValueError(f"out_file_path={out_file_path!r}: scores of untrimmed videos are written as .npz")
        self.out_file_path = out_file_path
        self.parts = ScoreParts(out_file_path)


@METRICS.register_module()
class DumpProposalScores(_ScoreWriter):
    """Writes an SSN's score file; see :mod:`tsn_plugin.evaluation.proposal_score_files`.

    Each video is kept in ``<file>.parts`` when it is complete: the same test, started again with ``skip`` of the data
    set, goes on from there, and ``tools/test.py --out`` does so by itself.

    Args:
        out_file_path: ``.npz``.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes exchange results.
        prefix: of the result names.

    Raises:
        ValueError: for another suffix.
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Write each complete video."""
        for sample in data_samples:
            if "completeness" in sample:
                scores = proposal_scores(sample)
                self.parts.add(scores.name, lambda path, scores=scores: save_proposal_scores(path, [scores]))
                self.results.append(scores.name)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Write the file of all videos."""
        videos = [video for file in self.parts.files() for video in load_proposal_scores(file)]
        save_proposal_scores(self.out_file_path, sorted(videos, key=lambda video: video.name))
        self.parts.remove()
        return {"videos": len(videos)}


@METRICS.register_module()
class DumpTickScores(_ScoreWriter):
    """Writes the actionness of all ticks; otherwise as :class:`DumpProposalScores`.

    Args:
        out_file_path: ``.npz``.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes exchange results.
        prefix: of the result names.

    Raises:
        ValueError: for another suffix.
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Write each complete video."""
        for sample in data_samples:
            if "tick_scores" in sample:
                name, ticks = sample["video_name"], sample["tick_scores"].float().cpu().numpy()
                self.parts.add(name, lambda path, one={name: ticks}: save_tick_scores(path, one))
                self.results.append(name)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Write the file of all videos."""
        scores: dict[str, np.ndarray] = {}
        for file in self.parts.files():
            scores.update(load_tick_scores(file))
        save_tick_scores(self.out_file_path, dict(sorted(scores.items())))
        self.parts.remove()
        return {"videos": len(scores)}


def proposal_scores(sample: dict) -> ProposalScores:
    """What an SSN says of one video, out of its data sample."""
    values = [
        sample[name].float().cpu().numpy() if name in sample else None
        for name in ("activity", "completeness", "regression")
    ]
    return ProposalScores(sample["video_name"], np.asarray(sample["proposal_intervals"], np.float64), *values)


def scored_videos(path: str | Path) -> list[str]:
    """The videos whose scores an interrupted test has left beside its score file."""
    return ScoreParts(path).names()
