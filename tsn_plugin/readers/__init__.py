"""Readers: frames out of storage, behind one small interface (:class:`FrameReader`)."""

from __future__ import annotations

import os
from collections.abc import Callable

from tsn_plugin.modality import get_modality
from tsn_plugin.readers.base import DamagedFrameWarning, FrameReader, VideoReadError, VideoSource
from tsn_plugin.readers.frame_folder import FrameFolder, ImageDecoder
from tsn_plugin.readers.other_backends import DecordReader, OpenCVReader
from tsn_plugin.readers.pyav_reader import TIME_LIMIT, PyAVReader

__all__ = [
    "BACKENDS",
    "TIME_LIMIT",
    "DamagedFrameWarning",
    "FrameFolder",
    "FrameReader",
    "VideoReadError",
    "VideoSource",
    "open_frames",
    "open_video",
]

_OTHERS = {"decord": DecordReader, "opencv": OpenCVReader}
BACKENDS = ("auto", "pyav", *_OTHERS)


def open_video(
    source: VideoSource,
    *,
    backend: str = "auto",
    num_threads: int = 1,
    time_limit: float | None = TIME_LIMIT,
    strict: bool = False,
) -> FrameReader:
    """A reader of a video file, RGB frames; the same frames, bit for bit, whatever the backend.

    decord and OpenCV serve the files of which they are known to give PyAV's frames. PyAV reads the others as well: for
    decord MPEG-4 Part 2 and older codecs, which its FFmpeg of 2018 rounds differently, and containers other than MP4,
    Matroska and AVI; for OpenCV open files, and these codecs if its FFmpeg is not PyAV's; for both interlaced video (of
    which OpenCV 5 makes noise), odd heights with subsampled chroma, and pixels of more than 8 bits. Of damage that a
    decoder can paint over only PyAV tells.

    Args:
        source: path, or an open binary file.
        backend: ``'auto'`` and ``'pyav'``, the fastest; ``'decord'``; or ``'opencv'``.
        num_threads: of the decoder.
        time_limit: seconds for each call; see :class:`PyAVReader`. decord and OpenCV know none.
        strict: damage of any kind is an error, with PyAV.

    Raises:
        ValueError: for an unknown backend.
        FileNotFoundError: if there is no such file.
        VideoReadError: if it cannot be read as a video. Folders, pipes and devices are none; what is behind a pipe can
            be given as an open file.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend={backend!r} is unknown; known: {', '.join(BACKENDS)}")
    reader = PyAVReader(source, num_threads=num_threads, time_limit=time_limit, strict=strict)
    if backend not in _OTHERS:
        return reader
    other = _OTHERS[backend].open_like(reader, source, num_threads=num_threads)
    if other is None:
        return reader
    reader.close()
    return other


def open_frames(
    folder: str | os.PathLike,
    *,
    modality: str = "RGB",
    template: str | None = None,
    start: int = 1,
    num_frames: int | None = None,
    read_bytes: Callable[[str], bytes] | None = None,
    decode_image: ImageDecoder | None = None,
    strict: bool = False,
) -> FrameFolder:
    """A reader of extracted frames; see :class:`FrameFolder`.

    Raises:
        ValueError: for an unknown modality, or a template that does not fit it.
    """
    return FrameFolder(
        folder,
        modality=get_modality(modality),
        template=template,
        start=start,
        num_frames=num_frames,
        read_bytes=read_bytes,
        decode_image=decode_image,
        strict=strict,
    )
