"""Optical flow of neighbouring frames, and which frames are neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from itertools import islice
from typing import TypeVar

import cv2
import numpy as np

T = TypeVar("T")
#: From two grey images (uint8, ``(H, W)``) to the flow between them (float32, ``(H, W, 2)``: x, y in pixels).
FlowFunction = Callable[[np.ndarray, np.ndarray], np.ndarray]


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


def quantize_flow(flow: np.ndarray, bound: float) -> np.ndarray:
    """Flow in pixels as levels, uint8 of the same shape: ``-bound`` is 0, ``bound`` 255, what lies beyond is clipped.

    Zero motion is level 128: halves are rounded to the even neighbour.

    >>> quantize_flow(np.array([-30.0, -20.0, 0.0, 0.08, 20.0, 30.0]), bound=20).tolist()
    [0, 0, 128, 128, 255, 255]

    Source: dense_flow ``common.cpp``.

    Raises:
        ValueError: if ``bound`` is not positive.
    """
    if bound <= 0:
        raise ValueError(f"bound={bound} must be positive")
    levels = np.rint(255 * (flow.astype(np.float64) + bound) / (2 * bound))
    return levels.clip(0, 255).astype(np.uint8)


def tvl1() -> FlowFunction:
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
    return _bind(cv2.optflow.DualTVL1OpticalFlow_create())


def dis() -> FlowFunction:
    """Dense inverse search, medium preset: some hundred times as fast as TV-L1, smoother at motion borders."""
    return _bind(cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM))


#: Flow methods by the name that ``--method`` takes; each value makes a :data:`FlowFunction`.
FLOW_METHODS: dict[str, Callable[[], FlowFunction]] = {"tvl1": tvl1, "dis": dis}


def make_flow_function(method: str) -> FlowFunction:
    """The flow function called ``method``.

    Raises:
        ValueError: for an unknown name; the message lists the known ones.
        RuntimeError: if the installed OpenCV cannot serve it.
    """
    if method not in FLOW_METHODS:
        raise ValueError(f"method={method!r} is unknown; known: {', '.join(FLOW_METHODS)}")
    return FLOW_METHODS[method]()


def _bind(algorithm: cv2.DenseOpticalFlow) -> FlowFunction:
    return lambda previous, current: algorithm.calc(previous, current, None)


def _contrib_version() -> str:
    try:
        return f"=={metadata.version('opencv-contrib-python')}"
    except metadata.PackageNotFoundError:
        return ""
