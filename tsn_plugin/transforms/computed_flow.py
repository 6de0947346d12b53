"""Optical flow from video files, without extracted flow: computed here, or left to the model's device."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform

from tsn_plugin.ops.flow_encoding import quantize_flow
from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.ops.frame_size import check_frame_size, resized_frame
from tsn_plugin.ops.optical_flow import FLOW_METHODS, make_flow_method
from tsn_plugin.readers.base import in_order
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import extended_repr, facts_of
from tsn_plugin.transforms.decoding_results import set_images


class _FlowDecode(BaseTransform):
    """What the transforms share that read the two frames of each sampled flow field."""

    def __init__(self, size: Sequence[int] | None, short_side: int | None) -> None:
        check_frame_size(size, short_side)
        self.size = None if size is None else tuple(size)
        self.short_side = short_side

    def _read(self, results: dict) -> tuple[np.ndarray, dict[int, np.ndarray]]:
        """The sampled fields, and the resized frames by number; field ``i`` lies between frames ``i`` and ``i + 1``.

        Each frame is read once, all in one call, so that what lies before them is decoded once.
        """
        if not facts_of(results).is_flow:
            raise ValueError(
                f"{type(self).__name__} makes flow, but the data set has modality={results.get('modality')!r}: set "
                "modality='Flow' there"
            )
        reader, results["video_reader"] = results["video_reader"], None
        results["frame_inds"] = np.ravel(results["frame_inds"])
        fields = results["frame_inds"] - results.get("start_index", 0)
        numbers = np.union1d(fields, fields + 1)
        with reader:
            frames = reader.read(numbers)
        for place, frame in enumerate(frames):  # one by one: a large frame goes when its small one is there
            frames[place] = resized_frame(frame, size=self.size, short_side=self.short_side)
        return fields, dict(zip(numbers.tolist(), frames))


@TRANSFORMS.register_module()
class ComputeFlow(_FlowDecode):
    """Computes the sampled flow fields from the frames of an opened video, as ``tools/extract_flow.py`` does.

    It stands where ``DecordDecode`` stands for RGB, in a data set of videos with ``modality='Flow'``; ``DecordInit``
    then counts flow fields, one less than frames. The images are those that ``RawFrameDecode`` reads from extracted
    flow, but for the loss of JPEG. A frame is prepared once though it belongs to two fields, and a field that was
    sampled twice is computed once.

    Required Keys:

    - video_reader
    - frame_inds
    - modality
    - start_index (optional)

    Added Keys:

    - imgs
    - original_shape
    - img_shape

    Modified Keys:

    - video_reader
    - frame_inds

    ``imgs`` are uint8 ``(H, W, 2)``: x and y. Both shapes are those of the flow.

    Args:
        method: a key of :data:`~tsn_plugin.ops.optical_flow.FLOW_METHODS`.
        bound: flow of ``-bound`` to ``bound`` pixels is spread over the levels 0 to 255.
        size: (width, height) to resize frames to before the flow is computed; the original takes (340, 256).
        short_side: or the length of the shorter side, the aspect being kept.

    Raises:
        ValueError: for an unknown method, numbers that are not positive, and both ``size`` and ``short_side``; when it
            runs, if the data set's modality is not flow.
        RuntimeError: when it runs, if what is installed cannot serve the method.
    """

    def __init__(
        self,
        method: str = "tvl1",
        bound: float = 20,
        *,
        size: Sequence[int] | None = None,
        short_side: int | None = None,
    ) -> None:
        super().__init__(size, short_side)
        if method not in FLOW_METHODS:
            raise ValueError(f"method={method!r} is unknown; known: {', '.join(FLOW_METHODS)}")
        if bound <= 0:
            raise ValueError(f"bound={bound} must be positive")
        self.method, self.bound = method, bound
        self._made: tuple[int, FlowMethod] | None = None  # by which process, what

    def transform(self, results: dict) -> dict:
        """Replace the reader by the flow fields, in the order of ``frame_inds``."""
        fields, frames = self._read(results)
        method = self._flow_method()
        prepared = {number: method.prepare(frame) for number, frame in frames.items()}
        levels = self._levels(method, prepared, sorted(set(fields.tolist())))
        set_images(results, in_order(levels, fields.tolist()))
        return results

    def _levels(self, method: FlowMethod, prepared: Mapping[int, Any], fields: Sequence[int]) -> dict[int, np.ndarray]:
        levels: dict[int, np.ndarray] = {}
        for first in range(0, len(fields), method.batch_size):
            batch = fields[first : first + method.batch_size]
            flows = method.flows([(prepared[field], prepared[field + 1]) for field in batch])
            levels.update((field, quantize_flow(flow, self.bound)) for field, flow in zip(batch, flows))
        return levels

    def _flow_method(self) -> FlowMethod:
        """The method, made by the process that uses it: it may hold threads, memory and what cannot be pickled."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), make_flow_method(self.method))
        return self._made[1]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": None}

    def __repr__(self) -> str:
        base = f"{type(self).__name__}(method={self.method!r}, bound={self.bound})"
        return extended_repr(self, base, {"size": None, "short_side": None})


@TRANSFORMS.register_module()
class DecodeFlowFrames(_FlowDecode):
    """Reads the frames that the sampled flow fields lie between; the model's device computes the flow.

    For ``ActionDataPreprocessor(flow=...)``. Crops and flips that follow are left to the device too
    (``on_device=True``), since flow is computed from whole frames, as in extraction.

    Required Keys:

    - video_reader
    - frame_inds
    - clip_len
    - modality
    - start_index (optional)

    Added Keys:

    - imgs
    - original_shape
    - img_shape
    - flow_pairs

    Modified Keys:

    - video_reader
    - frame_inds

    ``imgs`` are the distinct frames, RGB ``(H, W, 3)``, in order of time; ``flow_pairs``, int ``(snippets, clip_len,
    2)``, names for each field the two that it lies between, by their places in ``imgs``.

    Args:
        size: (width, height) to resize frames to before the flow is computed; the original takes (340, 256).
        short_side: or the length of the shorter side, the aspect being kept.

    Raises:
        ValueError: for numbers that are not positive, and both ``size`` and ``short_side``; when it runs, if the data
            set's modality is not flow.
    """

    def __init__(self, *, size: Sequence[int] | None = None, short_side: int | None = None) -> None:
        super().__init__(size, short_side)

    def transform(self, results: dict) -> dict:
        """Replace the reader by the distinct frames, and say which belong together."""
        fields, frames = self._read(results)
        numbers = np.array(list(frames))
        pairs = np.searchsorted(numbers, np.stack([fields, fields + 1], axis=-1))
        results["flow_pairs"] = pairs.reshape(-1, results["clip_len"], 2)
        set_images(results, list(frames.values()))
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, short_side={self.short_side})"
