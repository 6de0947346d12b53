"""The head of a structured segment network: activity, completeness and regression of proposals."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, normal_init
from torch import Tensor, nn

from tsn_plugin.models.losses import class_regression_loss, completeness_loss
from tsn_plugin.ops.pyramid import Pyramid, course_scores, num_parts, pyramid_features, pyramid_scores, stage_parts
from tsn_plugin.registry import MODELS
from tsn_plugin.structures.proposals import BACKGROUND, FOREGROUND, INCOMPLETE


@MODELS.register_module()
class SSNHead(BaseModule):
    """Classifies proposals by the features of their snippets; in testing, by those of a video's ticks.

    The statistics of the regression targets are buffers: they travel in the checkpoint.

    Args:
        num_classes: classes ``K`` without background.
        in_channels: features ``D`` of a snippet.
        pyramid: numbers of parts of starting, course and ending; see :mod:`tsn_plugin.ops.pyramid`.
        snippets: of starting, course and ending in training.
        dropout_ratio: of the snippets' features.
        with_regression: whether to learn to move proposals.
        completeness_weight: of its loss.
        regression_weight: of its loss.
        keep_ratio: share of the incomplete proposals that completeness learns from.
        init_std: standard deviation of the first weights.
        legacy_test: pool scores in testing as the original does, which differs from its training where a stage has
            several parts or leaves the video.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: for a pyramid that is none.

    Source: Zhao et al. 2017, section 3; SSN ``ssn_models.py``.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        *,
        pyramid: Pyramid = (1, 1, 1),
        snippets: Sequence[int] = (2, 5, 2),
        dropout_ratio: float = 0.8,
        with_regression: bool = True,
        completeness_weight: float = 0.1,
        regression_weight: float = 0.1,
        keep_ratio: float = 0.17,
        init_std: float = 0.001,
        legacy_test: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.num_classes, self.in_channels = num_classes, in_channels
        self.pyramid, self.snippets = stage_parts(pyramid), tuple(snippets)
        self.with_regression, self.legacy_test = with_regression, legacy_test
        self.completeness_weight, self.regression_weight = completeness_weight, regression_weight
        self.keep_ratio, self.init_std = keep_ratio, init_std
        self.num_parts = num_parts(self.pyramid)
        self.dropout = nn.Dropout(dropout_ratio) if dropout_ratio else nn.Identity()
        self.activity_fc = nn.Linear(in_channels, num_classes + 1)
        self.completeness_fc = nn.Linear(in_channels * self.num_parts, num_classes)
        if with_regression:
            self.regressor_fc = nn.Linear(in_channels * self.num_parts, num_classes * 2)
        self.register_buffer("regression_mean", torch.zeros(2, dtype=torch.float64))
        self.register_buffer("regression_std", torch.ones(2, dtype=torch.float64))

    def init_weights(self) -> None:
        """Draw the classifiers' weights from a normal distribution; biases are zero."""
        for layer in self.children():
            if isinstance(layer, nn.Linear):
                normal_init(layer, std=self.init_std)

    def set_regression_statistics(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Take mean and standard deviation (shift, log length) of the training list's targets."""
        for buffer, values in ((self.regression_mean, mean), (self.regression_std, std)):
            buffer.copy_(torch.as_tensor(values, dtype=buffer.dtype))

    def forward(self, features: Tensor, scales: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Activity ``(P, K + 1)``, completeness ``(P, K)`` and normalised regression ``(P, K, 2)``.

        Args:
            features: of the proposals' snippets, ``(P, S, D)``.
            scales: share of starting and ending that lies in the video, ``(P, 2)``.
        """
        features = self.dropout(features)
        course, parts = pyramid_features(features, scales.to(features.dtype), self.snippets, self.pyramid)
        regression = self.regressor_fc(parts).unflatten(1, (-1, 2)) if self.with_regression else None
        return self.activity_fc(course), self.completeness_fc(parts), regression

    def loss(
        self, features: Tensor, scales: Tensor, *, kinds: Tensor, labels: Tensor, targets: Tensor
    ) -> dict[str, Tensor]:
        """The weighted losses, and the share of proposals whose activity is right.

        Args:
            features: ``(P, S, D)``; the same number of each kind for every video, foreground, incomplete, background.
            scales: ``(P, 2)``.
            kinds: 0 foreground, 1 incomplete, 2 background, ``(B, P / B)``.
            labels: from 1 on; 0 for background, ``(B, P / B)``.
            targets: regression targets in proposal lengths, ``(P, 2)``.

        Source: SSN ``ssn_models.py`` (``train_forward``), ``ssn_train.py``.
        """
        activity, completeness, regression = (
            None if scores is None else scores.float() for scores in self(features, scales)
        )
        kind, label = kinds.flatten(), labels.flatten()
        judged, graded, moved = kind != INCOMPLETE, kind != BACKGROUND, kind == FOREGROUND
        losses = {"loss_activity": F.cross_entropy(activity[judged], label[judged])}
        counts = (kinds[0] == FOREGROUND).sum().item(), (kinds[0] == INCOMPLETE).sum().item()
        losses["loss_completeness"] = self.completeness_weight * completeness_loss(
            completeness[graded],
            label[graded] - 1,
            num_positive=counts[0],
            num_incomplete=counts[1],
            keep_ratio=self.keep_ratio,
        )
        if regression is not None:
            wanted = ((targets - self.regression_mean) / self.regression_std)[moved].to(regression.dtype)
            losses["loss_regression"] = self.regression_weight * class_regression_loss(
                regression[moved], label[moved] - 1, wanted
            )
        right = activity.detach()[judged].argmax(dim=1) == label[judged]
        losses["activity_acc"] = right.float().mean()
        return losses

    def classify_ticks(self, features: Tensor) -> Tensor:
        """Scores of ticks ``(T, D)``, each classified once: ``(T, K + 1 + M * X)``, ``X = K`` or ``3 K``.

        Activity has its bias; what the parts of a pyramid need is left without, since it is added once per proposal.
        """
        activity = self.activity_fc(features)
        parts = [F.linear(features, weight.flatten(0, 1)) for weight in self._part_weights()]
        return torch.cat([activity, *parts], dim=1).float()

    def pool_ticks(self, ticks: Tensor, marks: Tensor, scales: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """Activity ``(P, K + 1)``, completeness ``(P, K)`` and regression ``(P, K, 2)`` in proposal lengths.

        Args:
            ticks: as :meth:`classify_ticks` gives them.
            marks: ticks where the stages of the proposals lie, ``(P, 4)``.
            scales: ``(P, 2)``.
        """
        num_activity = self.num_classes + 1
        widths = [self.num_classes] + [self.num_classes * 2] * self.with_regression
        activity, *parts = ticks.split([num_activity, *(self.num_parts * width for width in widths)], dim=1)
        biases = [self.completeness_fc.bias] + ([self.regressor_fc.bias] if self.with_regression else [])
        pooled = [
            self._pool(part.unflatten(1, (self.num_parts, -1)), marks, scales, bias.float())
            for part, bias in zip(parts, biases)
        ]
        regression = None
        if self.with_regression:
            regression = pooled[1].unflatten(1, (-1, 2))
            regression = regression * self.regression_std.to(regression) + self.regression_mean.to(regression)
        return course_scores(activity, marks).to(ticks.dtype), pooled[0], regression

    def _pool(self, ticks: Tensor, marks: Tensor, scales: Tensor, bias: Tensor) -> Tensor:
        if self.legacy_test:
            shared = bias / self.num_parts
            return pyramid_scores(ticks + shared, marks, scales, self.pyramid, legacy=True)
        return pyramid_scores(ticks, marks, scales, self.pyramid) + bias

    def _part_weights(self) -> list[Tensor]:
        """Weights ``(M, X, D)`` of completeness and regression: what each part of the pyramid adds to a score."""
        layers = [self.completeness_fc] + ([self.regressor_fc] if self.with_regression else [])
        return [layer.weight.unflatten(1, (self.num_parts, -1)).transpose(0, 1) for layer in layers]
