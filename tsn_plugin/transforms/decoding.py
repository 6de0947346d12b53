"""Decoding: MMAction2's transforms by name, arguments and keys, with this package's readers inside."""

from __future__ import annotations

import io
import os
from typing import Any

import mmcv
import numpy as np
from mmcv.image.io import supported_backends
from mmcv.transforms import BaseTransform

from tsn_plugin.readers import BACKENDS, TIME_LIMIT, FrameReader, VideoSource, open_frames, open_video
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.decoding_results import set_images, set_reader, storage_reader


class _VideoInit(BaseTransform):
    """What the transforms that open a video share."""

    num_threads = 1
    time_limit: float | None = TIME_LIMIT

    def __init__(self, io_backend: str, backend: str, backend_args: dict | None) -> None:
        if backend not in BACKENDS:
            raise ValueError(f"backend={backend!r} is unknown; known: {', '.join(BACKENDS)}")
        self.io_backend, self.backend, self.backend_args = io_backend, backend, backend_args

    def transform(self, results: dict) -> dict:
        """Add the reader and what it knows of the video."""
        path = self._path(results)
        read_bytes = storage_reader(self.io_backend, self.backend_args)
        source: Any = path
        if read_bytes is not None:
            source = io.BytesIO(read_bytes(path))
            source.name = path
        set_reader(results, self._open(source))
        return results

    def _open(self, source: VideoSource) -> FrameReader:
        return open_video(source, backend=self.backend, num_threads=self.num_threads, time_limit=self.time_limit)

    def _path(self, results: dict) -> str:
        return results["filename"]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(io_backend={self.io_backend})"


class _VideoDecode(BaseTransform):
    """What the transforms that read from an opened video share."""

    def transform(self, results: dict) -> dict:
        """Replace the reader by the frames, in the order of ``frame_inds``."""
        reader, results["video_reader"] = results["video_reader"], None
        results["frame_inds"] = np.ravel(results["frame_inds"])
        with reader:
            set_images(results, reader.read(results["frame_inds"]))
        return results


@TRANSFORMS.register_module()
class DecordInit(_VideoInit):
    """Open a video; with the fastest reader unless told otherwise, since all give the same frames.

    In a data set of flow ``total_frames`` counts flow fields, one less than frames; see ``ComputeFlow``.

    Required Keys:

        - filename
        - modality (optional)

    Added Keys:

        - video_reader
        - total_frames
        - avg_fps

    Args:
        io_backend: MMEngine's name of the storage; anything but ``'disk'`` is read into memory first.
        num_threads: of the decoder.
        backend: ``'auto'`` (PyAV), ``'pyav'``, ``'decord'`` or ``'opencv'``; see :func:`tsn_plugin.readers.open_video`.
        time_limit: seconds for opening, and for reading the frames; a video that takes longer is an unreadable one.
        backend_args: arguments of the storage, which MMAction2 takes as loose keywords.

    Raises:
        ValueError: for an unknown ``backend``.
    """

    def __init__(
        self,
        io_backend: str = "disk",
        num_threads: int = 1,
        *,
        backend: str = "auto",
        time_limit: float | None = TIME_LIMIT,
        backend_args: dict | None = None,
    ) -> None:
        super().__init__(io_backend, backend, backend_args)
        self.num_threads, self.time_limit = num_threads, time_limit

    def _path(self, results: dict) -> str:
        path = results["filename"]
        return path if os.path.splitext(path)[1] else f"{path}.mp4"  # as MMAction2 does

    def __repr__(self) -> str:
        return f"{type(self).__name__}(io_backend={self.io_backend}, num_threads={self.num_threads})"


@TRANSFORMS.register_module()
class DecordDecode(_VideoDecode):
    """Read the sampled frames of an opened video.

    Required Keys:

        - video_reader
        - frame_inds

    Added Keys:

        - imgs
        - original_shape
        - img_shape

    Args:
        mode: ``'accurate'``, or MMAction2's ``'efficient'``, which there gives key frames nearby instead of the frames
            asked for. Here both give the frames asked for.

    Raises:
        ValueError: for another ``mode``.
    """

    def __init__(self, mode: str = "accurate") -> None:
        if mode not in ("accurate", "efficient"):
            raise ValueError(f"mode={mode!r} is unknown; known: accurate, efficient")
        self.mode = mode

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mode={self.mode})"


@TRANSFORMS.register_module()
class PyAVInit(_VideoInit):
    """Open a video with PyAV.

    Required Keys:

        - filename

    Added Keys:

        - video_reader
        - total_frames
        - avg_fps

    Args:
        io_backend: MMEngine's name of the storage; anything but ``'disk'`` is read into memory first.
        backend_args: arguments of the storage, which MMAction2 takes as loose keywords.
    """

    def __init__(self, io_backend: str = "disk", *, backend_args: dict | None = None) -> None:
        super().__init__(io_backend, "pyav", backend_args)


@TRANSFORMS.register_module()
class PyAVDecode(DecordDecode):
    """Read the sampled frames of an opened video.

    Required Keys:

        - video_reader
        - frame_inds

    Added Keys:

        - imgs
        - original_shape
        - img_shape

    Args:
        multi_thread: taken for the sake of MMAction2's configs, without effect: the video is open by now, and
            ``DecordInit`` takes ``num_threads``.
        mode: as in :class:`DecordDecode`.

    Raises:
        ValueError: for an unknown ``mode``.
    """

    def __init__(self, multi_thread: bool = False, mode: str = "accurate") -> None:
        super().__init__(mode)
        self.multi_thread = multi_thread

    def __repr__(self) -> str:
        return f"{type(self).__name__}(multi_thread={self.multi_thread}, mode={self.mode})"


@TRANSFORMS.register_module()
class OpenCVInit(_VideoInit):
    """Open a video with OpenCV.

    Required Keys:

        - filename

    Added Keys:

        - new_path
        - video_reader
        - total_frames
        - avg_fps

    Args:
        io_backend: MMEngine's name of the storage; anything but ``'disk'`` is read into memory, and with PyAV.
        backend_args: arguments of the storage, which MMAction2 takes as loose keywords.
    """

    def __init__(self, io_backend: str = "disk", *, backend_args: dict | None = None) -> None:
        super().__init__(io_backend, "opencv", backend_args)

    def transform(self, results: dict) -> dict:
        """Add the reader and what it knows of the video."""
        results["new_path"] = results["filename"]
        return super().transform(results)


@TRANSFORMS.register_module()
class OpenCVDecode(_VideoDecode):
    """Read the sampled frames of an opened video.

    Required Keys:

        - video_reader
        - frame_inds

    Added Keys:

        - imgs
        - original_shape
        - img_shape
    """


@TRANSFORMS.register_module()
class RawFrameDecode(BaseTransform):
    """Read the sampled frames from a folder of images, or of x and y flow.

    Flow frames are ``(H, W, 2)``, as in MMAction2 1.2.

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

    Args:
        io_backend: MMEngine's name of the storage.
        decoding_backend: ``'cv2'``, or another decoder of mmcv: ``'turbojpeg'``, ``'pillow'``, ``'tifffile'``.
        backend_args: arguments of the storage, which MMAction2 takes as loose keywords.

    Raises:
        ValueError: for an unknown ``decoding_backend``.
    """

    def __init__(
        self, io_backend: str = "disk", decoding_backend: str = "cv2", *, backend_args: dict | None = None
    ) -> None:
        if decoding_backend not in supported_backends:
            known = ", ".join(supported_backends)
            raise ValueError(f"decoding_backend={decoding_backend!r} is unknown; known: {known}")
        self.io_backend, self.decoding_backend, self.backend_args = io_backend, decoding_backend, backend_args

    def transform(self, results: dict) -> dict:
        """Add the frames, in the order of ``frame_inds``."""
        folder = open_frames(
            results["frame_dir"],
            modality=results["modality"],
            template=results["filename_tmpl"],
            start=results.get("start_index", 1),
            read_bytes=storage_reader(self.io_backend, self.backend_args),
            decode_image=None if self.decoding_backend == "cv2" else self._decode_with_mmcv,
        )
        results["frame_inds"] = np.ravel(results["frame_inds"])
        set_images(results, folder.read_numbers(results["frame_inds"] + results.get("offset", 0)))
        return results

    def _decode_with_mmcv(self, data: bytes, grey: bool) -> np.ndarray:
        mmcv.use_backend(self.decoding_backend)  # a setting of the process, which a worker may not have yet
        return mmcv.imfrombytes(data, flag="grayscale" if grey else "color", channel_order="rgb")

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"{name}(io_backend={self.io_backend}, decoding_backend={self.decoding_backend})"
