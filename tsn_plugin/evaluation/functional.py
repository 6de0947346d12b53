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

    Of equal scores the class with the higher index counts as the higher one. ``k`` beyond the number of classes is
    always right.

    Raises:
        ValueError: for a ``k`` below 1, or scores and labels that do not fit each other.

    >>> top_k_accuracy([[0.1, 0.9, 0.0], [0.5, 0.3, 0.2]], [1, 2], topk=(1, 3))
    [0.5, 1.0]
    """
    if min(topk) < 1:
        raise ValueError(f"topk={tuple(topk)} must be numbers from 1 on")
    scores, truth = _check(scores, labels)
    order = np.argsort(scores, axis=1, kind="stable")[:, ::-1]
    hits = np.take_along_axis(truth, order, axis=1)
    return [float(hits[:, :k].any(axis=1).mean()) for k in topk]


def confusion_matrix(predicted: ArrayLike, labels: ArrayLike, num_classes: int) -> np.ndarray:
    """Counts ``(K, K)``: rows are true classes, columns predicted ones.

    Raises:
        ValueError: if a class is outside ``0 .. num_classes - 1``, or the two are not of the same length.
    """
    predicted, labels = np.asarray(predicted, dtype=np.int64), np.asarray(labels, dtype=np.int64)
    if predicted.ndim != 1 or predicted.shape != labels.shape:
        raise ValueError(f"predicted {predicted.shape} and labels {labels.shape} must be one class for each video")
    for what, values in (("predicted", predicted), ("labels", labels)):
        outside = values[(values < 0) | (values >= num_classes)]
        if len(outside):
            raise ValueError(f"{what} holds class {outside[0]}, but there are {num_classes} classes")
    flat = np.bincount(labels * num_classes + predicted, minlength=num_classes**2)
    return flat.reshape(num_classes, num_classes)


def per_class_accuracy(scores: ArrayLike, labels: ArrayLike) -> np.ndarray:
    """Share of each class's videos that are recognised, ``(K,)``; NaN for a class without videos.

    Of equal scores the class with the lower index is the predicted one, other than in :func:`top_k_accuracy`: so do
    MMAction2 and the original, with which both agree.

    Raises:
        ValueError: for several labels per video, or scores and labels that do not fit each other.
    """
    scores, _ = _check(scores, labels)
    if np.ndim(labels) == 2:
        raise ValueError("accuracy per class needs one label per video; use mean_average_precision for several")
    matrix = confusion_matrix(scores.argmax(axis=1), labels, scores.shape[1])
    totals = matrix.sum(axis=1)
    return np.divide(np.diag(matrix), totals, out=np.full(len(matrix), np.nan), where=totals > 0)


def mean_class_accuracy(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean over classes of the share of their videos recognised; classes without videos do not count.

    A class that is only predicted does not count either; MMAction2 counts it as 0, the original divides by zero for it
    (``metrics.py``). If every class has a video, as in the official splits, all three agree.

    Raises:
        ValueError: for several labels per video, or scores and labels that do not fit each other.

    >>> mean_class_accuracy([[2, 1], [2, 1], [1, 2]], [0, 1, 1])
    0.75
    """
    return float(np.nanmean(per_class_accuracy(scores, labels)))


def mean_average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean over classes of the average precision (macro); classes without videos do not count.

    Raises:
        ValueError: if no video has a label, or scores and labels do not fit each other.
    """
    scores, truth = _check(scores, labels)
    return _mean_over_rows(scores.T, truth.T)


def mmit_mean_average_precision(scores: ArrayLike, labels: ArrayLike) -> float:
    """Mean over videos of the average precision of their classes (Multi-Moments in Time).

    Raises:
        ValueError: if no video has a label, or scores and labels do not fit each other.
    """
    return _mean_over_rows(*_check(scores, labels))


def _mean_over_rows(scores: np.ndarray, truth: np.ndarray) -> float:
    used = truth.any(axis=1)
    if not used.any():
        raise ValueError("no video has a label, so that there is no average precision")
    return float(np.mean([_average_precision(s, t) for s, t in zip(scores[used], truth[used])]))


def _average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the precision-recall steps; entries of equal score are taken together."""
    order = np.argsort(-scores, kind="stable")
    hits, ordered = np.cumsum(truth[order]), scores[order]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    precision = hits[ends] / (ends + 1)
    return float(np.sum(precision * np.diff(hits[ends], prepend=0)) / truth.sum())


def stack_labels(labels: Sequence[np.ndarray], num_classes: int) -> np.ndarray:
    """Labels of single videos as ``(B,)`` if each has one, or as 0/1 ``(B, K)`` if each has a value per class.

    Raises:
        ValueError: for labels of other lengths.
    """
    lengths = sorted({len(label) for label in labels})
    if lengths == [1]:
        return np.concatenate(labels)
    if lengths == [num_classes]:
        return np.stack(labels)
    raise ValueError(
        f"videos have {lengths} labels, but need one class index, or 0/1 for each of {num_classes} classes: set "
        "multi_class=True and num_classes in the dataset"
    )


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
    if labels.ndim == 1:
        outside = labels[(labels < 0) | (labels >= scores.shape[1])]
        if len(outside):
            raise ValueError(f"label {outside[0]} is no class of {scores.shape[1]}")
        return scores, labels[:, None] == np.arange(scores.shape[1])
    if labels.shape != scores.shape or not np.isin(labels, (0, 1)).all():
        raise ValueError(f"several labels per video must be 0/1 of the shape {scores.shape}, got {labels.shape}")
    return scores, labels.astype(bool)
