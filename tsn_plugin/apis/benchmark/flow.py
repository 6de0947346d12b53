"""Optical flow: frame pairs per second of each method, and how far its flow is from that of OpenCV's TV-L1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tsn_plugin.apis.benchmark.timing import Timing, time_in_turns
from tsn_plugin.ops.device_flow import TensorTVL1
from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.ops.optical_flow import OpenCVFlow, frame_pairs, make_flow_method
from tsn_plugin.readers import open_video

OPENCV = "OpenCV tvl1"
#: half a quantisation step of flow that is stored with the original's bound of 20 pixels
_HALF_STEP = 20 / 255


def compare_flow(
    video: str | Path,
    methods: Sequence[str],
    *,
    size: tuple[int, int] = (340, 256),
    num_pairs: int = 8,
    rounds: int = 3,
    device: str | None = None,
    batch_sizes: Sequence[int] = (),
    compiled: bool = False,
) -> Timing:
    """Seconds per frame pair of each method on one video, beside OpenCV's TV-L1 on one core.

    Args:
        video: file.
        methods: keys of :data:`~tsn_plugin.ops.optical_flow.FLOW_METHODS`.
        size: ``(width, height)`` of the frames.
        num_pairs: pairs of neighbouring frames, from the middle of the video.
        rounds: how often each method is timed.
        device: torch device on which TV-L1 is measured too, once for each of ``batch_sizes``.
        batch_sizes: pairs at a time; more than ``num_pairs`` repeat them.
        compiled: whether TV-L1 on the device is compiled.

    Raises:
        ValueError: if the video has too few frames, or for an unknown method.
    """
    cv2.setNumThreads(1)  # as in the worker processes of an extraction
    frames = _middle_frames(video, num_pairs + 1, size)
    ways = {OPENCV: _Way(OpenCVFlow(cv2.optflow.DualTVL1OpticalFlow_create()), frames, num_pairs)}
    ways |= {method: _Way(make_flow_method(method), frames, num_pairs) for method in methods}
    for batch in batch_sizes:
        method = TensorTVL1(device or "cpu", batch_size=batch, compiled=compiled)
        ways[f"tvl1 {device or 'cpu'}, {batch} at a time"] = _Way(method, frames, max(batch, num_pairs))
    taken = time_in_turns(ways, rounds=rounds, text=Path(video).name)
    seconds = {name: taken[name] / ways[name].num_pairs for name in ways}
    reference = ways[OPENCV].flows
    facts = {name: {"pairs/s": f"{1 / seconds[name]:.1f}", **_distance(ways[name].flows, reference)} for name in ways}
    return Timing(Path(video).name, seconds, facts, baseline=OPENCV)


class _Way:
    """A method and its prepared pairs; called, it computes their flow and keeps it."""

    def __init__(self, method: FlowMethod, frames: Sequence[np.ndarray], num_pairs: int) -> None:
        prepared: list[Any] = [method.prepare(frame) for frame in frames]
        self.pairs = list(islice(cycle(frame_pairs(prepared)), num_pairs))
        self.flows_of: Callable[[Sequence], list[np.ndarray]] = method.flows
        self.batch_size, self.num_pairs = method.batch_size, num_pairs
        self.flows: list[np.ndarray] = []

    def __call__(self, number: int) -> None:
        starts = range(0, self.num_pairs, self.batch_size)
        self.flows = [flow for start in starts for flow in self.flows_of(self.pairs[start : start + self.batch_size])]


def _distance(flows: Sequence[np.ndarray], reference: Sequence[np.ndarray]) -> dict[str, str]:
    """Mean end-point difference in pixels, and the share of values within half a quantisation step."""
    differences = np.stack(flows[: len(reference)]) - np.stack(reference)
    within = (np.abs(differences) <= _HALF_STEP).mean()
    return {"mean EPE px": f"{np.linalg.norm(differences, axis=-1).mean():.3f}", "within 1/2 step": f"{within:.1%}"}


def _middle_frames(video: str | Path, count: int, size: tuple[int, int]) -> list[np.ndarray]:
    with open_video(video) as reader:
        if reader.num_frames < count:
            raise ValueError(f"{video} has {reader.num_frames} frames, fewer than the {count} of --pairs plus one")
        start = (reader.num_frames - count) // 2
        frames = reader.read(range(start, start + count))
    return [cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR) for frame in frames]
