"""Structured segment networks."""

from __future__ import annotations

import torch
from mmaction.structures import ActionDataSample
from torch import Tensor

from tsn_plugin.models.localizers.tick_localizer import TickLocalizer
from tsn_plugin.ops.proposal_sampling import tick_marks
from tsn_plugin.registry import MODELS


@MODELS.register_module()
class SSN(TickLocalizer):
    """Structured segment network (Zhao et al., ICCV 2017): activity, completeness and regression of proposals.

    In training the input is ``(B, P * S, C, H, W)``, the snippets of ``P`` proposals of each video, of which
    :class:`~tsn_plugin.datasets.proposals.ProposalDataset` gives kinds, labels, scales and regression targets. In
    testing, see :class:`~tsn_plugin.models.localizers.tick_localizer.TickLocalizer`: the data sample of a video's last
    chunk gets ``activity (P, K + 1)``, ``completeness (P, K)`` and, if the head has it, ``regression (P, K, 2)``,
    before softmax and in proposal lengths.

    Source: SSN ``ssn_models.py``, ``ssn_test.py``.
    """

    def loss(self, inputs: Tensor, data_samples: list[ActionDataSample]) -> dict[str, Tensor]:
        """The losses of :meth:`SSNHead.loss <tsn_plugin.models.heads.ssn_head.SSNHead.loss>`."""
        kinds, labels, scales, targets = (
            torch.stack([sample.get(key) for sample in data_samples]).to(inputs.device)
            for key in ("proposal_kinds", "proposal_labels", "proposal_scales", "regression_targets")
        )
        features = self.features(inputs.flatten(0, 1)).unflatten(0, (kinds.numel(), -1))
        return self.cls_head.loss(
            features, scales.flatten(0, 1), kinds=kinds, labels=labels, targets=targets.flatten(0, 1)
        )

    def tick_scores(self, features: Tensor) -> Tensor:
        """Activity of each tick, and what it adds to each part of a proposal."""
        return self.cls_head.classify_ticks(features)

    def finish(self, sample: ActionDataSample, ticks: Tensor) -> None:
        """Pool the ticks of each proposal's stages."""
        where = tick_marks(sample.metainfo["proposal_intervals"], len(ticks))
        marks, scales = (torch.from_numpy(values).to(ticks.device) for values in (where.marks, where.scales))
        names = ("activity", "completeness", "regression")
        for name, scores in zip(names, self.cls_head.pool_ticks(ticks, marks, scales)):
            if scores is not None:
                sample.set_field(scores, name)
