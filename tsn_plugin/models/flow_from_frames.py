"""Optical flow computed from frames on the model's device: the twin of the transform ``ComputeFlow``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from tsn_plugin.ops.tvl1 import dual_tvl1

#: Methods by name: two batches of grey images ``(N, H, W)`` to flow in pixels ``(N, 2, H, W)``.
TENSOR_FLOW_METHODS: dict[str, Callable[..., Tensor]] = {"tvl1": dual_tvl1}
#: weights of red, green and blue in 1 / 2 ** 15 (OpenCV's ``RGB2GRAY``)
_GREY_WEIGHTS, _GREY_SHIFT = (9798, 19235, 3735), 15


class FlowFromFrames:
    """Flow snippets of videos as levels, from their frames; in batches over all videos of one size.

    Args:
        method: a key of :data:`TENSOR_FLOW_METHODS`.
        bound: flow of ``-bound`` to ``bound`` pixels is spread over the levels 0 to 255.
        max_pairs: frame pairs computed at a time; 64 of 340x256 take some 3 GB.
        compiled: fuse the inner loop by ``torch.compile``, which needs a C compiler, and Triton on a GPU.

    Raises:
        ValueError: for an unknown method, and numbers that are not positive.
    """

    def __init__(self, method: str = "tvl1", bound: float = 20, *, max_pairs: int = 64, compiled: bool = False) -> None:
        if method not in TENSOR_FLOW_METHODS:
            known = ", ".join(TENSOR_FLOW_METHODS)
            raise ValueError(
                f"method={method!r} does not run on tensors; known: {known}. The transform ComputeFlow has more"
            )
        if bound <= 0 or max_pairs < 1:
            raise ValueError(f"bound={bound} and max_pairs={max_pairs} must be positive")
        self.bound, self.max_pairs = bound, max_pairs
        self.flow = partial(TENSOR_FLOW_METHODS[method], compiled=compiled)

    @torch.no_grad()
    def __call__(self, videos: Sequence[Tensor], pairs: Sequence[np.ndarray]) -> list[Tensor]:
        """Snippets of each video, uint8 ``(S, 2 * T, H, W)`` with channels x1 y1 x2 y2 ..., on the frames' device.

        Args:
            videos: frames of each video, uint8 ``(N, 3, H, W)``, RGB.
            pairs: for each field of a video the two frames that it lies between, ``(S, T, 2)``.

        Raises:
            ValueError: if frames and pairs do not belong together.
        """
        if len(videos) != len(pairs):
            raise ValueError(f"got frames of {len(videos)} videos, but flow_pairs of {len(pairs)}")
        snippets: dict[int, Tensor] = {}
        for members in _by_size(videos):
            frames, numbers = _joined([videos[video] for video in members], [pairs[video] for video in members])
            distinct, places = np.unique(np.concatenate(numbers), axis=0, return_inverse=True)
            levels = self._levels(grey_levels(frames), torch.as_tensor(distinct, device=frames.device))
            counts = [len(each) for each in numbers]
            for video, chosen in zip(members, np.split(places.reshape(-1), np.cumsum(counts)[:-1])):
                fields = levels[torch.as_tensor(chosen, device=levels.device)]
                snippets[video] = fields.reshape(pairs[video].shape[0], -1, *fields.shape[-2:])
        return [snippets[video] for video in range(len(videos))]

    def _levels(self, grey: Tensor, pairs: Tensor) -> Tensor:
        """Levels ``(P, 2, H, W)`` of the pairs ``(P, 2)`` of grey frames ``(N, H, W)``."""
        batches = []
        # a training step's mixed precision would round the flow
        with torch.autocast(grey.device.type, enabled=False):
            for first, second in (batch.T for batch in pairs.split(self.max_pairs)):
                batches.append(flow_levels(self.flow(grey[first], grey[second]), self.bound))
        return torch.cat(batches)


def grey_levels(frames: Tensor) -> Tensor:
    """Grey images uint8 ``(N, H, W)`` of frames uint8 ``(N, 3, H, W)``, RGB: those of OpenCV.

    >>> grey_levels(torch.tensor([255, 0, 0], dtype=torch.uint8).view(1, 3, 1, 1)).item()
    76

    Raises:
        ValueError: if the frames have another form.

    Source: OpenCV ``color_rgb.simd.hpp`` (``RGB2Gray<uchar>``).
    """
    if frames.dtype != torch.uint8 or frames.ndim != 4 or frames.shape[1] != 3:
        raise ValueError(
            f"flow is computed from RGB frames uint8 (N, 3, H, W), but got {frames.dtype} {tuple(frames.shape)}: use "
            "the transform DecodeFlowFrames, or leave out ActionDataPreprocessor(flow=...)"
        )
    total = sum(weight * plane for weight, plane in zip(_GREY_WEIGHTS, frames.int().unbind(1)))
    return (total + (1 << _GREY_SHIFT - 1) >> _GREY_SHIFT).byte()


def flow_levels(flow: Tensor, bound: float) -> Tensor:
    """Flow in pixels as levels, uint8 of the same shape; see :func:`~tsn_plugin.ops.flow_encoding.quantize_flow`.

    >>> flow_levels(torch.tensor([-30.0, -20.0, 0.0, 0.08, 20.0, 30.0]), 20).tolist()
    [0, 0, 128, 128, 255, 255]
    """
    return (255 * (flow.double() + bound) / (2 * bound)).round().clamp(0, 255).byte()


def _by_size(videos: Sequence[Tensor]) -> list[list[int]]:
    """The videos with frames of one size, for each size."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for video, frames in enumerate(videos):
        groups.setdefault(tuple(frames.shape[1:]), []).append(video)
    return list(groups.values())


def _joined(videos: Sequence[Tensor], pairs: Sequence[np.ndarray]) -> tuple[Tensor, list[np.ndarray]]:
    """The frames of all videos, and each video's pairs ``(S * T, 2)`` in their numbers."""
    counts = [len(frames) for frames in videos]
    for count, each in zip(counts, pairs):
        if each.min() < 0 or each.max() >= count:
            raise ValueError(f"flow_pairs name frames {each.min()} to {each.max()} of a video of {count} frames")
    offsets = np.cumsum([0, *counts[:-1]])
    return torch.cat(tuple(videos)), [each.reshape(-1, 2) + offset for each, offset in zip(pairs, offsets)]
