"""``ActionDataPreprocessor``: from raw uint8 snippets to network input, on the model's device."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.models.data_preprocessors import ActionDataPreprocessor as _ActionDataPreprocessor
from mmengine.structures import BaseDataElement

from tsn_plugin.modality import get_modality
from tsn_plugin.models.flow_from_frames import FlowFromFrames
from tsn_plugin.ops.flow_encoding import mirrored_snippets
from tsn_plugin.ops.rgbdiff import frame_differences
from tsn_plugin.ops.views import SnippetViews
from tsn_plugin.registry import MODELS

COLORS = 3


@MODELS.register_module()
class ActionDataPreprocessor(_ActionDataPreprocessor):
    """Stacks a batch and turns raw snippets into network input: test views, differences, channel order, normalisation.

    In: ``inputs``, one uint8 tensor ``(M, C, H, W)`` per video. Out: float ``(B, M, C', H, W)`` on the model's device;
    where the data samples carry ``view_boxes`` (crops with ``on_device=True``), a ``SnippetViews`` instead, but for
    training. With ``flow``, the inputs are the frames ``(N, 3, H, W)`` of ``DecodeFlowFrames``.

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
        flow: compute flow from the frames, with these arguments of ``FlowFromFrames``: ``dict(method='tvl1', bound=20,
            max_pairs=64)``.

    Raises:
        ValueError: for an unknown modality or normalization, settings that contradict each other, videos of
            different sizes, and frames without ``flow`` or the other way round.
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
        flow: dict | None = None,
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
        if flow is not None and not (facts.is_flow and format_shape == "NCHW"):
            raise ValueError(
                f"flow={flow} needs modality='Flow' and format_shape='NCHW', not {modality!r} and {format_shape!r}"
            )
        super().__init__(mean, std, to_rgb, to_float32, blending, format_shape)
        self.flow = None if flow is None else FlowFromFrames(**flow)
        self.modality = facts
        self.materialize_views = materialize_views
        self.mirror = partial(mirrored_snippets, is_flow=facts.is_flow, legacy=legacy_flip)

    def preprocess(
        self, inputs: Sequence[torch.Tensor], data_samples: Sequence[BaseDataElement], training: bool = False
    ) -> tuple[torch.Tensor | SnippetViews, Sequence[BaseDataElement]]:
        """Network input of a batch, and its data samples; see the class."""
        if self.format_shape != "NCHW":
            return super().preprocess(inputs, data_samples, training)
        inputs = self._with_flow(inputs, data_samples)
        boxes = _metainfo(data_samples, "view_boxes")
        if boxes is None:
            batch = self.to_network_input(_stacked(inputs))
        else:
            size = (_metainfo(data_samples, "view_size") or (None,))[0]
            batch = SnippetViews(inputs, boxes, prepare=partial(self._resized_input, size=size), mirror=self.mirror)
            if training or self.materialize_views:
                batch = batch.materialize()
        if training and self.blending is not None:
            batch, data_samples = self.blending(batch, data_samples)
        return batch, data_samples

    def _with_flow(
        self, inputs: Sequence[torch.Tensor], data_samples: Sequence[BaseDataElement] | None
    ) -> Sequence[torch.Tensor]:
        pairs = _metainfo(data_samples, "flow_pairs")
        if (pairs is None) != (self.flow is None):
            raise ValueError(
                "the transform DecodeFlowFrames and ActionDataPreprocessor(flow=dict(method='tvl1')) belong together: "
                f"the data samples have {'no ' * (pairs is None)}flow_pairs, the preprocessor has "
                f"{'no ' * (self.flow is None)}flow"
            )
        return inputs if self.flow is None else self.flow(inputs, pairs)

    def _resized_input(self, snippets: torch.Tensor, *, size: tuple[int, int] | None) -> torch.Tensor:
        return self.to_network_input(snippets if size is None else resized_levels(snippets, size))

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


def resized_levels(snippets: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Snippets uint8 ``(n, C, H, W)`` at ``size`` (width, height), bilinear; within a level of ``cv2.resize``."""
    if tuple(snippets.shape[-2:]) == (size[1], size[0]):
        return snippets
    resized = F.interpolate(snippets.float(), (size[1], size[0]), mode="bilinear", align_corners=False)
    return resized.round_().to(snippets.dtype)


def _metainfo(data_samples: Sequence[BaseDataElement] | None, key: str) -> list[np.ndarray] | None:
    """What each video's sample says under ``key``, or ``None`` where no video has any.

    Raises:
        ValueError: if only some videos have it.
    """
    values = [sample.metainfo.get(key) for sample in data_samples or ()]
    missing = sum(value is None for value in values)
    if missing == len(values):
        return None
    if missing:
        raise ValueError(f"{missing} of {len(values)} videos have no {key}: one pipeline must make the whole batch")
    return values


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
