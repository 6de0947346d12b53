"""``Flip``: mirrors images, and changes the sign of the x component of flow."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from mmaction.datasets.transforms import Flip as _Flip

from tsn_plugin.ops.flow_encoding import mirrored_images
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import extended_repr, facts_of

#: of a view box, what tells whether it is mirrored
_MIRROR = np.array([0, 0, 0, 0, 1])


@TRANSFORMS.register_module()
class Flip(_Flip):
    """MMAction2's ``Flip``, right for optical flow.

    MMAction2 1.2.0 stores a flow field as one ``(H, W, 2)`` array, but still negates every second *image*: x and y of
    half of the fields, nothing of the others. Here x, and only x, of every field is negated, in that layout and in the
    older one of alternating planes. MMAction2 also mirrors in place, twice where two entries of ``imgs`` share their
    memory; here the list stays the same object, but gets new arrays.

    Required Keys:

    - modality
    - imgs (optional)
    - keypoint (optional)

    Added Keys:

    - flip
    - flip_direction
    - img_shape

    Modified Keys:

    - imgs (optional)
    - keypoint (optional)
    - label (optional)
    - lazy (optional)
    - gt_bboxes (optional)
    - proposals (optional)
    - view_boxes (optional)

    Args:
        flip_ratio: probability of a flip, one decision per video.
        direction: ``'horizontal'`` or ``'vertical'``.
        flip_label_map: label of the flipped video by label of the video, where it differs.
        left_kp: left keypoints, exchanged with ``right_kp``.
        right_kp: right keypoints.
        lazy: leave the pixels to ``Fuse``.
        legacy: negate flow levels as the original does, ``255 - v``, which moves zero motion from 128 to 127, instead
            of ``256 - v``.
        on_device: leave the pixels to ``ActionDataPreprocessor``: flip the view boxes of an earlier crop with
            ``on_device=True``.

    Raises:
        ValueError: if flow is to be flipped vertically or lazily, if ``on_device`` meets another setting that it
            cannot serve, or no earlier crop has set view boxes, or one has and the flip is not left to the device.
    """

    def __init__(
        self,
        flip_ratio: float = 0.5,
        direction: str = "horizontal",
        flip_label_map: dict[int, int] | None = None,
        left_kp: Sequence[int] | None = None,
        right_kp: Sequence[int] | None = None,
        lazy: bool = False,
        *,
        legacy: bool = False,
        on_device: bool = False,
    ) -> None:
        super().__init__(flip_ratio, direction, flip_label_map, left_kp, right_kp, lazy)
        if on_device and (lazy or direction != "horizontal"):
            raise ValueError(
                f"Flip(on_device=True) flips horizontally, but lazy={lazy}, direction={direction!r}: leave these out"
            )
        if on_device and legacy:
            raise ValueError(
                "legacy=True has no effect with on_device=True: set ActionDataPreprocessor(legacy_flip=True)"
            )
        self.legacy, self.on_device = legacy, on_device

    def transform(self, results: dict) -> dict:
        """Flip the video or not; see the class."""
        if facts_of(results).is_flow and (self.lazy or self.direction != "horizontal"):
            raise ValueError(
                f"Flip(direction={self.direction!r}, lazy={self.lazy}) cannot flip modality={results['modality']!r}: "
                "flow is flipped horizontally, and not by Fuse, which does not negate it; use direction='horizontal', "
                "lazy=False"
            )
        if self.on_device != ("view_boxes" in results):
            raise ValueError(
                f"Flip(on_device={self.on_device}) has to be where the crop before it is: both on the device, or none"
            )
        results = super().transform(results)
        if self.on_device and results["flip"]:
            results["view_boxes"] = results["view_boxes"] ^ _MIRROR
        return results

    def _flip_imgs(self, imgs: list[np.ndarray], modality: str) -> list[np.ndarray]:
        if self.on_device:
            return imgs
        if self.direction == "horizontal":
            is_flow = facts_of({"modality": modality}).is_flow
            imgs[:] = mirrored_images(imgs, is_flow=is_flow, legacy=self.legacy)
        else:
            imgs[:] = [cv2.flip(image, 0).reshape(image.shape) for image in imgs]
        return imgs

    def __repr__(self) -> str:
        return extended_repr(self, super().__repr__(), {"legacy": False, "on_device": False})
