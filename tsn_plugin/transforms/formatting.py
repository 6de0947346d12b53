"""``FormatShape`` and ``PackActionInputs``: from a list of images to what the model receives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from mmaction.datasets.transforms import FormatShape as _FormatShape
from mmaction.datasets.transforms import PackActionInputs as _PackActionInputs

from tsn_plugin.ops.flow_encoding import are_planes
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import facts_of

FLOW_FORMAT = "NCHW_Flow"
#: keys that the data preprocessor needs to finish what transforms have left to the device
LEFT_TO_DEVICE = ("view_boxes", "view_size", "flow_pairs")


def stacked(images: Sequence[np.ndarray]) -> np.ndarray:
    """The images as one array ``(n, H, W, ...)``; no copy if they lie one after the other in one, as of ``Resize``."""
    block = images[0].base
    if (
        isinstance(block, np.ndarray)
        and block.shape == (len(images), *images[0].shape)
        and all(_is_at(image, place) for image, place in zip(images, block))
    ):
        return block
    return np.asarray(images)


def _is_at(image: np.ndarray, place: np.ndarray) -> bool:
    """Whether two arrays are views of the same memory."""
    return image.ctypes.data == place.ctypes.data and image.strides == place.strides and image.dtype == place.dtype


def stacked_snippets(images: Sequence[np.ndarray], clip_len: int, *, is_flow: bool) -> np.ndarray:
    """A snippet's images one after the other on the channel axis: ``(snippets, clip_len * C, H, W)``.

    Args:
        images: ``(H, W, C)`` arrays, snippet after snippet; flow also as alternating ``(H, W)`` planes.
        clip_len: images (flow fields) per snippet.
        is_flow: the images are optical flow.

    Raises:
        ValueError: if the images do not fill whole snippets.
    """
    is_plane = is_flow and are_planes(images)
    images_per_snippet = clip_len * 2 if is_plane else clip_len
    if len(images) % images_per_snippet:
        raise ValueError(f"{len(images)} images do not fill snippets of {images_per_snippet} (clip_len={clip_len})")
    planes = np.asarray(images) if is_plane else _planar(images)
    return planes.reshape(len(images) // images_per_snippet, -1, *planes.shape[-2:])


def _planar(images: Sequence[np.ndarray]) -> np.ndarray:
    """Images ``(H, W, C)`` as ``(n, C, H, W)``, in a third of the time that NumPy takes to transpose and copy."""
    height, width, channels = images[0].shape
    planes = np.empty((len(images), channels, height, width), images[0].dtype)
    for image, place in zip(images, planes):
        cv2.split(image, list(place))  # writes into the planes that it is given
    return planes


@TRANSFORMS.register_module()
class FormatShape(_FormatShape):
    """MMAction2's ``FormatShape``; ``'NCHW'`` stacks the images of a flow or RGBDiff snippet on the channel axis.

    Flow becomes ``(M, 2 * clip_len, H, W)`` with channels x1 y1 x2 y2 ..., RGBDiff ``(M, 3 * clip_len, H, W)`` with
    ``clip_len`` frames before differencing. Frames that flow is yet to be computed from (``DecodeFlowFrames``) become
    ``(N, 3, H, W)``. Other modalities are left to MMAction2.

    Required Keys:

    - imgs (optional)
    - heatmap_imgs (optional)
    - modality (optional)
    - flow_pairs (optional)
    - num_clips
    - clip_len

    Added Keys:

    - input_shape
    - heatmap_input_shape (optional)

    Modified Keys:

    - imgs

    Args:
        input_format: MMAction2 1.2's formats and the older ``'NCHW_Flow'``, which is ``'NCHW'`` for flow.
        collapse: drop the first axis, of length 1.

    Raises:
        ValueError: for an unknown format, if the images do not fill whole snippets, and if frames that flow is yet to
            be computed from were cropped.
    """

    def __init__(self, input_format: str, collapse: bool = False) -> None:
        # MMAction2 1.2 no longer knows the flow format, 1.1 knows no flow in the other one: neither sees it
        super().__init__("NCHW" if input_format == FLOW_FORMAT else input_format, collapse)
        self.input_format = input_format

    def transform(self, results: dict) -> dict:
        """Bring ``results['imgs']`` into the format; see the class."""
        if "flow_pairs" in results:
            return self._format_flow_frames(results)
        facts = facts_of(results)
        is_flow = facts.is_flow or self.input_format == FLOW_FORMAT
        if self.input_format not in ("NCHW", FLOW_FORMAT) or not (is_flow or facts.is_difference):
            if "imgs" in results and len(results["imgs"]):
                results["imgs"] = stacked(results["imgs"])
            return super().transform(results)
        stack = stacked_snippets(results["imgs"], results["clip_len"], is_flow=is_flow)
        if self.collapse:
            if len(stack) != 1:
                raise ValueError(
                    f"collapse=True drops an axis of length 1, but there are {len(stack)} snippets or views"
                )
            stack = stack[0]
        results["imgs"] = stack
        results["input_shape"] = stack.shape
        return results

    def _format_flow_frames(self, results: dict) -> dict:
        if self.input_format not in ("NCHW", FLOW_FORMAT) or self.collapse:
            raise ValueError(
                f"FormatShape(input_format={self.input_format!r}, collapse={self.collapse}) cannot format the frames "
                "of DecodeFlowFrames: use input_format='NCHW', collapse=False"
            )
        if "crop_bbox" in results:
            raise ValueError(
                "frames were cropped before their flow is computed: set on_device=True in the crop after "
                "DecodeFlowFrames, or use ComputeFlow"
            )
        results["imgs"] = stack = _planar(results["imgs"])
        results["input_shape"] = stack.shape
        return results


@TRANSFORMS.register_module()
class PackActionInputs(_PackActionInputs):
    """MMAction2's ``PackActionInputs``; the data sample always learns the video's name, and what is left to the model's
    device: view boxes, their size, and which frames flow is to be computed from.

    ``metainfo['video_name']`` is ``results['video_name']`` where the dataset gives it, else ``filename`` without its
    extension, or ``frame_dir``; with forward slashes. Scores of several streams are fused by it.

    Required Keys:

    - imgs (or another input of MMAction2's)
    - label (optional)
    - video_name, filename or frame_dir (optional)
    - view_boxes (optional)
    - view_size (optional)
    - flow_pairs (optional)

    Added Keys:

    - inputs
    - data_samples

    Args:
        collect_keys: inputs to collect into a dictionary.
        meta_keys: further keys for ``metainfo``.
        algorithm_keys: keys to become fields of the data sample (with MMAction2 1.1 too, which lacks the argument).
    """

    def __init__(
        self,
        collect_keys: Sequence[str] | None = None,
        meta_keys: Sequence[str] = ("img_shape", "img_key", "video_id", "timestamp"),
        algorithm_keys: Sequence[str] = (),
    ) -> None:
        super().__init__(collect_keys=collect_keys, meta_keys=meta_keys)
        self.algorithm_keys = algorithm_keys

    def transform(self, results: dict) -> dict:
        """Pack ``results`` into ``inputs`` and ``data_samples``; see the class."""
        packed = super().transform(results)
        data_sample = packed["data_samples"]
        for key in self.algorithm_keys:
            if key in results and key not in data_sample:
                data_sample.set_field(results[key], key)
        name = video_name_of(results)
        if name is not None:
            data_sample.set_metainfo({"video_name": name})
        data_sample.set_metainfo({key: results[key] for key in LEFT_TO_DEVICE if key in results})
        return packed


def video_name_of(results: dict) -> str | None:
    """Name of the video in POSIX form, without the extension of a video file; ``None`` where nothing names it.

    >>> video_name_of({"filename": "data/Archery/v_Archery_g01_c01.avi"})
    'data/Archery/v_Archery_g01_c01'
    >>> video_name_of({"frame_dir": "data/v_1.5x"})
    'data/v_1.5x'
    """
    if "video_name" in results:
        return results["video_name"]
    if "filename" in results:
        return Path(results["filename"]).with_suffix("").as_posix()
    if "frame_dir" in results:
        return Path(results["frame_dir"]).as_posix()
    return None
