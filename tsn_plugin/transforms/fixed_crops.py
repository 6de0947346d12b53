"""Fixed crops of testing, one or several per image, cut here or left to the model's device."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from mmaction.datasets.transforms import CenterCrop as _CenterCrop
from mmaction.datasets.transforms.processing import _init_lazy_if_proper
from mmcv.transforms import BaseTransform

from tsn_plugin.ops.crops import (
    TEN_CROP_LAYOUTS,
    Size,
    center_crop_box,
    check_crop_fits,
    ten_crop_boxes,
    three_crop_boxes,
)
from tsn_plugin.ops.flow_encoding import mirrored_images
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import extended_repr, facts_of, leave_to_device


def _as_size(crop_size: int | Sequence[int]) -> tuple[int, int]:
    """``(width, height)`` from one number or two.

    Raises:
        TypeError: for anything else.
    """
    size = (crop_size, crop_size) if isinstance(crop_size, int) else crop_size
    if not isinstance(size, (tuple, list)) or len(size) != 2 or not all(isinstance(side, int) for side in size):
        raise TypeError(f"crop_size={crop_size!r} must be an int or (width, height)")
    return tuple(size)


@TRANSFORMS.register_module()
class CenterCrop(_CenterCrop):
    """MMAction2's ``CenterCrop``, which can leave the cropping to the model's device.

    Required Keys:

    - imgs (optional)
    - img_shape (optional)
    - keypoint (optional)

    Added Keys:

    - crop_bbox
    - crop_quadruple
    - img_shape
    - view_boxes (optional)

    Modified Keys:

    - imgs (optional)
    - keypoint (optional)
    - lazy (optional)
    - gt_bboxes (optional)
    - proposals (optional)

    With ``on_device`` nothing is cropped, and ``view_boxes`` takes the place of the two crop keys: int array ``(1, 5)``
    with x, y, width, height, mirror.

    Args:
        crop_size: one number or (width, height).
        lazy: leave the pixels to ``Fuse``.
        on_device: leave the pixels to ``ActionDataPreprocessor``.

    Raises:
        TypeError: if ``crop_size`` is not made of whole numbers.
        ValueError: if the crop does not fit, or ``lazy`` and ``on_device`` are set together.
    """

    def __init__(self, crop_size: int | Sequence[int], lazy: bool = False, *, on_device: bool = False) -> None:
        super().__init__(_as_size(crop_size), lazy)
        if lazy and on_device:
            raise ValueError("lazy=True and on_device=True name two places for the same work: choose one")
        self.on_device = on_device

    def transform(self, results: dict) -> dict:
        """Crop the video, or record where to; see the class."""
        _init_lazy_if_proper(results, self.lazy)
        height, width = results["img_shape"]
        if self.on_device:
            return leave_to_device(results, center_crop_box((width, height), self.crop_size))
        check_crop_fits((width, height), self.crop_size)
        return super().transform(results)

    def __repr__(self) -> str:
        return extended_repr(self, super().__repr__(), {"on_device": False})


class _FixedViews(BaseTransform):
    """Several fixed crops of every image, cut here or left to the model's device."""

    legacy = False

    def __init__(self, crop_size: int | Sequence[int], *, on_device: bool = False) -> None:
        self.crop_size = _as_size(crop_size)
        self.on_device = on_device

    @abstractmethod
    def boxes(self, image_size: Size) -> np.ndarray:
        """View boxes in an image of this size, ``(crops, 5)``."""

    def transform(self, results: dict) -> dict:
        """Replace the images by their crops, or record where to crop; see the class."""
        _init_lazy_if_proper(results, False)
        if "gt_bboxes" in results or "proposals" in results:
            warnings.warn(f"{type(self).__name__} cannot process bounding boxes", stacklevel=2)
        images = results["imgs"]
        height, width = images[0].shape[:2]
        boxes = self.boxes((width, height))
        if self.on_device:
            return leave_to_device(results, boxes)
        is_flow = facts_of(results).is_flow
        results["imgs"] = [view for box in boxes for view in self._cut(images, box, is_flow)]
        corners = np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:4]], axis=1)
        results["crop_bbox"] = np.repeat(corners, len(images), axis=0)
        results["img_shape"] = self.crop_size[::-1]
        return results

    def _cut(self, images: Sequence[np.ndarray], box: np.ndarray, is_flow: bool) -> list[np.ndarray]:
        x, y, width, height, mirrored = box
        crops = [image[y : y + height, x : x + width] for image in images]
        return mirrored_images(crops, is_flow=is_flow, legacy=self.legacy) if mirrored else crops

    def __repr__(self) -> str:
        base = f"{type(self).__name__}(crop_size={self.crop_size})"
        return extended_repr(self, base, {"on_device": False})


@TRANSFORMS.register_module()
class ThreeCrop(_FixedViews):
    """MMAction2's ``ThreeCrop`` (first, last and middle along the longer side), which can be left to the model's
    device.

    Required Keys:

    - imgs
    - modality (optional)

    Added Keys:

    - crop_bbox
    - img_shape
    - view_boxes (optional)

    Modified Keys:

    - imgs

    Args:
        crop_size: one number or (width, height); it fills the images' width or height.
        on_device: leave the pixels to ``ActionDataPreprocessor`` and only add ``view_boxes``, int array ``(3, 5)``: x,
            y, width, height, mirror.

    Raises:
        TypeError: if ``crop_size`` is not made of whole numbers.
        ValueError: if the crop does not fit.
    """

    def boxes(self, image_size: Size) -> np.ndarray:
        """View boxes in an image of this size, ``(3, 5)``."""
        return three_crop_boxes(image_size, self.crop_size)


@TRANSFORMS.register_module()
class TenCrop(_FixedViews):
    """MMAction2's ``TenCrop`` (corners, centre, mirror images), right for flow, which can be left to the model's
    device.

    In MMAction2 the x component of flow keeps its sign in the mirrored crops; here it changes it.

    Required Keys:

    - imgs
    - modality (optional)

    Added Keys:

    - crop_bbox
    - img_shape
    - view_boxes (optional)

    Modified Keys:

    - imgs

    Args:
        crop_size: one number or (width, height).
        on_device: leave the pixels to ``ActionDataPreprocessor`` and only add ``view_boxes``, int array ``(10, 5)``: x,
            y, width, height, mirror.
        layout: ``'mmaction2'`` (as tsn-pytorch): corners on a grid of quarters, each crop followed by its mirror image;
            ``'caffe'``: exact corners, five crops, then their mirror images.
        legacy: negate flow levels as the original does, see ``Flip``.

    Raises:
        TypeError: if ``crop_size`` is not made of whole numbers.
        ValueError: for an unknown layout, a crop that does not fit, and ``legacy`` together with ``on_device``.
    """

    def __init__(
        self,
        crop_size: int | Sequence[int],
        *,
        on_device: bool = False,
        layout: str = "mmaction2",
        legacy: bool = False,
    ) -> None:
        super().__init__(crop_size, on_device=on_device)
        if layout not in TEN_CROP_LAYOUTS:
            raise ValueError(f"layout={layout!r} is unknown; known: {', '.join(TEN_CROP_LAYOUTS)}")
        if legacy and on_device:
            raise ValueError(
                "legacy=True has no effect with on_device=True: set ActionDataPreprocessor(legacy_flip=True)"
            )
        self.layout = layout
        self.legacy = legacy

    def boxes(self, image_size: Size) -> np.ndarray:
        """View boxes in an image of this size, ``(10, 5)``."""
        return ten_crop_boxes(image_size, self.crop_size, layout=self.layout)

    def __repr__(self) -> str:
        return extended_repr(self, super().__repr__(), {"layout": "mmaction2", "legacy": False})
