"""From scores of views to scores of videos, as the original aggregates them. View scores are ``(T, crops, K)``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

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


#: ways to aggregate the views ``(T, crops, K)`` of a video, by name
AGGREGATIONS = {
    "mean": aggregate_views,
    "max": partial(aggregate_views, crops="max"),
    "windows": aggregate_windows,
}


def reaggregate(scores: ClassScores, *, crops: str, num_crops: int | None = None) -> ClassScores:
    """``scores`` made anew from their view scores.

    Args:
        scores: with ``view_scores``.
        crops: ``'mean'`` or ``'max'`` over crops, then the mean over frames; or ``'windows'``, sliding windows over
            one frame per second.
        num_crops: crops of each frame, where ``scores`` do not know it.

    Raises:
        ValueError: for another ``crops``, or if view scores or the number of crops are missing.
    """
    if crops not in AGGREGATIONS:
        raise ValueError(f"crops={crops!r} is unknown; known: {', '.join(AGGREGATIONS)}")
    if scores.view_scores is None:
        raise ValueError("there are no scores of single views: test with DumpScores(keep_view_scores=True) into .npz")
    num_crops = scores.num_crops or num_crops
    if num_crops is None:
        raise ValueError("it is not known how many crops each frame has; give num_crops (--num-crops)")
    checked = replace(scores, num_crops=num_crops, are_probabilities=False)
    videos = [AGGREGATIONS[crops](frame_major(views, num_crops)) for views in checked.view_scores]
    return replace(checked, scores=np.stack(videos))


def crop_major(view_scores: np.ndarray) -> np.ndarray:
    """``(T, crops, K)`` as ``(crops * T, K)``, in the order of test views."""
    return view_scores.transpose(1, 0, 2).reshape(-1, view_scores.shape[-1])


def frame_major(view_scores: np.ndarray, num_crops: int) -> np.ndarray:
    """``(crops * T, K)``, in the order of test views, as ``(T, crops, K)`` without frames that only fill up."""
    frames = view_scores.reshape(num_crops, -1, view_scores.shape[-1]).transpose(1, 0, 2)
    return frames[~np.isnan(frames).all(axis=(1, 2))]


def stack_views(view_scores: Sequence[np.ndarray], num_crops: int | None) -> np.ndarray:
    """View scores of all videos, ``(B, V, K)``; frames of NaN fill up the shorter videos.

    Args:
        view_scores: ``(crops * T, K)`` of each video, in the order of test views; ``T`` may differ.
        num_crops: crops of each frame; videos of one length do without.

    Raises:
        ValueError: if videos of different lengths have no known number of crops, or not this one.
    """
    counts = sorted({len(views) for views in view_scores})
    if len(counts) == 1:
        return np.stack(view_scores)
    if num_crops is None or any(count % num_crops for count in counts):
        raise ValueError(
            f"videos have from {counts[0]} to {counts[-1]} views, and num_crops={num_crops} does not tell how many of "
            "them a frame has: test with crops made on the device (on_device=True)"
        )
    longest = counts[-1] // num_crops
    stacked = np.full((len(view_scores), num_crops, longest, view_scores[0].shape[-1]), np.nan, view_scores[0].dtype)
    for filled, views in zip(stacked, view_scores):
        filled[:, : len(views) // num_crops] = views.reshape(num_crops, -1, views.shape[-1])
    return stacked.reshape(len(view_scores), counts[-1], -1)


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
