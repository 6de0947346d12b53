"""The head for tags of several categories, some of which a video lacks."""

from __future__ import annotations

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from tsn_plugin.models.data_samples import ground_truth
from tsn_plugin.models.heads.tsn_head import TSNHead
from tsn_plugin.registry import MODELS

MASKS = ("mask", "category_mask")


@MODELS.register_module()
class HVUHead(TSNHead):
    """:class:`TSNHead` whose loss also gets the masks of the tags and categories that a video has.

    For MMAction2's ``HVULoss``, which no head of MMAction2 1.x can feed. The pipeline must pack the masks:
    ``dict(type='PackActionInputs', algorithm_keys=('mask', 'category_mask'))``.
    """

    def loss_by_feat(self, cls_scores: Tensor, data_samples: list[ActionDataSample]) -> dict[str, Tensor]:
        """Losses of the video scores ``(B, K)``.

        Raises:
            ValueError: if a video has no masks.
        """
        lacking = [name for name in MASKS for sample in data_samples if name not in sample]
        if lacking:
            raise ValueError(
                f"a video has no {lacking[0]!r}: pack it (PackActionInputs(algorithm_keys={MASKS})) and let "
                "LoadHVULabel or HVUDataset(multi_class=True) make it"
            )
        labels = torch.stack([ground_truth(sample) for sample in data_samples])
        masks = {name: torch.stack([sample.get(name) for sample in data_samples]).to(cls_scores) for name in MASKS}
        return self.loss_cls(cls_scores, labels.to(cls_scores), **masks)
