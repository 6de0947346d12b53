"""How well proposals cover the instances: recall, and average recall by the number of proposals (AR@AN)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tsn_plugin.ops.intervals import iou_matrix
from tsn_plugin.structures.proposals import VideoProposals

RECALL_THRESHOLDS = (0.5, 0.7, 0.9)
#: of average recall, as the ActivityNet challenge has them
AVERAGE_THRESHOLDS = tuple(np.arange(10, 20) / 20)
_TOLERANCE = 1e-9  # what the steps of the numbers of proposals are rounded by


def best_ious(video: VideoProposals) -> np.ndarray:
    """Highest IoU of each instance of a video with a proposal, ``(G,)``; 0 without proposals."""
    if not len(video.proposals):
        return np.zeros(len(video.instances))
    return iou_matrix(video.instances, video.proposals).max(axis=1)


def instance_recall(videos: Sequence[VideoProposals], thresholds: Sequence[float] = RECALL_THRESHOLDS) -> np.ndarray:
    """Share of all instances that a proposal has a higher IoU with than each threshold, ``(len(thresholds),)``.

    Raises:
        ValueError: if there is no instance.
    """
    ious = np.concatenate([best_ious(video) for video in videos] or [np.zeros(0)])
    if not len(ious):
        raise ValueError("there is no instance in the list: recall needs ground truth")
    return (ious[:, None] > np.asarray(thresholds)).mean(axis=0)


def average_recall(
    videos: Sequence[VideoProposals],
    *,
    max_proposals: int = 100,
    thresholds: Sequence[float] = AVERAGE_THRESHOLDS,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean recall over the thresholds ``(max_proposals,)`` for 1, 2, ... proposals per video on average.

    Each video gives the same share of its proposals, in the order of the list, which TAG writes best first.

    Returns:
        the numbers of proposals per video, and the recalls.

    Raises:
        ValueError: if there is no instance, or no proposal.

    Source: the evaluation of the ActivityNet challenge's proposal task (``average_recall_vs_avg_nr_proposals``).
    """
    annotated = [video for video in videos if len(video.instances)]
    total = sum(len(video.proposals) for video in annotated)
    if not annotated or not total:
        raise ValueError(f"{len(annotated)} videos with instances have {total} proposals: nothing can be measured")
    per_video = np.arange(1, max_proposals + 1)
    shares = per_video * len(annotated) / total
    hits = np.zeros((len(per_video), len(thresholds)))
    for video in annotated:
        if not len(video.proposals):
            continue
        running = np.maximum.accumulate(iou_matrix(video.instances, video.proposals), axis=1)
        taken = np.minimum(np.ceil(shares * len(video.proposals) - _TOLERANCE).astype(int), len(video.proposals))
        best = running[:, taken - 1]  # (instances, numbers of proposals)
        hits += (best[..., None] >= np.asarray(thresholds)).sum(axis=0)
    return per_video, hits.mean(axis=1) / sum(len(video.instances) for video in annotated)
