"""Consensus functions: view scores ``(B, V, K)`` to video scores ``(B, K)``, before softmax.

Source: Wang et al. 2016, section 3.2, and its journal version (TPAMI 2018), section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

#: Lengths of the sliding windows in seconds (ActivityNet challenge 2016).
WINDOW_SECONDS = (1, 2, 4, 8, 16)
#: The best of the windows are this many, or a quarter of them if that is more.
FEWEST_BEST, BEST_SHARE = 15, 4


def average_consensus(scores: Tensor) -> Tensor:
    """Mean over the views of ``(B, V, K)``: ``(B, K)``. Each view receives ``1 / V`` of the gradient."""
    return scores.mean(dim=1)


def max_consensus(scores: Tensor) -> Tensor:
    """Highest score of each class over the views of ``(B, V, K)``: ``(B, K)``.

    The gradient of a class reaches only the view that won it.
    """
    return scores.max(dim=1).values


def top_k_consensus(scores: Tensor, k: int) -> Tensor:
    """Mean of each class's ``k`` highest scores over the views of ``(B, V, K)``: ``(B, K)``.

    Raises:
        ValueError: if there are fewer than ``k`` views.
    """
    if not 1 <= k <= scores.shape[1]:
        raise ValueError(f"k={k} must lie between 1 and the number of views, here {scores.shape[1]}")
    return scores.topk(k, dim=1, sorted=False).values.mean(dim=1)


def weighted_consensus(scores: Tensor, weights: Tensor) -> Tensor:
    """Weighted sum over the views of ``(B, V, K)``: ``(B, K)``.

    ``weights`` are ``(V,)``, or ``(B, V)`` with weights of its own for every video.
    """
    return (scores * weights.unsqueeze(-1)).sum(dim=1)


def average_probability_consensus(scores: Tensor) -> Tensor:
    """Logarithm of the mean of the views' probabilities, ``(B, V, K)`` to ``(B, K)``.

    The softmax of the result is that mean, and its cross-entropy the negative log-likelihood of the mean, so that
    the result can be used wherever scores before softmax are expected.
    """
    return scores.log_softmax(dim=-1).logsumexp(dim=1) - math.log(scores.shape[1])


def sliding_window_consensus(
    frame_scores: Tensor, *, fps: float = 1, overlap: float = 0.2, seconds: Sequence[float] = WINDOW_SECONDS
) -> Tensor:
    """Scores of untrimmed videos, ``(B, T, K)`` to ``(B, K)``: where an action shows counts, not how long it lasts.

    Highest score inside each window, mean over the best ``max(15, windows // 4)`` windows for each class, mean over the
    lengths of windows. A window may be cut off at the end of the video; of fewer than 15 windows all are taken. Meant
    for untrimmed video: on UCF101 it is worse than the mean.

    Args:
        frame_scores: of frames at equal distances.
        fps: of these frames, per second.
        overlap: of neighbouring windows, as a share of their length.
        seconds: lengths of the windows.

    Raises:
        ValueError: for a window shorter than one frame, or an ``overlap`` outside ``[0, 1)``.

    Source: Caffe TSN ``video_funcs.py``, ``sliding_window_aggregation``; TPAMI 2018 (M-TSN).
    """
    if not 0 <= overlap < 1 or min(seconds) * fps < 1:
        raise ValueError(f"overlap={overlap} must be in [0, 1), and fps={fps} at least 1 / {min(seconds)}")
    per_length = []
    for length in seconds:
        span = int(length * fps)
        starts = range(0, frame_scores.shape[1], math.ceil(span * (1 - overlap)))
        windows = torch.stack([frame_scores[:, start : start + span].amax(dim=1) for start in starts], dim=1)
        best = min(max(FEWEST_BEST, len(starts) // BEST_SHARE), len(starts))
        per_length.append(windows.topk(best, dim=1).values.mean(dim=1))
    return torch.stack(per_length).mean(dim=0)
