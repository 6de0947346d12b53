"""Which rectangles of an image are cropped, in training and in testing.

Sizes are ``(width, height)``, as in MMAction2's arguments. A view box is ``(x, y, width, height, mirror)`` in pixels,
with ``mirror`` 1 for a view that is mirrored after cropping.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

import numpy as np

Size = tuple[int, int]  # width, height


def check_crop_fits(image_size: Size, crop_size: Size) -> None:
    """Check that a crop fits into the image.

    Raises:
        ValueError: if it does not. MMAction2 goes on with crops that are empty or out of place.
    """
    if crop_size[0] > image_size[0] or crop_size[1] > image_size[1]:
        raise ValueError(
            f"crop_size={tuple(crop_size)} (width, height) does not fit into images of "
            f"{image_size[0]}x{image_size[1]}: enlarge them with Resize first, or crop less"
        )


def multi_scale_sizes(
    image_size: Size, scales: Sequence[float], input_size: Size, *, max_distort: int = 1
) -> list[tuple[int, int]]:
    """Crop sizes ``(width, height)`` to choose from: each side is a scale of the image's shorter side.

    >>> multi_scale_sizes((340, 256), scales=(1, 0.875), input_size=(224, 224), max_distort=0)
    [(256, 256), (224, 224)]

    Args:
        image_size: width and height of the image.
        scales: from large to small.
        input_size: the network's input. A side less than 3 px away from it becomes equal to it where the image is large
            enough (the originals and MMAction2 do not check that, and then crop out of place).
        max_distort: how many places apart in ``scales`` the scales of width and height may be.

    Source: tsn-pytorch ``transforms.py``, Caffe TSN ``data_transformer.cpp``: the same algorithm.
    """
    sides = [int(min(image_size) * scale) for scale in scales]

    def snapped(side: int, axis: int) -> int:
        near = abs(side - input_size[axis]) < 3 and input_size[axis] <= image_size[axis]
        return input_size[axis] if near else side

    return [
        (snapped(width, 0), snapped(height, 1))
        for row, height in enumerate(sides)
        for column, width in enumerate(sides)
        if abs(row - column) <= max_distort
    ]


def fixed_offsets(image_size: Size, crop_size: Size, *, more: bool = False) -> list[tuple[int, int]]:
    """Places ``(x, y)`` of a crop on a grid of quarters: corners and centre, with ``more`` 8 places between them.

    The places at the right and at the bottom are up to 3 px short of the border, since the grid's step is a whole
    number.

    >>> fixed_offsets((341, 256), (224, 224))
    [(0, 0), (116, 0), (0, 32), (116, 32), (58, 16)]

    Source: tsn-pytorch ``transforms.py`` (``more_fix_crop``), Caffe TSN ``data_transformer.cpp``.
    """
    x, y = ((image_side - crop_side) // 4 for image_side, crop_side in zip(image_size, crop_size))
    corners_and_center = [(0, 0), (4 * x, 0), (0, 4 * y), (4 * x, 4 * y), (2 * x, 2 * y)]
    if not more:
        return corners_and_center
    edges = [(0, 2 * y), (4 * x, 2 * y), (2 * x, 4 * y), (2 * x, 0)]
    quarters = [(x, y), (3 * x, y), (x, 3 * y), (3 * x, 3 * y)]
    return corners_and_center + edges + quarters


def corner_offsets(image_size: Size, crop_size: Size) -> list[tuple[int, int]]:
    """Places ``(x, y)`` of a crop exactly in the corners, then in the centre.

    >>> corner_offsets((341, 256), (224, 224))
    [(0, 0), (117, 0), (0, 32), (117, 32), (58, 16)]

    Source: Caffe's ``python/caffe/io.py`` (``oversample``).
    """
    right, bottom = image_size[0] - crop_size[0], image_size[1] - crop_size[1]
    return [(0, 0), (right, 0), (0, bottom), (right, bottom), (right // 2, bottom // 2)]


def _boxes(offsets: Sequence[tuple[int, int]], crop_size: Size, mirror: int = 0) -> list[tuple[int, ...]]:
    return [(x, y, *crop_size, mirror) for x, y in offsets]


def center_crop_box(image_size: Size, crop_size: Size) -> np.ndarray:
    """View box of the central crop, shape ``(1, 5)``.

    Raises:
        ValueError: if the crop does not fit.
    """
    check_crop_fits(image_size, crop_size)
    return np.array(_boxes(corner_offsets(image_size, crop_size)[4:], crop_size))


def three_crop_boxes(image_size: Size, crop_size: Size) -> np.ndarray:
    """View boxes along the longer side (first, last, middle), shape ``(3, 5)``.

    Raises:
        ValueError: if the crop does not fit, or fills neither the width nor the height.

    Source: MMAction2 1.2.0 ``ThreeCrop``.
    """
    check_crop_fits(image_size, crop_size)
    if crop_size[0] != image_size[0] and crop_size[1] != image_size[1]:
        raise ValueError(
            f"crop_size={tuple(crop_size)} (width, height) must fill the width or the height of the images, which are "
            f"{image_size[0]}x{image_size[1]}: Resize their shorter side to it first"
        )
    x, y = ((image_side - crop_side) // 2 for image_side, crop_side in zip(image_size, crop_size))
    return np.array(_boxes([(0, 0), (2 * x, 2 * y), (x, y)], crop_size))


def _mmaction2_ten_crops(image_size: Size, crop_size: Size) -> list[tuple[int, ...]]:
    plain = _boxes(fixed_offsets(image_size, crop_size), crop_size)
    return [box for x, y, w, h, _ in plain for box in ((x, y, w, h, 0), (x, y, w, h, 1))]


def _caffe_ten_crops(image_size: Size, crop_size: Size) -> list[tuple[int, ...]]:
    offsets = corner_offsets(image_size, crop_size)
    return _boxes(offsets, crop_size) + _boxes(offsets, crop_size, mirror=1)


TEN_CROP_LAYOUTS: dict[str, Callable[[Size, Size], list[tuple[int, ...]]]] = {
    "mmaction2": _mmaction2_ten_crops,
    "caffe": _caffe_ten_crops,
}


def ten_crop_boxes(image_size: Size, crop_size: Size, *, layout: str = "mmaction2") -> np.ndarray:
    """View boxes of four corners and centre, plain and mirrored, shape ``(10, 5)``.

    Args:
        image_size: width and height of the image.
        crop_size: width and height of the crops.
        layout: ``'mmaction2'`` (as tsn-pytorch): corners on the grid of quarters, each crop followed by its mirror
            image; ``'caffe'``: exact corners, five crops, then their five mirror images.

    Raises:
        ValueError: if the crop does not fit, or the layout is unknown.
    """
    if layout not in TEN_CROP_LAYOUTS:
        raise ValueError(f"layout={layout!r} is unknown; known: {', '.join(TEN_CROP_LAYOUTS)}")
    check_crop_fits(image_size, crop_size)
    return np.array(TEN_CROP_LAYOUTS[layout](image_size, crop_size))
