"""Metrics as functions on arrays. Scores are ``(B, K)``, labels ``(B,)`` or, for several per video, 0/1 ``(B, K)``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def softmax(scores: ArrayLike, *, temperature: float = 1.0) -> np.ndarray:
    """Probabilities ``(..., K)`` of ``scores * temperature`` (the original multiplies, ``metrics.py``)."""
    scaled = np.asarray(scores, dtype=np.float64) * temperature
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def top_k_accuracy(scores: ArrayLike, labels: ArrayLike, topk: Sequence[int] = (1, 5)) -> list[float]:
    """Share of videos with a true class among their ``k`` highest scores, one value per ``k``.

    Of equal scores the class with the higher index counts as the higher one, as in MMAction2. ``k`` beyond the number
    of classes is always right.

    >>> top_k_accuracy([[0.1, 0.9, 0.0], [0.5, 0.3, 0.2]], [1, 2], topk=(1, 3))
    [0.5, 1.0]
    """
    scores, truth = _check(scores, labels)
    order = np.argsort(scores, axis=1)[:, ::-1]
    hits = np.take_along_axis(truth, order, axis=1)
    return [float(hits[:, :k].any(axis=1).mean()) for k in topk]


def confusion_matrix(predicted: ArrayLike, labels: ArrayLike, num_classes: int) -> np.ndarray:
    """Counts ``(K, K)``: rows are true classes, columns predicted ones.

    Raises:
        ValueError: if a class is outside ``0 .. num_classes - 1``.
    """
    predicted, labels = np.asarray(predicted, dtype=np.int64), np.asarray(labels, dtype=np.int64)
    for what, values in (("predicted", predicted), ("labels", labels)):
        if values.size and not 0 <= values.min() <= values.max() < num_classes:
            raise ValueError(f"{what} holds class {values.max()}, but there are {num_classes} classes")
    flat = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return flat.reshape(num_classes, num_classes)


def per_class_accuracy(scores: ArrayLike, labels: ArrayLike) -> np.ndarray:
    """Share of each class's videos that are recognised, ``(K,)``; NaN for a class without videos."""
    scores, _ = _check(scores, labels)
    matrix = confusion_matrix(scores.argmax(axis=1), labels, scores.shape[1])
    totals = matrix.sum(axis=1)
    return np.divide(np.diag(matrix), totals, out=np.full(len(matrix), np.nan), where=totals > 0)


def mean_class_accuracy(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean over classes of the share of their videos recognised; classes without videos do not count.

    The original divides by zero for a class that is only predicted (``metrics.py``).

    >>> mean_class_accuracy([[2, 1], [2, 1], [1, 2]], [0, 1, 1])
    0.75
    """
    return float(np.nanmean(per_class_accuracy(scores, labels)))


def mean_average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean over classes of the average precision (macro); classes without videos do not count."""
    scores, truth = _check(scores, labels)
    used = truth.any(axis=0)
    return float(np.mean([_average_precision(s, t) for s, t in zip(scores.T[used], truth.T[used])]))


def mmit_mean_average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean over videos of the average precision of their classes (Multi-Moments in Time)."""
    scores, truth = _check(scores, labels)
    used = truth.any(axis=1)
    return float(np.mean([_average_precision(s, t) for s, t in zip(scores[used], truth[used])]))


def _average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the precision-recall steps; entries of equal score are taken together."""
    order = np.argsort(-scores, kind="stable")
    hits, ordered = np.cumsum(truth[order]), scores[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    precision = hits[ends] / (ends + 1)
    return float(np.sum(precision * np.diff(hits[ends], prepend=0)) / truth.sum())


def _check(scores: ArrayLike, labels: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Scores as float64 and the truth as bool, both ``(B, K)``.

    Raises:
        ValueError: for scores that are no finite matrix, or labels that do not fit them.
    """
    scores, labels = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    if scores.ndim != 2 or not scores.size:
        raise ValueError(f"scores must have the shape (videos, classes) and not be empty, got {scores.shape}")
    if len(scores) != len(labels):
        raise ValueError(f"{len(scores)} scores and {len(labels)} labels do not belong together")
    bad = ~np.isfinite(scores).all(axis=1)
    if bad.any():
        raise ValueError(f"the scores of video {np.flatnonzero(bad)[0]} and {bad.sum() - 1} others are not finite")
    if labels.ndim == 2:
        return scores, labels.astype(bool)
    if labels.min() < 0 or labels.max() >= scores.shape[1]:
        raise ValueError(
            f"label {labels[(labels < 0) | (labels >= scores.shape[1])][0]} is no class of {scores.shape[1]}"
        )
    return scores, labels[:, None] == np.arange(scores.shape[1])
