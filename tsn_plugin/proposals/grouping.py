"""Temporal actionness grouping (TAG): proposals out of the actionness of a video's ticks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.special import softmax

from tsn_plugin.ops.intervals import nms

THRESHOLDS = (0.01, 0.05, 0.1, 0.15, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
TOLERANCES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
SIGMA = 3
NMS_THRESHOLD = 0.9


def smoothed_actionness(scores: np.ndarray, *, sigma: float = SIGMA) -> np.ndarray:
    """Probability of action per tick, ``(T,)``, of scores before softmax ``(T, 2)`` (background, action)."""
    return (
        gaussian_filter(softmax(np.asarray(scores, np.float64), axis=1)[:, 1], sigma=sigma)
        if len(scores)
        else np.zeros(0)
    )


def group_ticks(
    scores: np.ndarray,
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    tolerances: Sequence[float] = TOLERANCES,
    sigma: float = SIGMA,
    nms_threshold: float = NMS_THRESHOLD,
) -> tuple[np.ndarray, np.ndarray]:
    """Proposals in ticks ``(P, 2)`` and their scores ``(P,)``, best first.

    The end is one tick behind the last one of the group's last run, so that it may be ``T + 1``. A score is the sum
    of the action scores before softmax of the ticks inside; it serves the suppression only.

    Args:
        scores: of the ticks before softmax, ``(T, 2)`` (background, action).
        thresholds: of the smoothed probability of action.
        tolerances: share of ticks without action that a group may gather.
        sigma: of the smoothing, in ticks.
        nms_threshold: of the IoU, with lengths that count both ends.

    Source: Zhao et al. 2017, section 5 (TAG); SSN ``gen_bottom_up_proposals.py``, ``ops/sequence_funcs.py``
        (``build_box_by_search``).
    """
    smooth = smoothed_actionness(scores, sigma=sigma)
    boxes, box_scores = [], []
    for threshold in thresholds:
        found = search_groups(smooth > threshold, np.asarray(scores, np.float64)[:, 1], tolerances)
        boxes.append(found[0])
        box_scores.append(found[1])
    boxes, box_scores = np.concatenate(boxes), np.concatenate(box_scores)
    kept = nms(boxes, box_scores, nms_threshold, plus_one=True)
    return boxes[kept], box_scores[kept]


def search_groups(
    is_action: np.ndarray, scores: np.ndarray, tolerances: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """All groups of runs of action ticks, ``(N, 2)`` and scores ``(N,)``, for each tolerance in turn.

    A group grows from each run forwards, and from each run backwards, as long as the share of ticks without action
    stays within the tolerance.

    Args:
        is_action: ``(T,)``.
        scores: of the ticks, ``(T,)``.
        tolerances: shares.
    """
    is_action = np.asarray(is_action, bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_action, [False]]).astype(np.int8)))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return np.zeros((0, 2), np.int64), np.zeros(0)
    without_action = np.cumsum(~is_action)
    sums = np.concatenate([[0], np.cumsum(scores)])
    boxes, box_scores = [], []
    for tolerance in tolerances:
        excess = without_action - tolerance * np.arange(len(is_action))
        forwards = _forwards(starts, ends, excess)
        backwards, from_start = _backwards(starts, ends, excess, tolerance)
        for found, is_from_start in ((forwards, np.zeros(len(starts), bool)), (backwards, from_start)):
            # a backward group that reaches the first run is scored from tick 0 to one tick behind its end
            first = np.where(is_from_start, 0, found[:, 0])
            last = np.minimum(found[:, 1] + is_from_start, len(is_action))
            boxes.append(found)
            box_scores.append(sums[last] - sums[first])
    return np.concatenate(boxes), np.concatenate(box_scores)


def _forwards(starts: np.ndarray, ends: np.ndarray, excess: np.ndarray) -> np.ndarray:
    """Groups from each start up to the run before the first later start with a higher excess."""
    level = excess[starts]
    later_and_higher = np.triu(level[None] > level[:, None], k=1)
    stop = np.where(later_and_higher.any(axis=1), later_and_higher.argmax(axis=1), len(starts))
    return np.stack([starts, ends[stop - 1] + 1], axis=1)


def _backwards(
    starts: np.ndarray, ends: np.ndarray, excess: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Groups to each end, last end first, and which of them reach the first run."""
    level = np.where(ends < len(excess), excess[np.minimum(ends, len(excess) - 1)], excess[-1] - tolerance)
    earlier_and_lower = np.tril(level[None] < level[:, None], k=-1)[::-1]
    reaches_first = ~earlier_and_lower.any(axis=1)
    last_such = len(ends) - 1 - earlier_and_lower[:, ::-1].argmax(axis=1)
    first_run = np.where(reaches_first, 0, last_such + 1)
    return np.stack([starts[np.minimum(first_run, len(starts) - 1)], ends[::-1] + 1], axis=1), reaches_first
