"""``ActionDataPreprocessor``: from raw uint8 snippets to network input, on the model's device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from mmaction.models.data_preprocessors import ActionDataPreprocessor as _ActionDataPreprocessor
from mmengine.structures import BaseDataElement

from tsn_plugin.modality import get_modality
from tsn_plugin.ops.flow_encoding import mirrored_snippets
from tsn_plugin.ops.rgbdiff import frame_differences
from tsn_plugin.ops.views import SnippetViews
from tsn_plugin.registry import MODELS

COLORS = 3


@MODELS.register_module()
class ActionDataPreprocessor(_ActionDataPreprocessor):
    """Stacks a batch and turns raw snippets into network input: test views, differences, channel order, normalisation.

    In: ``inputs``, one uint8 tensor ``(M, C, H, W)`` per video. Out: float ``(B, M, C', H, W)`` on the model's device;
    where the data samples carry ``view_boxes`` (test crops with ``on_device=True``), a ``SnippetViews`` instead.

    Everything but ``format_shape='NCHW'`` is left to MMAction2. Unlike MMAction2, videos of different sizes are refused
    instead of padded, since padding changes the scores; with view boxes their sizes may differ.

    Args:
        mean: per channel of a frame or of the whole snippet, 0-255 range, in the order the network sees; repeated over
            the frames of a snippet. Subtracted after differencing.
        std: like ``mean``.
        to_rgb: reverse the three colours of every frame. Decoded frames are RGB: ``True`` makes them BGR.
        to_float32: convert to float32 where nothing is normalised.
        blending: config of a batch blending for training.
        format_shape: layout of the inputs.
        modality: 'RGB', 'RGBDiff', 'Flow' or 'WarpedFlow'. RGBDiff turns ``T + 1`` frames into ``T`` differences.
        normalization: 'caffe' or 'imagenet' sets mean, std and colour order from the modality's record.
        materialize_views: build the tensor ``(B, V, C', h, w)`` of all test views at once, for models that know no
            ``SnippetViews``. Training always gets it.
        legacy_flip: negate flow in mirrored views as the original does, see ``Flip``.

    Raises:
        ValueError: for an unknown modality or normalization, settings that contradict each other, and videos of
            different sizes.
    """

    def __init__(
        self,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        to_rgb: bool = False,
        to_float32: bool = True,
        blending: dict | None = None,
        format_shape: str = "NCHW",
        *,
        modality: str = "RGB",
        normalization: str | None = None,
        materialize_views: bool = False,
        legacy_flip: bool = False,
    ) -> None:
        facts = get_modality(modality)
        if normalization is not None:
            if mean is not None or std is not None or to_rgb:
                raise ValueError(f"normalization={normalization!r} sets mean, std and to_rgb: leave these out")
            mean, std, order = facts.statistics(normalization)
            to_rgb = order == "bgr"
        if (mean is None) != (std is None):
            raise ValueError(f"mean={mean} and std={std} must be given together")
        if to_rgb and facts.is_flow:
            raise ValueError(f"to_rgb=True reverses colours, but modality={modality!r} has none")
        if facts.is_difference and format_shape != "NCHW":
            raise ValueError(f"modality={modality!r} needs format_shape='NCHW', not {format_shape!r}")
        super().__init__(mean, std, to_rgb, to_float32, blending, format_shape)
        self.modality = facts
        self.materialize_views = materialize_views
        self.mirror = partial(mirrored_snippets, is_flow=facts.is_flow, legacy=legacy_flip)

    def preprocess(
        self, inputs: Sequence[torch.Tensor], data_samples: Sequence[BaseDataElement], training: bool = False
    ) -> tuple[torch.Tensor | SnippetViews, Sequence[BaseDataElement]]:
        """Network input of a batch, and its data samples; see the class."""
        if self.format_shape != "NCHW":
            return super().preprocess(inputs, data_samples, training)
        boxes = _view_boxes(data_samples)
        if boxes is None:
            batch = self.to_network_input(_stacked(inputs))
        else:
            batch = SnippetViews(inputs, boxes, prepare=self.to_network_input, mirror=self.mirror)
            if training or self.materialize_views:
                batch = batch.materialize()
        if training and self.blending is not None:
            batch, data_samples = self.blending(batch, data_samples)
        return batch, data_samples

    def to_network_input(self, snippets: torch.Tensor) -> torch.Tensor:
        """Network input ``(..., C', H, W)`` of raw snippets ``(..., C, H, W)``: reordered, differenced, normalised.

        Raises:
            ValueError: if the channels do not fit the modality or the mean.
        """
        if self.to_rgb:
            snippets = _reversed_colors(snippets)  # while a pixel is still a byte: the difference does not mind
        if self.modality.is_difference:
            snippets = frame_differences(snippets, channels_per_frame=self.modality.channels_per_frame)
        if self._enable_normalize:
            num_channels = snippets.shape[-3]
            # in place on the difference, which is a new tensor: one float copy of the batch less
            return (snippets - _repeated(self.mean, num_channels)).div_(_repeated(self.std, num_channels))
        return snippets.float() if self.to_float32 else snippets


def _view_boxes(data_samples: Sequence[BaseDataElement] | None) -> list[np.ndarray] | None:
    """View boxes of each video, or ``None`` where no video has any.

    Raises:
        ValueError: if only some videos have them.
    """
    boxes = [sample.metainfo.get("view_boxes") for sample in data_samples or ()]
    missing = sum(video_boxes is None for video_boxes in boxes)
    if missing == len(boxes):
        return None
    if missing:
        raise ValueError(f"{missing} of {len(boxes)} videos have no view_boxes: one pipeline must make the whole batch")
    return boxes


def _stacked(inputs: Sequence[torch.Tensor]) -> torch.Tensor:
    shapes = sorted({tuple(video.shape) for video in inputs})
    if len(shapes) > 1:
        raise ValueError(
            f"the videos of a batch have different shapes {shapes}: Resize (keep_ratio=False) or crop them to one "
            "size, or use batch_size=1, or test crops with on_device=True"
        )
    return torch.stack(tuple(inputs))


def _reversed_colors(snippets: torch.Tensor) -> torch.Tensor:
    """``(..., n * 3, H, W)`` with the three colours of every frame in reverse order.

    Raises:
        ValueError: if the channels are not those of whole colour frames.
    """
    if snippets.shape[-3] % COLORS:
        raise ValueError(
            f"to_rgb=True reverses three colours per frame, but the input has {snippets.shape[-3]} channels"
        )
    order = torch.arange(snippets.shape[-3], device=snippets.device).view(-1, COLORS).flip(1).flatten()
    return snippets.index_select(-3, order)


def _repeated(statistics: torch.Tensor, num_channels: int) -> torch.Tensor:
    """``statistics (n, 1, 1)`` repeated over a snippet's frames, ``(num_channels, 1, 1)``.

    Raises:
        ValueError: if they do not divide the channels.
    """
    if num_channels % len(statistics):
        raise ValueError(
            f"mean and std have {len(statistics)} values, which do not divide the input's {num_channels} channels"
        )
    return statistics.repeat(num_channels // len(statistics), 1, 1)
