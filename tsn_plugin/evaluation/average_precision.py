"""Average precision of detections in untrimmed videos, for all thresholds in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsn_plugin.ops.intervals import interval_iou
from tsn_plugin.structures.proposals import Detections

#: of the IoU, by protocol
TIOU_THRESHOLDS = {
    "thumos14": tuple(np.arange(1, 10) / 10),
    "activitynet": tuple(np.arange(10, 20) / 20),
}


@dataclass(frozen=True)
class Instances:
    """Ground truth of any number of videos.

    Attributes:
        videos: index of the video, ``(G,)``.
        labels: class from 0 on, ``(G,)``.
        intervals: ``(G, 2)``, in the unit of the detections.
    """

    videos: np.ndarray
    labels: np.ndarray
    intervals: np.ndarray


def interpolated_average_precision(precision: np.ndarray, recall: np.ndarray) -> np.ndarray:
    """Area under precision over recall, each point raised to the best precision at a higher recall.

    Args:
        precision: ``(..., N)``.
        recall: ``(..., N)``.

    Source: the ActivityNet toolkit's ``interpolated_prec_rec`` (VOC 2011).
    """
    zeros, ones = np.zeros((*precision.shape[:-1], 1)), np.ones((*precision.shape[:-1], 1))
    precision = np.concatenate([zeros, precision, zeros], axis=-1)
    recall = np.concatenate([zeros, recall, ones], axis=-1)
    envelope = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]
    return (np.diff(recall, axis=-1) * envelope[..., 1:]).sum(axis=-1)


def average_precision(truth: Instances, found: Detections, thresholds: Sequence[float]) -> np.ndarray:
    """Average precision of detections of one class at each threshold, ``(len(thresholds),)``.

    The best detections choose first: each takes, of the instances of its video that are free, the one with the highest
    IoU, if that is at least the threshold. 0 where there are no detections; nan where there are no instances.

    Args:
        truth: instances of the class.
        found: detections of the class.
        thresholds: of the IoU.

    Source: the ActivityNet toolkit's ``compute_average_precision_detection``.
    """
    if not len(truth.videos):
        return np.full(len(thresholds), np.nan)
    if not len(found):
        return np.zeros(len(thresholds))
    found = found[np.argsort(-found.scores, kind="stable")]
    right = match_detections(truth, found, thresholds)
    true_positives = np.cumsum(right, axis=1)
    precision = true_positives / np.arange(1, len(found) + 1)
    return interpolated_average_precision(precision, true_positives / len(truth.videos))


def match_detections(truth: Instances, found: Detections, thresholds: Sequence[float]) -> np.ndarray:
    """Which detections, best first, are right at each threshold: bool ``(len(thresholds), N)``.

    Videos do not influence each other: the first detections of all videos are matched at once, then the second ones.
    """
    limits = np.asarray(thresholds, np.float64)
    right = np.zeros((len(limits), len(found)), bool)
    names, truth_video = np.unique(truth.videos, return_inverse=True)
    rank_in_video, video = _ranks(names, found.videos)
    boxes, is_box = _padded(truth.intervals, truth_video, len(names))
    is_free = np.repeat(is_box[:, None], len(limits), axis=1)  # (videos, thresholds, instances)
    order = np.argsort(rank_in_video, kind="stable")
    order = order[rank_in_video[order] >= 0]
    for chosen in np.split(order, np.flatnonzero(np.diff(rank_in_video[order])) + 1):
        if not len(chosen):
            continue
        where = video[chosen]
        iou = interval_iou(found.intervals[chosen, None], boxes[where])
        candidates = np.where(is_free[where] & (iou[:, None] >= limits[:, None]), iou[:, None], -1)
        last_best = candidates.shape[2] - 1 - candidates[..., ::-1].argmax(axis=2)
        is_hit = candidates.max(axis=2) >= 0
        right[:, chosen] = is_hit.T
        rows, levels = np.nonzero(is_hit)
        is_free[where[rows], levels, last_best[rows, levels]] = False
    return right


def mean_average_precision(
    truth: Instances, found: Detections, thresholds: Sequence[float], num_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the classes that have instances ``(thresholds,)``, and each class's average precision.

    The latter has the shape ``(num_classes, thresholds)`` and is nan for classes without instances, which the original
    counts as 0, or as nan if there are detections of them.

    Raises:
        ValueError: if there is no instance at all.
    """
    if not len(truth.videos):
        raise ValueError("there is no instance in the list: nothing can be evaluated")
    per_class = np.full((num_classes, len(thresholds)), np.nan)
    for label in range(num_classes):
        members = truth.labels == label
        if members.any():
            own = Instances(truth.videos[members], truth.labels[members], truth.intervals[members])
            per_class[label] = average_precision(own, found[found.labels == label], thresholds)
    return np.nanmean(per_class, axis=0), per_class


def _ranks(names: np.ndarray, videos: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each detection its rank within its video, and the number of the video; -1 for a video without instances."""
    place = np.searchsorted(names, videos).clip(max=len(names) - 1)
    is_known = names[place] == videos
    order = np.argsort(place, kind="stable")
    ranks = np.full(len(videos), -1)
    known = order[is_known[order]]
    _, first, counts = np.unique(place[known], return_index=True, return_counts=True)
    ranks[known] = np.arange(len(known)) - np.repeat(first, counts)
    return ranks, np.where(is_known, place, -1)


def _padded(intervals: np.ndarray, groups: np.ndarray, num_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Intervals ``(groups, longest, 2)`` and which of them are there."""
    counts = np.bincount(groups, minlength=num_groups)
    order = np.argsort(groups, kind="stable")
    places = np.arange(len(groups)) - np.repeat(np.cumsum(counts) - counts, counts)
    boxes = np.zeros((num_groups, counts.max(initial=1), 2))
    is_there = np.zeros(boxes.shape[:2], bool)
    boxes[groups[order], places], is_there[groups[order], places] = intervals[order], True
    return boxes, is_there
