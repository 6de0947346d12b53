"""The size at which flow is computed: frames are resized first, by one rule in extraction and on the fly."""

from __future__ import annotations

import cv2
import numpy as np

Size = tuple[int, int]  # width, height


def check_frame_size(size: Size | None, short_side: int | None) -> None:
    """Check the arguments of :func:`resized_size`.

    Raises:
        ValueError: if a number is not positive, or both are given.
    """
    if size is not None and (len(size) != 2 or min(size) <= 0):
        raise ValueError(f"size={size} must be two positive numbers: width, height")
    if short_side is not None and short_side <= 0:
        raise ValueError(f"short_side={short_side} must be positive")
    if size is not None and short_side is not None:
        raise ValueError(f"size={size} and short_side={short_side} exclude each other")


def resized_size(frame_size: Size, *, size: Size | None = None, short_side: int | None = None) -> Size:
    """The ``(width, height)`` that frames of ``frame_size`` (width, height) are resized to.

    >>> resized_size((320, 240), size=(340, 256)), resized_size((320, 240), short_side=256), resized_size((320, 240))
    ((340, 256), (341, 256), (320, 240))

    Args:
        frame_size: width and height of the video's frames.
        size: width and height, whatever the frames have.
        short_side: or the length of the shorter side, the aspect being kept.
    """
    if size is not None:
        return tuple(size)
    if short_side is None:
        return frame_size
    scale = short_side / min(frame_size)
    return round(frame_size[0] * scale), round(frame_size[1] * scale)


def resized_frame(frame: np.ndarray, *, size: Size | None = None, short_side: int | None = None) -> np.ndarray:
    """``frame (H, W, C)`` at the size of :func:`resized_size`, bilinear; itself, if it has that size.

    Source: dense_flow ``dense_flow_gpu.cpp`` (``cv::resize`` with its default interpolation).
    """
    frame_size = (frame.shape[1], frame.shape[0])
    target = resized_size(frame_size, size=size, short_side=short_side)
    return frame if target == frame_size else cv2.resize(frame, target, interpolation=cv2.INTER_LINEAR)
