"""Consensus functions: view scores ``(B, V, K)`` to video scores ``(B, K)``, before softmax.

Source: Wang et al. 2016, section 3.2, and its journal version (TPAMI 2018), section 3.3.
"""

from __future__ import annotations

import math

from torch import Tensor


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
