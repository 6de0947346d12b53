"""The classifier of a temporal segment network: every view is classified, then a consensus is taken."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmaction.models.heads import BaseHead
from mmaction.structures import ActionDataSample
from mmengine.model import normal_init
from torch import Tensor, nn

from tsn_plugin.models.consensus import AvgConsensus, build_consensus
from tsn_plugin.models.data_samples import ground_truth, set_prediction
from tsn_plugin.ops.consensus import average_probability_consensus
from tsn_plugin.registry import MODELS

CROSS_ENTROPY = {"type": "CrossEntropyLoss"}
AVERAGE = {"type": "AvgConsensus", "dim": 1}


@MODELS.register_module()
class TSNHead(BaseHead):
    """Head of a temporal segment network, with MMAction2's arguments and parameter names.

    Global pool, dropout and classifier are applied to each view, then the consensus is taken over the views'
    scores. MMAction2 averages the features and drops and classifies their mean instead: in a test the average
    consensus gives equal scores, in training our dropout masks differ from view to view, as the original's do.

    Scores are float32 under mixed precision too, and accuracies are computed where the scores are.

    Args:
        num_classes: number of classes ``K``.
        in_channels: channels ``D`` of the feature map.
        loss_cls: config of the loss.
        spatial_type: ``'avg'``, or ``None`` for features that are pooled already, ``(N, D, 1, 1)`` or ``(N, D)``.
        consensus: config of the consensus; see :mod:`tsn_plugin.models.consensus`.
        dropout_ratio: probability of dropping a feature (the original: 0.8 for RGB, 0.7 for flow).
        init_std: standard deviation of the classifier's first weights (the original: 0.001).
        multi_class: whether a video has several labels; kept for MMAction2's loss configs.
        label_smooth_eps: share of the label spread over all classes.
        topk: the accuracies logged in training; more than ``num_classes`` counts as ``num_classes``.
        average_clips: what a test puts into ``pred_score``: ``'prob'`` probabilities, ``'score'`` or ``None`` scores.
        before_softmax: ``False`` averages the views' probabilities instead; its scores are their logarithms.
        keep_view_scores: whether a test also stores ``view_scores (V, K)`` in each data sample.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: for an unknown consensus, pooling or ``average_clips``, a ``topk`` below 1, or
            ``before_softmax=False`` with another consensus than the average.

    Source: the Caffe train_val files (dropout, ``fc-action``, average pool over segments, softmax loss);
        tsn-pytorch ``models.py`` (``before_softmax``).
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        loss_cls: dict = CROSS_ENTROPY,
        spatial_type: str | None = "avg",
        consensus: dict = AVERAGE,
        dropout_ratio: float = 0.4,
        init_std: float = 0.01,
        *,
        multi_class: bool = False,
        label_smooth_eps: float = 0.0,
        topk: int | Sequence[int] = (1, 5),
        average_clips: str | None = None,
        before_softmax: bool = True,
        keep_view_scores: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        topk = (topk,) if isinstance(topk, int) else tuple(topk)
        _check_choices(spatial_type, topk, average_clips)
        super().__init__(
            num_classes, in_channels, loss_cls, multi_class, label_smooth_eps, topk, average_clips, init_cfg
        )
        self.spatial_type, self.dropout_ratio, self.init_std = spatial_type, dropout_ratio, init_std
        self.before_softmax, self.keep_view_scores = before_softmax, keep_view_scores
        self.consensus = build_consensus(consensus, in_channels=in_channels)
        if not before_softmax and not isinstance(self.consensus, AvgConsensus):
            raise ValueError(
                f"before_softmax=False needs consensus=dict(type='AvgConsensus'), got {consensus['type']!r}: "
                "only the mean of probabilities is one"
            )
        self.avg_pool = nn.AdaptiveAvgPool2d((1, 1)) if spatial_type == "avg" else None
        self.dropout = nn.Dropout(p=dropout_ratio) if dropout_ratio else None
        self.fc_cls = nn.Linear(in_channels, num_classes)

    def init_weights(self) -> None:
        """Draw the classifier's weights from a normal distribution; biases are zero."""
        normal_init(self.fc_cls, std=self.init_std)

    def forward(self, x: Tensor, num_segs: int, *, fcn_test: bool = False, loss_aux: dict | None = None) -> Tensor:
        """Feature maps ``(B * num_segs, D, H, W)`` to video scores ``(B, K)``.

        Args:
            x: feature maps, view after view of one video after another; in a fully convolutional test
                ``(B, D, num_segs, H, W)``.
            num_segs: views per video.
            fcn_test: given by the recognizer; the layout is seen from ``x``.
            loss_aux: given by the recognizer; losses of a neck, which it adds itself.

        Returns:
            ``(B, K)``; ``(B * num_segs, K)`` with the identity consensus.
        """
        return self._video_scores(*self.classify_views(x, num_segs))

    def classify_views(self, x: Tensor, num_segs: int) -> tuple[Tensor, Tensor]:
        """View scores ``(B, num_segs, K)`` in float32 and pooled features ``(B, num_segs, D)``.

        Raises:
            TypeError: if the backbone returned several feature maps.
            ValueError: if ``num_segs`` does not divide the number of maps.
        """
        if not isinstance(x, Tensor):
            raise TypeError(f"TSNHead takes one feature map, got {len(x)}: set the backbone's out_indices to the last")
        if x.dim() == 5:
            x = x.transpose(1, 2).flatten(0, 1)
        if x.shape[0] % num_segs:
            raise ValueError(f"{x.shape[0]} feature maps cannot be divided into videos of num_segs={num_segs} views")
        features = (x if self.avg_pool is None else self.avg_pool(x)).flatten(1)
        scores = self.fc_cls(features if self.dropout is None else self.dropout(features)).float()
        return scores.unflatten(0, (-1, num_segs)), features.unflatten(0, (-1, num_segs))

    def loss_by_feat(self, cls_scores: Tensor, data_samples: list[ActionDataSample]) -> dict[str, Tensor]:
        """Loss and top-k accuracies of the video scores ``(B, K)``, or ``(B * V, K)`` without consensus."""
        labels = torch.stack([ground_truth(sample) for sample in data_samples]).to(cls_scores.device)
        labels = labels.reshape(len(data_samples), -1).repeat_interleave(len(cls_scores) // len(data_samples), dim=0)
        losses: dict[str, Tensor] = {}
        if labels.shape[1] == 1:
            labels = labels[:, 0]
            losses.update(self._top_k_accuracy(cls_scores.detach(), labels))
        loss = self.loss_cls(cls_scores, self._smooth(labels, cls_scores.dtype))
        losses.update(loss if isinstance(loss, dict) else {"loss_cls": loss})
        return losses

    def predict(
        self,
        feats: Tensor,
        data_samples: list[ActionDataSample],
        num_segs: int,
        *,
        fcn_test: bool = False,
        loss_aux: dict | None = None,
    ) -> list[ActionDataSample]:
        """Data samples with ``pred_score``, ``pred_label``, ``scores`` and, if wanted, ``view_scores`` set.

        The arguments are those of :meth:`forward`.
        """
        view_scores, features = self.classify_views(feats, num_segs)
        self.predict_by_feat(self._video_scores(view_scores, features), data_samples)
        if self.keep_view_scores:
            for sample, scores in zip(data_samples, view_scores):
                sample.set_field(scores, "view_scores")
        return data_samples

    def predict_by_feat(self, cls_scores: Tensor, data_samples: list[ActionDataSample]) -> list[ActionDataSample]:
        """Data samples with the video scores ``(B, K)``, or ``(B * V, K)`` without consensus, stored in them.

        ``scores (K,)`` are always before softmax; ``pred_score (K,)`` follows ``average_clips``. MMAction2 gives
        ``(1, K)`` for ``average_clips=None``, which its own metric cannot read.
        """
        per_video = cls_scores.reshape(len(data_samples), -1, self.num_classes)
        scores = per_video.mean(dim=1)
        pred_scores = per_video.softmax(dim=-1).mean(dim=1) if self.average_clips == "prob" else scores
        for sample, score, pred_score in zip(data_samples, scores, pred_scores):
            set_prediction(sample, score=pred_score, label=pred_score.argmax(dim=-1, keepdim=True))
            sample.set_field(score, "scores")
        return data_samples

    def _video_scores(self, view_scores: Tensor, features: Tensor) -> Tensor:
        if not self.before_softmax:
            return average_probability_consensus(view_scores)
        return self.consensus(view_scores, features)

    def _smooth(self, labels: Tensor, dtype: torch.dtype) -> Tensor:
        """Labels for the loss: class indices ``(B,)`` when they are hard and unsmoothed, otherwise ``(B, K)``."""
        if labels.dim() == 1 and not self.label_smooth_eps:
            return labels
        if labels.dim() == 1:
            labels = F.one_hot(labels, num_classes=self.num_classes)
        return (1 - self.label_smooth_eps) * labels.to(dtype) + self.label_smooth_eps / self.num_classes

    def _top_k_accuracy(self, scores: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Share of videos whose class ``(B,)`` is among their ``k`` highest scores, without leaving the device."""
        limits = [min(k, self.num_classes) for k in self.topk]
        hits = scores.topk(max(limits), dim=1).indices == labels.unsqueeze(1)
        return {f"top{k}_acc": hits[:, :limit].any(dim=1).float().mean() for k, limit in zip(self.topk, limits)}


def _check_choices(spatial_type: str | None, topk: tuple[int, ...], average_clips: str | None) -> None:
    if spatial_type not in ("avg", None):
        raise ValueError(f"spatial_type={spatial_type!r} is unknown; known: 'avg', None")
    if not topk or min(topk) < 1:
        raise ValueError(f"topk={topk} must hold numbers from 1 on")
    if average_clips not in ("prob", "score", None):
        raise ValueError(f"average_clips={average_clips!r} is unknown; known: 'prob', 'score', None")
