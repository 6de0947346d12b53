"""Decoding: MMAction2's transforms by name, arguments and keys, with this package's readers inside."""

from __future__ import annotations

import io
import os

import numpy as np
from mmcv.transforms import BaseTransform
from mmengine.fileio import get_file_backend

from tsn_plugin.modality import get_modality
from tsn_plugin.readers import BACKENDS, open_frames, open_video
from tsn_plugin.registry import TRANSFORMS


class VideoInit(BaseTransform):
    """Open the video of a sample.

    Required Keys:

        - filename

    Added Keys:

        - video_reader
        - total_frames
        - avg_fps

    Args:
        io_backend: MMEngine's name of the storage; anything but ``'disk'`` is read into memory first.
        num_threads: of the decoder.
        backend: ``'auto'`` (the fastest: PyAV), ``'pyav'``, ``'decord'`` or ``'opencv'``; frames are the same.
        backend_args: arguments of the storage, which MMAction2 takes as loose keywords.

    Raises:
        ValueError: for an unknown ``backend``.
    """

    default_backend = "auto"

    def __init__(
        self,
        io_backend: str = "disk",
        num_threads: int = 1,
        *,
        backend: str | None = None,
        backend_args: dict | None = None,
    ) -> None:
        self.io_backend, self.num_threads = io_backend, num_threads
        self.backend = backend or self.default_backend
        self.backend_args = backend_args or {}
        if self.backend not in BACKENDS:
            raise ValueError(f"backend={self.backend!r} is unknown; known: {', '.join(BACKENDS)}")

    def transform(self, results: dict) -> dict:
        """Add the reader and what it knows of the video."""
        path = results["filename"]
        if not os.path.splitext(path)[1]:
            path += ".mp4"  # as MMAction2 does
        source = path
        if self.io_backend != "disk":
            storage = get_file_backend(backend_args=dict(backend=self.io_backend, **self.backend_args))
            source = io.BytesIO(storage.get(path))
            source.name = path
        reader = open_video(source, backend=self.backend, num_threads=self.num_threads)
        results["video_reader"] = reader
        results["total_frames"] = reader.num_frames
        results["avg_fps"] = reader.fps
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(io_backend={self.io_backend}, num_threads={self.num_threads})"


class VideoDecode(BaseTransform):
    """Read the sampled frames of an opened video.

    Required Keys:

        - video_reader
        - frame_inds

    Added Keys:

        - imgs
        - original_shape
        - img_shape

    Args:
        mode: ``'accurate'``. MMAction2's ``'efficient'`` gives the key frames nearby instead of the frames asked for;
            it is accepted, and the frames asked for are given, since that is fast here.

    Raises:
        ValueError: for another ``mode``.
    """

    def __init__(self, mode: str = "accurate") -> None:
        if mode not in ("accurate", "efficient"):
            raise ValueError(f"mode={mode!r} is unknown; known: accurate, efficient")
        self.mode = mode

    def transform(self, results: dict) -> dict:
        """Replace the reader by the frames, in the order of ``frame_inds``."""
        reader = results["video_reader"]
        results["video_reader"] = None
        results["frame_inds"] = np.squeeze(results["frame_inds"]).reshape(-1)
        with reader:
            set_images(results, reader.read(results["frame_inds"]))
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mode={self.mode})"


@TRANSFORMS.register_module()
class DecordInit(VideoInit):
    __doc__ = VideoInit.__doc__


@TRANSFORMS.register_module()
class DecordDecode(VideoDecode):
    __doc__ = VideoDecode.__doc__


@TRANSFORMS.register_module()
class PyAVInit(VideoInit):
    __doc__ = VideoInit.__doc__
    default_backend = "pyav"


@TRANSFORMS.register_module()
class PyAVDecode(VideoDecode):
    """:class:`VideoDecode` with one argument more.

    Required Keys:

        - video_reader
        - frame_inds

    Added Keys:

        - imgs
        - original_shape
        - img_shape

    Args:
        multi_thread: accepted for MMAction2's configs; give ``num_threads`` to ``PyAVInit`` instead.
        mode: as in :class:`VideoDecode`.
    """

    def __init__(self, multi_thread: bool = False, mode: str = "accurate") -> None:
        super().__init__(mode)
        self.multi_thread = multi_thread


@TRANSFORMS.register_module()
class OpenCVInit(VideoInit):
    __doc__ = VideoInit.__doc__
    default_backend = "opencv"


@TRANSFORMS.register_module()
class OpenCVDecode(VideoDecode):
    __doc__ = VideoDecode.__doc__


@TRANSFORMS.register_module()
class RawFrameDecode(BaseTransform):
    """Read the sampled frames from a folder of images, or of x and y flow.

    Required Keys:

        - frame_dir
        - filename_tmpl
        - frame_inds
        - modality
        - offset (optional)

    Added Keys:

        - imgs
        - original_shape
        - img_shape

    Flow frames are ``(H, W, 2)``, as in MMAction2 1.2.

    Args:
        io_backend: MMEngine's name of the storage.
        decoding_backend: ``'cv2'``; accepted for MMAction2's configs, which may name another.
        backend_args: arguments of the storage, which MMAction2 takes as loose keywords.

    Raises:
        ValueError: for another ``decoding_backend``.
    """

    def __init__(
        self, io_backend: str = "disk", decoding_backend: str = "cv2", *, backend_args: dict | None = None
    ) -> None:
        if decoding_backend != "cv2":
            raise ValueError(f"decoding_backend={decoding_backend!r} is not supported; use 'cv2', the default")
        self.io_backend, self.decoding_backend = io_backend, decoding_backend
        self.backend_args = backend_args or {}

    def transform(self, results: dict) -> dict:
        """Add the frames, in the order of ``frame_inds``."""
        read_bytes = None
        if self.io_backend != "disk":
            read_bytes = get_file_backend(backend_args=dict(backend=self.io_backend, **self.backend_args)).get
        folder = open_frames(
            results["frame_dir"],
            modality=get_modality(results["modality"]).name,
            template=results["filename_tmpl"],
            start=results.get("start_index", 1),
            num_frames=results.get("total_frames"),
            read_bytes=read_bytes,
        )
        results["frame_inds"] = np.squeeze(results["frame_inds"]).reshape(-1)
        set_images(results, folder.read_numbers(results["frame_inds"] + results.get("offset", 0)))
        return results

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}(io_backend={self.io_backend}, decoding_backend={self.decoding_backend})"


def set_images(results: dict, images: list[np.ndarray]) -> None:
    """Store the frames and their size, and scale boxes given in shares of the image to pixels."""
    results["imgs"] = images
    results["original_shape"] = results["img_shape"] = height, width = images[0].shape[:2]
    if "gt_bboxes" not in results:
        return
    scale = np.array([width, height, width, height])
    for key in ("gt_bboxes", "proposals"):
        if results.get(key) is not None:
            results[key] = (results[key] * scale).astype(np.float32)
