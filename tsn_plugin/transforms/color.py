"""Colour jitter that runs on NumPy 2."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmaction.datasets.transforms import ColorJitter as _ColorJitter

from tsn_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class ColorJitter(_ColorJitter):
    """MMAction2's jitter of brightness, contrast, saturation and hue, one draw for all frames of a video.

    Upstream fault: with NumPy 2 MMAction2 1.2.0 raises ``OverflowError`` whenever the drawn hue is negative, since it
    adds a negative number to uint8. The result is otherwise the same.

    Required Keys:

        - imgs

    Modified Keys:

        - imgs

    Args:
        brightness: range ``(1 - b, 1 + b)`` of the factor, or the range itself.
        contrast: likewise.
        saturation: likewise.
        hue: range ``(-h, h)`` of the shift, or the range itself.
    """

    def __init__(
        self,
        brightness: float | Sequence[float] = 0.5,
        contrast: float | Sequence[float] = 0.5,
        saturation: float | Sequence[float] = 0.5,
        hue: float | Sequence[float] = 0.1,
    ) -> None:
        ranges = (brightness, contrast, saturation, hue)
        super().__init__(*(tuple(value) if isinstance(value, Sequence) else value for value in ranges))

    @staticmethod
    def adjust_hue(img: np.ndarray, factor: float) -> np.ndarray:
        """Image ``(H, W, 3)`` RGB with its hue shifted by ``factor * 255`` of OpenCV's 180 steps."""
        hsv = cv2.cvtColor(np.clip(img, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(factor * 255)) % 180
        return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.float32)
