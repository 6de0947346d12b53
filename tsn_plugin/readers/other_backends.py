"""Video files through decord and OpenCV, for the files of which they give the same pixels as PyAV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import TypeVar

import av
import cv2
import numpy as np

from tsn_plugin.readers.base import FrameReader, VideoReadError, VideoSource, ffmpeg_name
from tsn_plugin.readers.packets import TIMED_CONTAINERS
from tsn_plugin.readers.pyav_reader import REPEATING_DECODERS, PyAVReader

_Reader = TypeVar("_Reader", bound=FrameReader)
#: codecs whose standard defines the decoded picture to the bit; MPEG-1, 2 and 4 leave rounding to the decoder
BIT_EXACT_CODECS = {"h264", "hevc", "vp8", "vp9"}
#: pixel formats that every FFmpeg converts to RGB by the same code, if the height is even
COMMON_PIXEL_FORMATS = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p"}
#: an MPEG-4 frame of at most this many bytes may be one that is "not coded" (FFmpeg's ``MAX_NVOP_SIZE``)
NOT_CODED_SIZE = 19


class DecordReader(FrameReader):
    """Frames of a video file through decord, one after the other from the start.

    decord's seeking and skipping give wrong frames in some files: open groups of pictures, H.264 in AVI, HEVC.

    Args:
        like: the file opened with PyAV, which counted its frames.
        reader: the file opened with decord.
    """

    def __init__(self, like: PyAVReader, reader: object) -> None:
        self.name, self.fps, self.num_frames = like.name, like.fps, like.num_frames
        self._reader, self._next = reader, 0

    @classmethod
    def open_like(cls, like: PyAVReader, source: VideoSource, *, num_threads: int = 1) -> DecordReader | None:
        """A reader of the file ``like`` reads, or None if decord, whose FFmpeg is of 2018, gives other frames.

        Raises:
            VideoReadError: if decord cannot open the file.
        """
        import decord

        codec = like.stream.codec_context.name
        if codec not in BIT_EXACT_CODECS or like.container_name not in TIMED_CONTAINERS or not _is_plain(like):
            return None
        if not like.has_path:
            source.seek(0)
        try:
            reader = decord.VideoReader(ffmpeg_name(source) if like.has_path else source, num_threads=num_threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise VideoReadError(f"{like.name} cannot be opened by decord ({_last_line(error)})") from error
        if len(reader) != like.num_frames:
            return None
        return _if_same_start(cls(like, reader), like)

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        import decord

        if indices[0] < self._next:
            self._reader.seek(0)
            self._next = 0
        frames = {}
        for index in indices:
            try:
                while self._next <= index:
                    frame = self._reader.next()
                    self._next += 1
            except (decord.DECORDError, RuntimeError, StopIteration) as error:
                raise VideoReadError(f"{self.name}: decord cannot decode frame {index} of {self.num_frames}") from error
            frames[index] = frame.asnumpy()
        return frames


class OpenCVReader(FrameReader):
    """Frames of a video file through OpenCV; frames in between are grabbed, not converted.

    Args:
        like: the file opened with PyAV, which counted its frames.
        path: the file.
        num_threads: of the decoder.
    """

    def __init__(self, like: PyAVReader, path: str, *, num_threads: int = 1) -> None:
        self.name, self.fps, self.num_frames = like.name, like.fps, like.num_frames
        self._path, self._num_threads = path, num_threads
        self._restart()

    @classmethod
    def open_like(cls, like: PyAVReader, source: VideoSource, *, num_threads: int = 1) -> OpenCVReader | None:
        """A reader of the file ``like`` reads, or None if OpenCV gives other frames.

        OpenCV decodes like PyAV if its FFmpeg is of the same version.

        Raises:
            VideoReadError: if OpenCV cannot open the file.
        """
        exact = like.stream.codec_context.name in BIT_EXACT_CODECS
        if not like.has_path or not (exact or _opencv_avcodec() == av.library_versions["libavcodec"][0]):
            return None
        if not _is_plain(like):
            return None
        reader = cls(like, ffmpeg_name(source), num_threads=num_threads)
        if not reader._capture.isOpened():
            raise VideoReadError(f"{like.name} cannot be opened by OpenCV; use backend='pyav'")
        return _if_same_start(reader, like)

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _restart(self) -> None:
        options = [cv2.CAP_PROP_N_THREADS, self._num_threads]
        self._capture = cv2.VideoCapture(self._path, cv2.CAP_FFMPEG, options)
        self._next = 0

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        if indices[0] < self._next:
            self._restart()
        frames = {}
        for index in indices:
            while self._next <= index and self._capture.grab():
                self._next += 1
            decoded, image = self._capture.retrieve() if self._next > index else (False, None)
            if not decoded:
                raise VideoReadError(f"{self.name}: OpenCV cannot decode frame {index} of {self.num_frames}")
            frames[index] = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return frames


def _is_plain(reader: PyAVReader) -> bool:
    """Whether the file has nothing that versions and users of FFmpeg treat differently."""
    context = reader.stream.codec_context
    if context.pix_fmt not in COMMON_PIXEL_FORMATS or context.height % 2 or not reader.packets[0].is_key:
        return False
    if context.name in REPEATING_DECODERS and any(packet.size <= NOT_CODED_SIZE for packet in reader.packets):
        return False
    try:
        return not any(frame.interlaced_frame for frame in islice(reader.decoded_frames(), 1))
    except av.FFmpegError:
        return False  # damaged: PyAV tells of it


def _if_same_start(reader: _Reader, like: PyAVReader) -> _Reader | None:
    """``reader`` if its first frame is that of ``like``; decord, for one, gives narrow videos a fourth channel."""
    try:
        first = reader.read([0])[0]
    except VideoReadError:
        return None  # decord, which decodes ahead, fails at times for what lies further back
    return reader if np.array_equal(first, like.read([0])[0]) else None


def _opencv_avcodec() -> int | None:
    """Major version of the libavcodec in OpenCV."""
    found = re.search(r"avcodec:\s+YES \((\d+)", cv2.getBuildInformation())
    return int(found[1]) if found else None


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
