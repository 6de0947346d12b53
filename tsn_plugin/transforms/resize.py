"""``Resize``: MMAction2's, with less memory traffic."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmaction.datasets.transforms import Resize as _Resize
from mmcv.image.geometric import cv2_interp_codes

from tsn_plugin.registry import TRANSFORMS

#: bytes from which on NumPy asks for huge pages; of a smaller block, getting the pages costs more than it saves
LARGE_BLOCK = 2**22


@TRANSFORMS.register_module()
class Resize(_Resize):
    """MMAction2's ``Resize``, same pixels included; many images lie one after the other in memory.

    ``FormatShape`` then has nothing to copy, and one large block is cheaper to get than many small ones. Images that
    have the size already stay as they are.

    Required Keys:

    - img_shape
    - imgs (optional)
    - keypoint (optional)

    Added Keys:

    - scale_factor
    - keep_ratio

    Modified Keys:

    - img_shape
    - imgs (optional)
    - keypoint (optional)
    - lazy (optional)
    - gt_bboxes (optional)
    - proposals (optional)

    Args:
        scale: (width, height), or one factor. With ``keep_ratio`` the images become as large as fits into it, where -1
            leaves the longer side free.
        keep_ratio: keep the ratio of width to height.
        interpolation: 'nearest', 'bilinear', 'bicubic', 'area' or 'lanczos'.
        lazy: leave the pixels to ``Fuse``.

    Raises:
        TypeError: if ``scale`` is no number and no pair of numbers.
        ValueError: if ``scale`` is not positive, or ``interpolation`` unknown.
    """

    def __init__(
        self,
        scale: float | Sequence[int],
        keep_ratio: bool = True,
        interpolation: str = "bilinear",
        lazy: bool = False,
    ) -> None:
        if interpolation not in cv2_interp_codes:
            known = ", ".join(cv2_interp_codes)
            raise ValueError(f"interpolation={interpolation!r} is unknown; known: {known}")
        super().__init__(tuple(scale) if isinstance(scale, list) else scale, keep_ratio, interpolation, lazy)

    def _resize_imgs(self, imgs: Sequence[np.ndarray], new_w: int, new_h: int) -> list[np.ndarray]:
        if all(image.shape[:2] == (new_h, new_w) for image in imgs):
            return list(imgs)
        shape = (len(imgs), new_h, new_w, *imgs[0].shape[2:])
        places = list(np.empty(shape, imgs[0].dtype)) if np.prod(shape) >= LARGE_BLOCK else [None] * len(imgs)
        code = cv2_interp_codes[self.interpolation]
        return [cv2.resize(image, (new_w, new_h), dst=place, interpolation=code) for image, place in zip(imgs, places)]
