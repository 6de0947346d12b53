"""The losses of SSN that no library has."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def completeness_loss(
    scores: Tensor, labels: Tensor, *, num_positive: int, num_incomplete: int, keep_ratio: float = 0.17
) -> Tensor:
    """Hinge loss of the completeness of each proposal's own class, with the hardest incomplete ones only.

    The sum over all complete proposals, and over the ``int(num_incomplete * keep_ratio)`` incomplete ones of each video
    that lose most, divided by the number of the former plus ``int(B * num_incomplete * keep_ratio)``. The latter is
    not the number of summands for 50 videos and more.

    Args:
        scores: video after video, first its complete, then its incomplete proposals:
            ``(B * (num_positive + num_incomplete), K)``.
        labels: from 0 on, one per row.
        num_positive: complete proposals per video.
        num_incomplete: incomplete ones per video.
        keep_ratio: share of the incomplete ones to learn from.

    Raises:
        ValueError: if the rows do not fill whole videos.

    Source: Zhao et al. 2017, section 3.3 (online hard example mining); SSN ``ops/ssn_ops.py`` (``CompletenessLoss``).
    """
    per_video = num_positive + num_incomplete
    if len(scores) % per_video:
        raise ValueError(f"{len(scores)} proposals do not fill videos of {per_video}")
    own = scores.gather(1, labels[:, None]).view(-1, per_video)
    positive, incomplete = own[:, :num_positive], own[:, num_positive:]
    num_kept = int(num_incomplete * keep_ratio)
    hardest = F.relu(1 + incomplete).topk(num_kept, dim=1).values if num_kept else incomplete[:, :0]
    divisor = positive.numel() + int(incomplete.numel() * keep_ratio)
    return (F.relu(1 - positive).sum() + hardest.sum()) / divisor


def class_regression_loss(regression: Tensor, labels: Tensor, targets: Tensor) -> Tensor:
    """Twice the mean smooth L1 loss of the own class's regression, as the original has it.

    Args:
        regression: ``(N, K, 2)``.
        labels: from 0 on, ``(N,)``.
        targets: normalised, ``(N, 2)``.

    Source: SSN ``ops/ssn_ops.py`` (``ClassWiseRegressionLoss``).
    """
    own = regression[torch.arange(len(labels), device=labels.device), labels]
    return F.smooth_l1_loss(own, targets) * 2
