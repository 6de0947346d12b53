"""Optical flow of neighbouring frames: methods behind one interface, and which frames are neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata
from importlib.util import find_spec
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np

from tsn_plugin.ops.flow_method import FlowMethod

T = TypeVar("T")


class FunctionFlow(FlowMethod):
    """A function of two grey images uint8 ``(H, W)``."""

    def __init__(self, function: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
        self.function = function

    def flows(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """The flow of each pair of grey images."""
        return [self.function(previous, current) for previous, current in pairs]


class OpenCVFlow(FunctionFlow):
    """A dense flow algorithm of OpenCV on grey images."""

    def __init__(self, algorithm: cv2.DenseOpticalFlow) -> None:
        super().__init__(lambda previous, current: algorithm.calc(previous, current, None))


def frame_pairs(frames: Iterable[T], *, step: int = 1) -> Iterator[tuple[T, T]]:
    """Pairs of neighbouring frames, of which only two are held at a time.

    ``F`` frames give ``F - 1`` pairs (``step`` 1). The image stored beside a pair is its second frame, so the first
    frame of a video is stored nowhere, and ``img_00001`` is decoded frame 1. With a larger ``step`` only every
    ``step``-th frame is used.

    >>> list(frame_pairs("abcd"))
    [('a', 'b'), ('b', 'c'), ('c', 'd')]
    >>> list(frame_pairs("abcdef", step=2))
    [('a', 'c'), ('c', 'e')]

    Source: dense_flow ``dense_flow_gpu.cpp``.

    Raises:
        ValueError: if ``step`` is not positive.
    """
    if step < 1:
        raise ValueError(f"step={step} must be at least 1")
    sampled = islice(frames, 0, None, step)
    previous = next(sampled, None)
    for current in sampled:
        yield previous, current
        previous = current


def tvl1(*, device: str | None = None, weights: str | None = None) -> FlowMethod:
    """TV-L1 with OpenCV's default parameters, as in the original's extraction.

    On a CPU compiled by Numba (extra ``flow``), else OpenCV's own, which gives the same bits and takes some six times
    as long; on another device the batched one of :mod:`tsn_plugin.ops.tvl1`.

    Raises:
        RuntimeError: if there is no Numba and the installed OpenCV lacks its contrib modules.
        ValueError: if weights are given.
    """
    _refuse("tvl1", weights=weights)
    if not _is_cpu(device):
        from tsn_plugin.ops.device_flow import TensorTVL1

        return TensorTVL1(device)
    if find_spec("numba") is not None:
        from tsn_plugin.ops.tvl1_numba import dual_tvl1_numba

        return FunctionFlow(dual_tvl1_numba)
    return _opencv_tvl1()


def dis(*, device: str | None = None, weights: str | None = None) -> FlowMethod:
    """Dense inverse search, medium preset: much faster than TV-L1, smoother at motion borders.

    Raises:
        ValueError: if weights or a device are given.
    """
    _refuse("dis", device=device, weights=weights)
    return OpenCVFlow(cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM))


def farneback(*, device: str | None = None, weights: str | None = None) -> FlowMethod:
    """Farnebaeck's polynomial expansion with the parameters of the original's CPU tool.

    Source: dense_flow ``dense_flow.cpp``.

    Raises:
        ValueError: if weights or a device are given.
    """
    _refuse("farneback", device=device, weights=weights)
    pyramid = dict(numLevels=5, pyrScale=0.702, winSize=10, numIters=2)
    polynomial = dict(polyN=7, polySigma=1.5, flags=cv2.OPTFLOW_FARNEBACK_GAUSSIAN)
    return OpenCVFlow(cv2.FarnebackOpticalFlow_create(**pyramid, **polynomial))


def raft(*, device: str | None = None, weights: str | None = None) -> FlowMethod:
    """RAFT, a network (torchvision's ``raft_large``); not what the published models were trained on.

    Raises:
        RuntimeError: if torchvision is not installed.
        ValueError: if ``weights`` are those of another network.
    """
    from tsn_plugin.ops.device_flow import RAFT

    return RAFT(device or "cpu", weights=weights)


def warped_tvl1(*, device: str | None = None, weights: str | None = None) -> FlowMethod:
    """TV-L1 after the camera's motion has been taken out of the second frame; errors as :func:`tvl1`."""
    from tsn_plugin.ops.warped_flow import WarpedFlow

    return WarpedFlow(tvl1(device=device, weights=weights))


def warped_dis(*, device: str | None = None, weights: str | None = None) -> FlowMethod:
    """Dense inverse search after the camera's motion has been taken out of the second frame; errors as :func:`dis`."""
    from tsn_plugin.ops.warped_flow import WarpedFlow

    return WarpedFlow(dis(device=device, weights=weights))


#: Flow methods by the name that ``--method`` takes; each value makes a :class:`~tsn_plugin.ops.flow_method.FlowMethod`.
FLOW_METHODS: dict[str, Callable[..., FlowMethod]] = {
    "tvl1": tvl1,
    "warped_tvl1": warped_tvl1,
    "dis": dis,
    "warped_dis": warped_dis,
    "farneback": farneback,
    "raft": raft,
}


def make_flow_method(method: str, *, device: str | None = None, weights: str | None = None) -> FlowMethod:
    """The flow method called ``method``.

    Args:
        method: a key of :data:`FLOW_METHODS`.
        device: torch device for the methods that can use one; default: the CPU.
        weights: file of the network's weights; default: torchvision's, which are downloaded.

    Raises:
        ValueError: for an unknown name (the message lists the known ones), or an argument that the method cannot use.
        RuntimeError: if what is installed cannot serve it.
    """
    if method not in FLOW_METHODS:
        raise ValueError(f"method={method!r} is unknown; known: {', '.join(FLOW_METHODS)}")
    return FLOW_METHODS[method](device=device, weights=weights)


def _refuse(method: str, *, device: str | None = None, weights: str | None = None) -> None:
    if not _is_cpu(device):
        raise ValueError(f"method={method!r} runs on the CPU alone, not on device={device!r}: leave the device out")
    if weights is not None:
        raise ValueError(f"method={method!r} takes no weights={weights!r}: leave them out, or use method='raft'")


def _is_cpu(device: str | None) -> bool:
    return device is None or device == "cpu"


def _opencv_tvl1() -> FlowMethod:
    if not hasattr(cv2, "optflow"):
        raise RuntimeError(
            "method='tvl1' needs Numba (pip install 'tsn_plugin[flow]'), or cv2.optflow, which only the contrib wheel "
            "of OpenCV holds. Where opencv-python was installed over it, mend it with: pip install --force-reinstall "
            f"--no-deps opencv-contrib-python{_contrib_version()}. Or take the quick method='dis'"
        )
    return OpenCVFlow(cv2.optflow.DualTVL1OpticalFlow_create())


def _contrib_version() -> str:
    try:
        return f"=={metadata.version('opencv-contrib-python')}"
    except metadata.PackageNotFoundError:
        return ""
