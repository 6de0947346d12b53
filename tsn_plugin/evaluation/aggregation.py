"""From scores of views to scores of videos, as the original aggregates them. View scores are ``(T, crops, K)``."""

from __future__ import annotations

import numpy as np

#: Lengths of the sliding windows in seconds (ActivityNet challenge 2016).
WINDOW_SECONDS = (1, 2, 4, 8, 16)


def aggregate_views(view_scores: np.ndarray, *, crops: str = "mean") -> np.ndarray:
    """Video scores ``(K,)``: mean or max over crops, then mean over frames.

    Args:
        view_scores: ``(T, crops, K)``.
        crops: ``'mean'`` or ``'max'``.

    Raises:
        ValueError: for another ``crops`` or shape.

    Source: Caffe TSN ``video_funcs.py``, ``default_aggregation``.
    """
    return _over_crops(view_scores, crops).mean(axis=0)


def aggregate_top_k(view_scores: np.ndarray, k: int) -> np.ndarray:
    """Video scores ``(K,)``: for each class the mean of its ``k`` highest frames, after the mean over crops.

    Source: Caffe TSN ``video_funcs.py``, ``top_k_aggregation``.
    """
    return _mean_of_highest(_over_crops(view_scores, "mean"), k)


def aggregate_windows(
    view_scores: np.ndarray, *, fps: float = 1, overlap: float = 0.2, seconds: tuple[int, ...] = WINDOW_SECONDS
) -> np.ndarray:
    """Video scores ``(K,)`` of untrimmed video: max inside windows, mean of the best windows, mean over window lengths.

    The best are ``max(15, windows // 4)`` for each class; a window may be cut off at the end of the video. Meant for
    untrimmed video: on UCF101 it is worse than the mean.

    Args:
        view_scores: ``(T, crops, K)``; the maximum over crops is taken.
        fps: scored frames per second.
        overlap: of neighbouring windows, as a share of their length.
        seconds: lengths of the windows.

    Source: Caffe TSN ``video_funcs.py``, ``sliding_window_aggregation``.
    """
    frames = _over_crops(view_scores, "max")
    per_length = []
    for length in seconds:
        span = int(length * fps)
        step = int(np.ceil(span * (1 - overlap)))
        windows = np.stack([frames[start : start + span].max(axis=0) for start in range(0, len(frames), step)])
        per_length.append(_mean_of_highest(windows, max(15, len(windows) // 4)))
    return np.mean(per_length, axis=0)


def _over_crops(view_scores: np.ndarray, crops: str) -> np.ndarray:
    view_scores = np.asarray(view_scores)
    if view_scores.ndim != 3:
        raise ValueError(f"view_scores must have the shape (frames, crops, classes), not {view_scores.shape}")
    if crops not in ("mean", "max"):
        raise ValueError(f"crops={crops!r} is unknown; known: mean, max")
    return getattr(view_scores, crops)(axis=1)


def _mean_of_highest(scores: np.ndarray, k: int) -> np.ndarray:
    return np.sort(scores, axis=0)[-k:].mean(axis=0)
