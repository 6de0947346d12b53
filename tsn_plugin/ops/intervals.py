"""Arithmetic of intervals ``[start, end)``: overlaps, suppression, regression."""

from __future__ import annotations

import numpy as np

_BATCH_CELLS = 1 << 22  # intervals compared at once by batched suppression
_MIN_SOFT_SHARE = 1e-3
SOFT_NMS = ("linear", "gaussian")


def overlaps(first: np.ndarray, second: np.ndarray, *, plus_one: bool = False) -> np.ndarray:
    """Lengths of the intersections of intervals ``(..., 2)``, broadcast over their leading axes.

    Args:
        first: intervals.
        second: intervals.
        plus_one: count positions, the end included, where the original does.
    """
    ends = np.minimum(first[..., 1], second[..., 1])
    return np.maximum(ends - np.maximum(first[..., 0], second[..., 0]) + plus_one, 0)


def interval_iou(first: np.ndarray, second: np.ndarray, *, plus_one: bool = False) -> np.ndarray:
    """IoU of intervals ``(..., 2)``, broadcast over their leading axes; 0 where both have no length.

    Source: SSN ``ops/detection_metrics.py``; ``plus_one``: the suppression in ``ops/sequence_funcs.py``.
    """
    shared = overlaps(first, second, plus_one=plus_one)
    lengths = [each[..., 1] - each[..., 0] + plus_one for each in (first, second)]
    union = lengths[0] + lengths[1] - shared
    return np.divide(shared, union, out=np.zeros(np.shape(union)), where=union > 0)


def iou_matrix(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """IoU ``(N, M)`` of intervals ``(N, 2)`` and ``(M, 2)``."""
    return interval_iou(first[:, None], second[None])


def nms(intervals: np.ndarray, scores: np.ndarray, threshold: float, *, plus_one: bool = False) -> np.ndarray:
    """Indices, best first, of the intervals that no better one overlaps by more than ``threshold`` (IoU).

    Of equal scores the first counts as the best; the original leaves that to an unstable sort.

    Args:
        intervals: ``(N, 2)``.
        scores: ``(N,)``.
        threshold: of the IoU; an interval with just this IoU stays.
        plus_one: as in :func:`overlaps`.

    Source: SSN ``ops/utils.py`` (``temporal_nms``), ``ops/sequence_funcs.py``.
    """
    kept, _ = batched_nms(intervals, scores, np.zeros(len(scores), np.int64), threshold, plus_one=plus_one)
    return kept


def batched_nms(
    intervals: np.ndarray, scores: np.ndarray, groups: np.ndarray, threshold: float, *, plus_one: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`nms` in each of many groups, such as the classes of videos: indices, group by group, and their groups.

    Args:
        intervals: ``(N, 2)``.
        scores: ``(N,)``.
        groups: whole numbers ``(N,)``.
        threshold: as in :func:`nms`.
        plus_one: as in :func:`overlaps`.
    """
    kept = []
    for indices, is_filled in _padded_groups(scores, groups):
        boxes = intervals[indices]
        alive = is_filled.copy()
        for rank in range(indices.shape[1] - 1):
            rows = alive[:, rank]
            later = boxes[rows, rank + 1 :]
            iou = interval_iou(boxes[rows, rank, None], later, plus_one=plus_one)
            alive[rows, rank + 1 :] &= ~(iou > threshold)
        kept.append(indices[alive])
    kept = np.concatenate(kept) if kept else np.zeros(0, np.int64)
    kept = kept[np.argsort(groups[kept], kind="stable")]
    return kept, groups[kept]


def batched_soft_nms(
    intervals: np.ndarray,
    scores: np.ndarray,
    groups: np.ndarray,
    *,
    kind: str = "gaussian",
    sigma: float = 0.5,
    threshold: float = 0.3,
    min_share: float = _MIN_SOFT_SHARE,
) -> tuple[np.ndarray, np.ndarray]:
    """Soft suppression in each of many groups: indices and new scores, best first in each group.

    Each interval loses score for every better one that it overlaps, instead of vanishing.

    Args:
        intervals: ``(N, 2)``.
        scores: ``(N,)``; what is not positive cannot be lowered and is dropped.
        groups: whole numbers ``(N,)``.
        kind: ``'linear'``: times ``1 - IoU`` beyond ``threshold``; ``'gaussian'``: times ``exp(-IoU^2 / sigma)``.
        sigma: of the Gaussian.
        threshold: of the linear form.
        min_share: an interval is dropped when less than this share of its score is left. (Not of the best one's:
            scores with completeness in them span many orders of magnitude, and whole classes would vanish.)

    Raises:
        ValueError: for an unknown ``kind``.

    Source: Bodla et al., Soft-NMS (ICCV 2017), equations 1 to 3.
    """
    if kind not in SOFT_NMS:
        raise ValueError(f"kind={kind!r} is unknown; known: {', '.join(SOFT_NMS)}")
    kept, rescored = [], []
    for indices, is_filled in _padded_groups(scores, groups):
        boxes, limits = intervals[indices], min_share * scores[indices]
        left = np.where(is_filled & (limits > 0), scores[indices], -np.inf)
        rows = np.arange(len(indices))
        while not np.isneginf(left).all():
            best = left.argmax(axis=1)
            value = left[rows, best]
            valid = ~np.isneginf(value)
            kept.append(indices[rows, best][valid])
            rescored.append(value[valid])
            left[rows, best] = -np.inf
            iou = interval_iou(boxes[rows, best][:, None], boxes)
            weight = np.where(iou > threshold, 1 - iou, 1) if kind == "linear" else np.exp(-(iou**2) / sigma)
            np.multiply(left, weight, out=left, where=~np.isneginf(left))  # -inf times 0 would be nan
            left[left < limits] = -np.inf
    if not kept:
        return np.zeros(0, np.int64), np.zeros(0)
    indices, values = np.concatenate(kept), np.concatenate(rescored)
    order = np.argsort(groups[indices], kind="stable")
    return indices[order], values[order]


def _padded_groups(scores: np.ndarray, groups: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Indices ``(groups, longest)``, best scores first, and which places are filled; in parts, to save memory."""
    if not len(scores):
        return []
    order = np.argsort(-scores, kind="stable")
    order = order[np.argsort(groups[order], kind="stable")]
    _, starts, counts = np.unique(groups[order], return_index=True, return_counts=True)
    by_size = np.argsort(counts, kind="stable")
    tables = []
    while len(by_size):
        # the largest group first, with as many of the next smaller ones as fit
        take = max(1, _BATCH_CELLS // int(counts[by_size[-1]]))
        chosen, by_size = by_size[-take:], by_size[:-take]
        places = np.arange(counts[chosen].max())
        is_filled = places < counts[chosen][:, None]
        indices = order[np.where(is_filled, starts[chosen][:, None] + places, 0)]
        tables.append((indices, is_filled))
    return tables


def regression_targets(proposals: np.ndarray, instances: np.ndarray) -> np.ndarray:
    """What moves each proposal onto its instance, ``(..., 2)``: shift of the centre in proposal lengths, log of the
    ratio of lengths.

    Lengths count the last frame, ``end - start + 1``; :func:`apply_regression` does not, as in the original.

    Args:
        proposals: frames, ``(..., 2)``.
        instances: frames, ``(..., 2)``.

    Source: SSN ``ssn_dataset.py`` (``compute_regression_targets``).
    """
    lengths = [each[..., 1] - each[..., 0] + 1 for each in (proposals, instances)]
    shift = (instances.sum(axis=-1) / 2 - proposals.sum(axis=-1) / 2) / lengths[0]
    return np.stack([shift, np.log(lengths[1] / lengths[0])], axis=-1)


def apply_regression(proposals: np.ndarray, regression: np.ndarray) -> np.ndarray:
    """Proposals ``(..., 2)`` moved by ``regression (..., 2)``, cut at 0 and 1.

    Args:
        proposals: shares of the video.
        regression: as :func:`regression_targets` gives it.

    Source: SSN ``eval_detection_results.py``.
    """
    lengths = proposals[..., 1] - proposals[..., 0]
    centres = proposals.sum(axis=-1) / 2 + regression[..., 0] * lengths
    half = lengths * np.exp(regression[..., 1]) / 2
    return np.clip(np.stack([centres - half, centres + half], axis=-1), 0, 1)
