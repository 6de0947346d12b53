"""Median filter of 5 x 5 pixels by exchanges of whole images, which suits tensor devices."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

# pairs to put in order one after the other so that five values end up sorted
_SORT_5 = ((0, 1), (3, 4), (2, 4), (2, 3), (1, 4), (0, 3), (0, 2), (1, 3), (1, 2))
# (row, column) of those values of a 5 x 5 matrix, sorted along both axes, that can be its median: fewer than 13 values
# are known to lie below and fewer than 13 above. Six lie below all others that can, six above.
_CANDIDATES = tuple(
    (row, column)
    for row in range(5)
    for column in range(5)
    if (row + 1) * (column + 1) <= 13 and (5 - row) * (5 - column) <= 13
)


def median_5x5(images: Tensor) -> Tensor:
    """The median of the 5 x 5 pixels around each pixel of ``images (N, C, H, W)``; the border repeats its pixels."""
    padded = F.pad(images, (2, 2, 2, 2), mode="replicate")
    height, width = images.shape[-2:]
    by_rank = _sorted_5([padded[..., row : row + height, :] for row in range(5)])  # within columns of five pixels
    matrix = [_sorted_5([rank[..., column : column + width] for column in range(5)]) for rank in by_rank]
    return _median([matrix[row][column] for row, column in _CANDIDATES])


def _sorted_5(values: Sequence[Tensor]) -> list[Tensor]:
    values = list(values)
    for first, second in _SORT_5:
        _exchange(values, first, second)
    return values


def _exchange(values: list[Tensor], first: int, second: int) -> None:
    low, high = values[first], values[second]
    values[first], values[second] = torch.minimum(low, high), torch.maximum(low, high)


def _median(values: Sequence[Tensor]) -> Tensor:
    """The median of an odd number of values.

    Of any ``n // 2 + 2`` of ``n`` values neither the least nor the greatest is the median: both are dropped, and the
    next value joins the rest.
    """
    waiting = list(values)
    kept = [waiting.pop() for _ in range(len(waiting) // 2 + 2)]
    while len(kept) > 1:
        _extremes_to_ends(kept)
        kept = kept[1:-1] + ([waiting.pop()] if waiting else [])
    return kept[0]


def _extremes_to_ends(values: list[Tensor]) -> None:
    """Bring the least value to the front and the greatest to the end."""
    half = len(values) // 2
    for low in range(half):
        _exchange(values, low, len(values) - 1 - low)
    lows, highs = range(1, (len(values) + 1) // 2), range(half, len(values) - 1)
    for low in lows:
        _exchange(values, 0, low)
    for high in highs:
        _exchange(values, high, len(values) - 1)
