"""Readers: frames out of storage, behind one small interface (:class:`FrameReader`)."""

from __future__ import annotations

import os
from collections.abc import Callable

from tsn_plugin.modality import get_modality
from tsn_plugin.readers.base import FrameReader, VideoReadError, VideoSource
from tsn_plugin.readers.frame_folder import FrameFolder
from tsn_plugin.readers.other_backends import DecordReader, OpenCVReader
from tsn_plugin.readers.pyav_reader import PyAVReader

__all__ = ["BACKENDS", "FrameFolder", "FrameReader", "VideoReadError", "open_frames", "open_video"]

BACKENDS = {"auto": PyAVReader, "pyav": PyAVReader, "decord": DecordReader, "opencv": OpenCVReader}


def open_video(source: VideoSource, *, backend: str = "auto", num_threads: int = 1) -> FrameReader:
    """A reader of a video file, RGB frames.

    Args:
        source: path, or an open binary file (not with OpenCV).
        backend: ``'auto'`` is the fastest one, PyAV; or ``'pyav'``, ``'decord'``, ``'opencv'``.
        num_threads: of the decoder.

    Raises:
        ValueError: for an unknown backend.
        FileNotFoundError: if there is no such file.
        VideoReadError: if it cannot be read as a video.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend={backend!r} is unknown; known: {', '.join(BACKENDS)}")
    return BACKENDS[backend](source, num_threads=num_threads)


def open_frames(
    folder: str | os.PathLike,
    *,
    modality: str = "RGB",
    template: str | None = None,
    start: int = 1,
    num_frames: int | None = None,
    read_bytes: Callable[[str], bytes] | None = None,
) -> FrameFolder:
    """A reader of extracted frames; see :class:`FrameFolder`.

    Raises:
        ValueError: for an unknown modality.
        FileNotFoundError: if there is no such folder.
    """
    return FrameFolder(
        folder,
        modality=get_modality(modality),
        template=template,
        start=start,
        num_frames=num_frames,
        read_bytes=read_bytes,
    )
