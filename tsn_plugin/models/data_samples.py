"""Labels into and predictions out of MMAction2's data samples, whose fields are named otherwise in 1.1 and 1.2.

MMAction2 1.2 keeps tensors in ``gt_label``, ``pred_score`` and ``pred_label``; 1.1 keeps ``LabelData`` objects in
``gt_labels``, ``pred_scores`` and ``pred_labels``. Metrics of this package read the names of 1.2.
"""

from __future__ import annotations

from mmaction.structures import ActionDataSample
from torch import Tensor


def ground_truth(sample: ActionDataSample) -> Tensor:
    """The label of one video: class index ``(1,)``, or one value per class ``(K,)``."""
    return sample.gt_label if hasattr(sample, "gt_label") else sample.gt_labels.item


def set_prediction(sample: ActionDataSample, *, score: Tensor, label: Tensor) -> None:
    """Store a video's score ``(K,)`` and predicted class ``(1,)``, under the names of 1.2 and the installed ones."""
    sample.set_pred_score(score)
    sample.set_pred_label(label)
    if not hasattr(sample, "pred_score"):
        sample.set_field(score, "pred_score")
        sample.set_field(label, "pred_label")
        if hasattr(sample, "gt_labels"):
            sample.set_field(ground_truth(sample), "gt_label")
