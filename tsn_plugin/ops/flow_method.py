"""What every way to compute optical flow offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np


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
