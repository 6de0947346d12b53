"""``MultiScaleCrop``: one random crop per video in training."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from mmaction.datasets.transforms import MultiScaleCrop as _MultiScaleCrop
from mmaction.datasets.transforms.processing import _combine_quadruple, _init_lazy_if_proper

from tsn_plugin.ops.crops import Size, fixed_offsets, multi_scale_sizes
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import extended_repr, leave_to_device


def _resolved_alias(name: str, value: Any, default: Any, alias: str, alias_value: Any) -> Any:
    """``alias_value`` where it is given, else ``value``; both are in the terms of ``name``.

    Raises:
        ValueError: if both are given and contradict each other.
    """
    if alias_value is None:
        return value
    if value not in (default, alias_value):
        raise ValueError(f"{alias} says {name}={alias_value}, but {name}={value} is given too: leave one of them out")
    return alias_value


@TRANSFORMS.register_module()
class MultiScaleCrop(_MultiScaleCrop):
    """One random crop for all images of a video, with sides from a list of scales, at random or fixed places.

    MMAction2's ``MultiScaleCrop``, same draws included, which is the algorithm of both original codes; their names for
    its settings are understood too. Where a side within 3 px of the network input would be snapped to it and thereby
    exceed the image, it is left as it is, so that the crop stays inside.

    Required Keys:

    - imgs (optional)
    - img_shape (optional)
    - keypoint (optional)

    Added Keys:

    - crop_bbox
    - crop_quadruple
    - img_shape
    - scales
    - view_boxes (optional)
    - view_size (optional)

    Modified Keys:

    - imgs (optional)
    - keypoint (optional)
    - lazy (optional)
    - gt_bboxes (optional)
    - proposals (optional)

    With ``on_device`` nothing is cropped, and two keys take the place of all others: ``view_boxes``, int array
    ``(1, 5)`` with x, y, width, height, mirror, and ``view_size``, the ``input_size`` that the crop is resized to.

    Args:
        input_size: the network's input, one number or (width, height).
        scales: sides of the crop in units of the image's shorter side; a list will do.
        max_wh_scale_gap: how many places apart in ``scales`` the scales of width and height may be.
        random_crop: crop anywhere instead of at the fixed places.
        num_fixed_crops: 5 places (corners, centre) or 13 (edges and quarters too).
        lazy: leave the pixels to ``Fuse``.
        fix_crop: the originals' name for ``not random_crop``.
        more_fix_crop: the originals' name for ``num_fixed_crops=13`` (``True``, as all their networks have it) or 5.
        max_distort: the originals' name for ``max_wh_scale_gap``.
        on_device: leave cropping, and resizing to ``input_size``, to ``ActionDataPreprocessor``; no ``Resize`` follows,
            and ``Flip`` has to be left to it too.

    Raises:
        TypeError: if ``input_size`` or ``scales`` are no numbers.
        ValueError: for another number of places than 5 or 13, for an original's keyword that contradicts MMAction2's,
            and for ``lazy`` and ``on_device`` together.
    """

    def __init__(
        self,
        input_size: int | Sequence[int],
        scales: Sequence[float] = (1,),
        max_wh_scale_gap: int = 1,
        random_crop: bool = False,
        num_fixed_crops: int = 5,
        lazy: bool = False,
        *,
        fix_crop: bool | None = None,
        more_fix_crop: bool | None = None,
        max_distort: int | None = None,
        on_device: bool = False,
    ) -> None:
        if lazy and on_device:
            raise ValueError("lazy=True and on_device=True name two places for the same work: choose one")
        anywhere = None if fix_crop is None else not fix_crop
        num_places = None if more_fix_crop is None else (13 if more_fix_crop else 5)
        super().__init__(
            input_size,
            tuple(scales) if isinstance(scales, list) else scales,
            _resolved_alias("max_wh_scale_gap", max_wh_scale_gap, 1, "max_distort", max_distort),
            _resolved_alias("random_crop", random_crop, False, "fix_crop", anywhere),
            _resolved_alias("num_fixed_crops", num_fixed_crops, 5, "more_fix_crop", num_places),
            lazy,
        )
        self.on_device = on_device

    def transform(self, results: dict) -> dict:
        """Crop the video; see the class."""
        _init_lazy_if_proper(results, self.lazy)
        for key in ("keypoint", "gt_bboxes"):
            if (self.lazy or self.on_device) and key in results:
                mode = "lazy" if self.lazy else "on_device"
                raise ValueError(f"MultiScaleCrop({mode}=True) cannot crop {key!r}: use {mode}=False")
        height, width = results["img_shape"]
        x, y, crop_width, crop_height = self._draw_box((width, height))
        if self.on_device:
            results["view_size"] = tuple(self.input_size)
            return leave_to_device(results, np.array([[x, y, crop_width, crop_height, 0]]))
        box = np.array([x, y, x + crop_width, y + crop_height])
        results["crop_bbox"] = box
        results["img_shape"] = (crop_height, crop_width)
        results["scales"] = self.scales
        relative = (x / width, y / height, crop_width / width, crop_height / height)
        before = results.get("crop_quadruple", np.array([0, 0, 1, 1], dtype=np.float32))
        results["crop_quadruple"] = np.array(_combine_quadruple(before, relative), dtype=np.float32)
        if self.lazy:
            _crop_lazily(results["lazy"], box, (width, height))
        else:
            self._crop(results, box)
        return results

    def _draw_box(self, image_size: Size) -> tuple[int, int, int, int]:
        """Place and size ``(x, y, width, height)`` of the crop, with the draws MMAction2 makes."""
        sizes = multi_scale_sizes(image_size, self.scales, self.input_size, max_distort=self.max_wh_scale_gap)
        crop_width, crop_height = random.choice(sizes)
        if self.random_crop:
            x = random.randint(0, image_size[0] - crop_width)
            y = random.randint(0, image_size[1] - crop_height)
        else:
            more = self.num_fixed_crops == 13
            x, y = random.choice(fixed_offsets(image_size, (crop_width, crop_height), more=more))
        return x, y, crop_width, crop_height

    def _crop(self, results: dict, box: np.ndarray) -> None:
        if "keypoint" in results:
            results["keypoint"] = self._crop_kps(results["keypoint"], box)
        if "imgs" in results:
            results["imgs"] = self._crop_imgs(results["imgs"], box)
        if "gt_bboxes" in results:
            self._all_box_crop(results, box)

    def __repr__(self) -> str:
        return extended_repr(self, super().__repr__(), {"on_device": False})


def _crop_lazily(lazy: dict, box: np.ndarray, image_size: Size) -> None:
    """Narrow the pending crop of MMAction2's lazy mode by ``box`` (x1, y1, x2, y2) of the present image.

    Raises:
        ValueError: if a flip is pending: it would have to come first.
    """
    if lazy["flip"]:
        raise ValueError("in lazy mode Flip must come after every crop")
    left, top, right, bottom = lazy["crop_bbox"]
    pending_size = np.array([right - left, bottom - top] * 2)
    corners = np.array([left, top] * 2) + box * pending_size / np.array(image_size * 2)
    lazy["crop_bbox"] = corners.astype(np.float32)
