"""MMAction2's 2D recognizer with bounded memory in a test and crops made on the model's device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from mmaction.models.recognizers import Recognizer2D as MMActionRecognizer2D
from mmaction.structures import ActionDataSample
from torch import Tensor

from tsn_plugin.models.backbones.third_party import declared_feature_shape, require_package
from tsn_plugin.ops.views import SnippetViews
from tsn_plugin.registry import MODELS

MAX_VIEWS = 32


@MODELS.register_module()
class Recognizer2D(MMActionRecognizer2D):
    """MMAction2's ``Recognizer2D`` that also takes :class:`SnippetViews` and runs test views in chunks.

    Args:
        backbone: config of the backbone; ``torchvision.``, ``timm.`` and ``mmpretrain.`` before its name take one of
            these packages, as in MMAction2.
        cls_head: config of the head.
        neck: config of the neck.
        train_cfg: kept for MMAction2's configs.
        test_cfg: ``max_views`` (default 32; MMAction2's name ``max_testing_views`` means the same) bounds the views
            that are in the backbone at once: 250 views of a 224x224 network stay below 1 GB. ``fcn_test`` as in
            MMAction2; with it, or with a neck, all views run together.
        data_preprocessor: config of the data preprocessor.
        channels_last: lay out the weights of convolutions channels-last, which makes them faster in mixed precision
            (a training step of BN-Inception in bfloat16 on a CPU takes two thirds of the time).

    Raises:
        ImportError: if the package of the backbone cannot be imported.
        ValueError: if ``max_views`` is no positive integer.
    """

    def __init__(
        self,
        backbone: dict,
        cls_head: dict | None = None,
        neck: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        data_preprocessor: dict | None = None,
        *,
        channels_last: bool = False,
    ) -> None:
        require_package(backbone["type"])
        # a copy: MMAction2 takes the type of another package's backbone out of the config
        super().__init__(backbone.copy(), cls_head, neck, train_cfg, test_cfg, data_preprocessor)
        if self.backbone_from == "timm" and not self.feature_shape:
            self.feature_shape = declared_feature_shape(self.backbone)
        cfg = test_cfg or {}
        self.max_views = cfg.get("max_views") or cfg.get("max_testing_views") or MAX_VIEWS
        if not isinstance(self.max_views, int) or self.max_views < 1:
            raise ValueError(f"test_cfg.max_views={self.max_views!r} must be a positive integer")
        if channels_last:
            self.to(memory_format=torch.channels_last)

    def extract_feat(
        self,
        inputs: Tensor | SnippetViews,
        stage: str = "neck",
        data_samples: list[ActionDataSample] | None = None,
        test_mode: bool = False,
    ) -> tuple[Any, dict]:
        """Features of all views, and the keyword arguments that the head expects with them.

        Args:
            inputs: ``(B, V, C, H, W)``, or views to be cropped.
            stage: ``'backbone'`` or ``'neck'`` for feature maps ``(B * V, D, h, w)``, ``'head'`` for scores.
            data_samples: given to a neck in training.
            test_mode: whether to run the views in chunks.
        """
        if not test_mode or self.with_neck or (self.test_cfg or {}).get("fcn_test", False):
            if isinstance(inputs, SnippetViews):
                inputs = inputs.materialize()
            return super().extract_feat(inputs, stage, data_samples, test_mode)
        features = _concatenate([self._backbone_features(chunk) for chunk in self._chunks(inputs)])
        head_kwargs = dict(num_segs=_views_per_video(inputs), fcn_test=False, loss_aux={})
        if stage == "head" and self.with_cls_head:
            return self.cls_head(features, **head_kwargs), head_kwargs
        return features, head_kwargs

    def predict(self, inputs: Tensor | SnippetViews, data_samples: list[ActionDataSample]) -> list[ActionDataSample]:
        """Data samples with the predictions of the head; videos may differ in their number of views."""
        features, head_kwargs = self.extract_feat(inputs, test_mode=True)
        if head_kwargs["num_segs"] is not None:
            return self.cls_head.predict(features, data_samples, **head_kwargs)
        for feature, sample, views in zip(features.split(inputs.num_views), data_samples, inputs.num_views):
            self.cls_head.predict(feature, [sample], **{**head_kwargs, "num_segs": views})
        return data_samples

    def _chunks(self, inputs: Tensor | SnippetViews) -> Iterator[Tensor]:
        """Views ``(n, C, H, W)``, at most ``max_views`` at a time, in the order of the inputs."""
        # a backbone that shifts features between the segments of a video needs whole videos
        unit = getattr(self.backbone, "num_segments", None) or 1
        size = max(self.max_views // unit, 1) * unit
        if isinstance(inputs, SnippetViews):
            return inputs.chunks(size)
        return iter(inputs.flatten(0, 1).split(size))

    def _backbone_features(self, views: Tensor) -> Tensor | tuple[Tensor, ...]:
        features, _ = super().extract_feat(views.unsqueeze(0), stage="backbone")
        return features


def _views_per_video(inputs: Tensor | SnippetViews) -> int | None:
    """Views per video, or ``None`` where the videos differ."""
    if isinstance(inputs, Tensor):
        return inputs.shape[1]
    counts = set(inputs.num_views)
    return counts.pop() if len(counts) == 1 else None


def _concatenate(chunks: list[Any]) -> Any:
    """Join the chunks' feature maps; a backbone with several outputs gives a tuple of them."""
    if isinstance(chunks[0], Tensor):
        return torch.cat(chunks)
    return tuple(torch.cat(maps) for maps in zip(*chunks))
