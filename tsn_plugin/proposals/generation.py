"""Proposal lists of annotated videos, from sliding windows or from actionness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from tsn_plugin.proposals.databases import DatabaseVideo
from tsn_plugin.proposals.grouping import group_ticks
from tsn_plugin.proposals.labelling import labelled
from tsn_plugin.proposals.sliding_windows import sliding_windows
from tsn_plugin.structures.proposals import VideoProposals


@dataclass
class ProposalReport:
    """What became of the videos.

    Attributes:
        videos: with proposals, in frames.
        missing: names of those without frames, or without scores.
        without_proposals: names of those that got none.
    """

    videos: list[VideoProposals] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    without_proposals: list[str] = field(default_factory=list)

    def add(self, video: VideoProposals) -> None:
        """Count one video."""
        self.videos.append(video)
        if not len(video.proposals):
            self.without_proposals.append(video.name)


def window_proposals(
    videos: Iterable[DatabaseVideo],
    frames: Mapping[str, tuple[str, int]],
    *,
    overlap: float = 0.7,
    num_levels: int = 8,
) -> ProposalReport:
    """Sliding windows of each video; see :func:`~tsn_plugin.proposals.sliding_windows.sliding_windows`.

    Args:
        videos: with durations and instances.
        frames: by the video's name, what it is called in the list, and its number of frames.
        overlap: of neighbouring windows.
        num_levels: lengths, from a second on.
    """
    report = ProposalReport()
    for video in videos:
        if video.name not in frames:
            report.missing.append(video.name)
            continue
        windows = sliding_windows(video.duration, num_levels=num_levels, overlap=overlap)
        report.add(_in_frames(video, windows, *frames[video.name]))
    return report


def actionness_proposals(
    videos: Iterable[DatabaseVideo],
    frames: Mapping[str, tuple[str, int]],
    scores: Mapping[str, np.ndarray],
    *,
    min_length: float = 0.0,
) -> ProposalReport:
    """TAG proposals of each video, best first; see :func:`~tsn_plugin.proposals.grouping.group_ticks`.

    Args:
        videos: with durations and instances.
        frames: by the video's name, what it is called in the list, and its number of frames.
        scores: of the ticks before softmax, ``(T, 2)``, by the name in the list.
        min_length: shorter proposals, and those of just this length, are left out; seconds.

    Source: SSN ``gen_bottom_up_proposals.py``.
    """
    report = ProposalReport()
    for video in videos:
        name, num_frames = frames.get(video.name, (None, 0))
        ticks = scores.get(name, scores.get(video.name))
        if name is None or ticks is None:
            report.missing.append(video.name)
            continue
        groups, _ = group_ticks(ticks)
        seconds = groups / max(len(ticks), 1) * video.duration
        seconds = seconds[seconds[:, 1] - seconds[:, 0] > min_length]
        report.add(_in_frames(video, seconds, name, num_frames))
    return report


def fused_ticks(streams: list[Mapping[str, np.ndarray]], weights: list[float] | None = None) -> dict[str, np.ndarray]:
    """Weighted sums of several streams' scores of ticks, by video; not normalised, as in the original.

    Where one stream has fewer ticks, those of the longer one are thinned to as many.

    Args:
        streams: scores ``(T, 2)`` by video.
        weights: default: 1 each.

    Raises:
        ValueError: if the weights do not fit, or a stream lacks a video.
    """
    weights = [1.0] * len(streams) if weights is None else weights
    if len(weights) != len(streams):
        raise ValueError(f"{len(weights)} weights do not fit {len(streams)} score files")
    fused = {}
    for name in streams[0]:
        lacking = [number for number, stream in enumerate(streams, start=1) if name not in stream]
        if lacking:
            raise ValueError(f"score file {lacking[0]} lacks {name}")
        shortest = min(len(stream[name]) for stream in streams)
        parts = [stream[name] for stream in streams]
        parts = [part[(np.arange(shortest) * (len(part) / max(shortest, 1))).astype(int)] for part in parts]
        fused[name] = sum(weight * part for weight, part in zip(weights, parts))
    return fused


def _in_frames(video: DatabaseVideo, proposals: np.ndarray, name: str, num_frames: int) -> VideoProposals:
    """Named in seconds, then turned into frames at the rate that the extracted frames have."""
    record = labelled(name, video.duration, video.instances, video.labels, proposals)
    rate = num_frames / video.duration
    return replace(
        record,
        length=num_frames,
        instances=np.trunc(record.instances * rate),
        proposals=np.trunc(record.proposals * rate),
    )
