"""Optical flow stored as 8-bit levels: zero motion is level 128, x and y are channels or planes of their own.

Two layouts are in use: one array ``(H, W, 2)`` per flow field (MMAction2 1.2) and alternating ``(H, W)`` planes x, y,
x, y (MMAction2 1.1 and the originals). Network input has the channels x1 y1 x2 y2 ... in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import cv2
import numpy as np
import torch

Levels = TypeVar("Levels", np.ndarray, torch.Tensor)


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


def negated_levels(levels: Levels, *, legacy: bool = False) -> Levels:
    """Levels of the opposite motion: ``256 - v``, at most 255, so that zero motion (128) stays zero.

    With ``legacy`` the original's ``255 - v``, which turns 128 into 127.

    >>> negated_levels(np.array([0, 1, 127, 128, 255], dtype=np.uint8)).tolist()
    [255, 255, 129, 128, 1]

    Source: tsn-pytorch ``transforms.py``, Caffe TSN ``data_transformer.cpp`` for ``legacy``.
    """
    inverted = 255 - levels
    return inverted if legacy else inverted.clip(max=254) + 1  # never leaves the range of uint8


def are_planes(flow_images: Sequence[np.ndarray]) -> bool:
    """Tell which of the two layouts a video's flow has: ``True`` for alternating planes.

    Raises:
        ValueError: if the images have neither layout.
    """
    shape = np.shape(flow_images[0])
    if len(shape) == 2:
        return True
    if len(shape) == 3 and shape[2] == 2:
        return False
    raise ValueError(f"flow images have shape {shape}; expected (H, W, 2), or (H, W) planes x, y in turn")


def mirrored_images(images: Sequence[np.ndarray], *, is_flow: bool = False, legacy: bool = False) -> list[np.ndarray]:
    """``images`` mirrored left to right, as new arrays; the x component of flow changes its sign.

    Args:
        images: arrays ``(H, W, C)``; flow in either layout.
        is_flow: the images are optical flow.
        legacy: negate flow as the original does, see ``negated_levels``.

    Raises:
        ValueError: for flow in an unknown layout.
    """
    mirrored = [cv2.flip(image, 1).reshape(image.shape) for image in images]  # cv2 drops a single channel's axis
    if not is_flow:
        return mirrored
    if are_planes(images):
        mirrored[::2] = [negated_levels(plane, legacy=legacy) for plane in mirrored[::2]]
    else:
        for image in mirrored:
            image[..., 0] = negated_levels(image[..., 0], legacy=legacy)
    return mirrored


def mirrored_snippets(snippets: torch.Tensor, *, is_flow: bool = False, legacy: bool = False) -> torch.Tensor:
    """Snippets ``(..., C, H, W)`` mirrored left to right; in flow every even channel (x) changes its sign.

    Args:
        snippets: raw levels; channels of flow are x1 y1 x2 y2 ...
        is_flow: the snippets are optical flow.
        legacy: negate flow as the original does, see ``negated_levels``.
    """
    mirrored = snippets.flip(-1)
    if is_flow:
        mirrored[..., ::2, :, :] = negated_levels(mirrored[..., ::2, :, :], legacy=legacy)
    return mirrored
