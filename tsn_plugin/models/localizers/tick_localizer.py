"""What localizers share that score a video tick by tick."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import torch
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModel
from torch import Tensor

from tsn_plugin.models.recognizers.recognizer2d import MAX_VIEWS
from tsn_plugin.ops.views import SnippetViews
from tsn_plugin.registry import MODELS


class TickLocalizer(BaseModel):
    """A backbone and a head that score each tick of a video once, whatever the proposals.

    The ticks of a video come in chunks, as :class:`~tsn_plugin.datasets.proposals.ProposalDataset` gives them in
    testing; scores of the crops of a tick are averaged, which is done on the features, since the head is linear.
    Ticks are kept until the last one of their video is there: memory holds scores, not frames.

    Args:
        backbone: config of the backbone.
        cls_head: config of the head.
        data_preprocessor: config of the data preprocessor.
        max_views: views in the backbone at once, in testing.
        channels_last: lay out the weights of convolutions channels-last.
        init_cfg: MMEngine's initialisation config.

    Raises:
        ValueError: if ``max_views`` is not positive.
    """

    def __init__(
        self,
        backbone: dict,
        cls_head: dict,
        data_preprocessor: dict | None = None,
        *,
        max_views: int = MAX_VIEWS,
        channels_last: bool = False,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        preprocessor = data_preprocessor or dict(type="tsn_plugin.ActionDataPreprocessor")
        super().__init__(MODELS.build(preprocessor), init_cfg)
        if max_views < 1:
            raise ValueError(f"max_views={max_views} must be positive")
        self.max_views = max_views
        self.backbone = MODELS.build(backbone)
        self.cls_head = MODELS.build(cls_head)
        if channels_last:
            self.to(memory_format=torch.channels_last)
        self._ticks: dict[str, dict[int, Tensor]] = {}

    @abstractmethod
    def loss(self, inputs: Tensor, data_samples: list[ActionDataSample]) -> dict[str, Tensor]:
        """Losses of a training batch."""

    @abstractmethod
    def tick_scores(self, features: Tensor) -> Tensor:
        """Scores ``(T, X)`` of the features ``(T, D)`` of ticks."""

    @abstractmethod
    def finish(self, sample: ActionDataSample, ticks: Tensor) -> None:
        """Store what the scores ``(T, X)`` of all ticks of a video say in its last chunk's data sample."""

    def forward(
        self, inputs: Tensor | SnippetViews, data_samples: list[ActionDataSample] | None = None, mode: str = "tensor"
    ) -> dict[str, Tensor] | list[ActionDataSample] | Tensor:
        """Losses (``mode='loss'``), data samples with predictions (``'predict'``) or features (``'tensor'``).

        Raises:
            ValueError: for another mode.
        """
        if mode == "loss":
            return self.loss(inputs, data_samples)
        if mode == "predict":
            return self.predict(inputs, data_samples)
        if mode == "tensor":
            return torch.cat(list(self._view_features(inputs)))
        raise ValueError(f"mode={mode!r} is unknown; known: loss, predict, tensor")

    def features(self, images: Tensor) -> Tensor:
        """Pooled features ``(N, D)`` of network input ``(N, C, H, W)``."""
        maps = self.backbone(images)
        return maps.flatten(2).mean(dim=2) if maps.dim() > 2 else maps

    def predict(self, inputs: Tensor | SnippetViews, data_samples: list[ActionDataSample]) -> list[ActionDataSample]:
        """The data samples; that of a video's last chunk holds what is said of the video.

        Args:
            inputs: chunks of ticks ``(B, n, C, H, W)``, or their views.
            data_samples: with ``video_name``, ``first_tick`` and ``num_ticks`` in their metainfo.
        """
        counts = inputs.num_views if isinstance(inputs, SnippetViews) else [inputs.shape[1]] * len(inputs)
        crops = [len(boxes) for boxes in inputs.boxes] if isinstance(inputs, SnippetViews) else [1] * len(inputs)
        features = torch.cat(list(self._view_features(inputs)))
        for views, num_crops, sample in zip(features.split(counts), crops, data_samples):
            self._add(sample, self.tick_scores(views.unflatten(0, (num_crops, -1)).mean(dim=0)))
        return data_samples

    def train(self, mode: bool = True) -> TickLocalizer:
        """Switch to training; forgets the ticks of a test that was broken off."""
        if mode:
            self._ticks = {}
        return super().train(mode)

    def _add(self, sample: ActionDataSample, scores: Tensor) -> None:
        """Keep the scores of a chunk, and finish the video if they are the last."""
        info = sample.metainfo
        chunks = self._ticks.setdefault(info["video_name"], {})
        chunks[info["first_tick"]] = scores
        if sum(map(len, chunks.values())) >= info["num_ticks"]:
            del self._ticks[info["video_name"]]
            self.finish(sample, torch.cat([chunks[first] for first in sorted(chunks)]))

    def _view_features(self, inputs: Tensor | SnippetViews) -> Iterator[Tensor]:
        is_lazy = isinstance(inputs, SnippetViews)
        chunks = inputs.chunks(self.max_views) if is_lazy else inputs.flatten(0, 1).split(self.max_views)
        for chunk in chunks:
            yield self.features(chunk).float()
