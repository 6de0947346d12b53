"""Optical flow of neighbouring frames: methods behind one interface, and which frames are neighbours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import metadata
from itertools import islice
from typing import Any, TypeVar

import cv2
import numpy as np

T = TypeVar("T")


class FlowMethod(ABC):
    """A way to compute optical flow.

    A frame is prepared once, though it belongs to two pairs. Pairs are given in batches, which a method on a tensor
    device computes together.

    Attributes:
        batch_size: pairs that :meth:`flows` is best given at a time.
    """

    batch_size: int = 1

    def prepare(self, frame: np.ndarray) -> Any:
        """What :meth:`flows` needs of a frame uint8 ``(H, W, 3)``, RGB; by default the grey image ``(H, W)``."""
        return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)

    @abstractmethod
    def flows(self, pairs: Sequence[tuple[Any, Any]]) -> list[np.ndarray]:
        """The flow of each pair of prepared frames: float32 ``(H, W, 2)``, x and y in pixels."""


class OpenCVFlow(FlowMethod):
    """A dense flow algorithm of OpenCV on grey images."""

    def __init__(self, algorithm: cv2.DenseOpticalFlow) -> None:
        self.algorithm = algorithm

    def flows(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
        """The flow of each pair of grey images."""
        return [self.algorithm.calc(previous, current, None) for previous, current in pairs]


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


def tvl1() -> FlowMethod:
    """TV-L1 with OpenCV's default parameters, as in the original's extraction: accurate, and slow.

    Raises:
        RuntimeError: if the installed OpenCV lacks its contrib modules.
    """
    if not hasattr(cv2, "optflow"):
        raise RuntimeError(
            "method='tvl1' needs cv2.optflow, which only the contrib wheel of OpenCV holds. Where opencv-python was "
            "installed over it, mend it with: pip install --force-reinstall --no-deps "
            f"opencv-contrib-python{_contrib_version()}. Or take the quick method='dis'"
        )
    return OpenCVFlow(cv2.optflow.DualTVL1OpticalFlow_create())


def dis() -> FlowMethod:
    """Dense inverse search, medium preset: some hundred times as fast as TV-L1, smoother at motion borders."""
    return OpenCVFlow(cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM))


def farneback() -> FlowMethod:
    """Farnebaeck's polynomial expansion with the parameters of the original's CPU tool.

    Source: dense_flow ``dense_flow.cpp``.
    """
    return OpenCVFlow(
        cv2.FarnebackOpticalFlow_create(
            numLevels=5, pyrScale=0.702, winSize=10, numIters=2, polyN=7, polySigma=1.5,
            flags=cv2.OPTFLOW_FARNEBACK_GAUSSIAN,
        )
    )  # fmt: skip


#: Flow methods by the name that ``--method`` takes; each value makes a :class:`FlowMethod`.
FLOW_METHODS: dict[str, Callable[[], FlowMethod]] = {"tvl1": tvl1, "dis": dis, "farneback": farneback}


def make_flow_method(method: str) -> FlowMethod:
    """The flow method called ``method``.

    Raises:
        ValueError: for an unknown name; the message lists the known ones.
        RuntimeError: if what is installed cannot serve it.
    """
    if method not in FLOW_METHODS:
        raise ValueError(f"method={method!r} is unknown; known: {', '.join(FLOW_METHODS)}")
    return FLOW_METHODS[method]()


def _contrib_version() -> str:
    try:
        return f"=={metadata.version('opencv-contrib-python')}"
    except metadata.PackageNotFoundError:
        return ""
