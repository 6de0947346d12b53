"""From scores of views to scores of videos, as the original aggregates them. View scores are ``(T, crops, K)``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from tsn_plugin.ops.consensus import WINDOW_SECONDS, sliding_window_consensus
from tsn_plugin.structures.scores import ClassScores


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

    Of fewer than ``k`` frames all are taken.

    Raises:
        ValueError: for a ``k`` below 1, or another shape than ``(T, crops, K)``.

    Source: Caffe TSN ``video_funcs.py``, ``top_k_aggregation``.
    """
    return _mean_of_highest(_over_crops(view_scores, "mean"), k)


def aggregate_windows(
    view_scores: np.ndarray, *, fps: float = 1, overlap: float = 0.2, seconds: tuple[float, ...] = WINDOW_SECONDS
) -> np.ndarray:
    """Video scores ``(K,)`` of untrimmed video; see :func:`tsn_plugin.ops.consensus.sliding_window_consensus`.

    Args:
        view_scores: ``(T, crops, K)``; the maximum over crops is taken.
        fps: scored frames per second.
        overlap: of neighbouring windows, as a share of their length.
        seconds: lengths of the windows.

    Raises:
        ValueError: for a window shorter than one frame, an ``overlap`` outside ``[0, 1)`` or another shape.
    """
    frames = torch.from_numpy(_over_crops(view_scores, "max"))
    return sliding_window_consensus(frames[None], fps=fps, overlap=overlap, seconds=seconds)[0].numpy()


def reaggregate(scores: ClassScores, *, crops: str, num_crops: int | None = None) -> ClassScores:
    """``scores`` made anew from their view scores: mean or max over crops, then mean over frames.

    Args:
        scores: with ``view_scores``.
        crops: ``'mean'`` or ``'max'``.
        num_crops: crops of each frame, where ``scores`` do not know it.

    Raises:
        ValueError: if view scores or the number of crops are missing.
    """
    if scores.view_scores is None:
        raise ValueError("there are no scores of single views: test with DumpScores(keep_view_scores=True) into .npz")
    num_crops = scores.num_crops or num_crops
    if num_crops is None:
        raise ValueError("it is not known how many crops each frame has; give num_crops (--num-crops)")
    checked = replace(scores, num_crops=num_crops, are_probabilities=False)
    videos = [aggregate_views(frame_major(views, num_crops), crops=crops) for views in checked.view_scores]
    return replace(checked, scores=np.stack(videos))


def crop_major(view_scores: np.ndarray) -> np.ndarray:
    """``(T, crops, K)`` as ``(crops * T, K)``, in the order of test views."""
    return view_scores.transpose(1, 0, 2).reshape(-1, view_scores.shape[-1])


def frame_major(view_scores: np.ndarray, num_crops: int) -> np.ndarray:
    """``(crops * T, K)``, in the order of test views, as ``(T, crops, K)``."""
    return view_scores.reshape(num_crops, -1, view_scores.shape[-1]).transpose(1, 0, 2)


def _over_crops(view_scores: np.ndarray, crops: str) -> np.ndarray:
    view_scores = np.asarray(view_scores)
    if view_scores.ndim != 3:
        raise ValueError(f"view_scores must have the shape (frames, crops, classes), not {view_scores.shape}")
    if crops not in ("mean", "max"):
        raise ValueError(f"crops={crops!r} is unknown; known: mean, max")
    return getattr(view_scores, crops)(axis=1)


def _mean_of_highest(scores: np.ndarray, k: int) -> np.ndarray:
    if k < 1:
        raise ValueError(f"k={k} must be 1 or more")
    return np.sort(scores, axis=0)[-k:].mean(axis=0)
