"""Video files through decord and OpenCV, for those who want what they had; the default is faster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from tsn_plugin.readers.base import FrameReader, VideoReadError, VideoSource


class DecordReader(FrameReader):
    """Frames of a video file through decord.

    decord 0.6.0 brings an FFmpeg of 2020, whose XviD decoding differs by up to two levels in a few pixels of some
    MPEG-4 files; H.264 files give the same pixels as the other backends.

    Args:
        source: path, or an open binary file.
        num_threads: of the decoder.

    Raises:
        VideoReadError: if decord cannot open the file.
    """

    def __init__(self, source: VideoSource, *, num_threads: int = 1) -> None:
        import decord

        self.name = str(getattr(source, "name", source))
        source = source if hasattr(source, "read") else str(source)
        _require_file(source)
        try:
            self._reader = decord.VideoReader(source, num_threads=num_threads)
        except (decord.DECORDError, RuntimeError) as error:
            raise VideoReadError(f"{self.name} cannot be read by decord: {str(error).splitlines()[-1]}") from error
        self._error = decord.DECORDError
        self.num_frames = len(self._reader)
        self.fps = float(self._reader.get_avg_fps()) or None

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        try:
            batch = self._reader.get_batch(list(indices)).asnumpy()
        except self._error as error:
            raise VideoReadError(f"{self.name} cannot be decoded by decord; it is damaged or cut off") from error
        return dict(zip(indices, batch))


class OpenCVReader(FrameReader):
    """Frames of a video file through OpenCV; frames in between are grabbed, not converted.

    Args:
        source: path of the file.
        num_threads: of the decoder.

    Raises:
        TypeError: for an open file, which OpenCV cannot read.
        VideoReadError: if OpenCV cannot open the file.
    """

    def __init__(self, source: VideoSource, *, num_threads: int = 1) -> None:
        if hasattr(source, "read"):
            raise TypeError("OpenCV reads files by path only; choose backend='pyav' for an open file")
        self.name = str(source)
        _require_file(self.name)
        self._threads = num_threads
        self._restart()
        self.fps = self._capture.get(cv2.CAP_PROP_FPS) or None
        self.num_frames = 0
        while self._capture.grab():  # the header's count cannot be trusted
            self.num_frames += 1
        if not self.num_frames:
            raise VideoReadError(f"{self.name} cannot be read by OpenCV: it is damaged or no video")
        self._restart()

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _restart(self) -> None:
        options = [cv2.CAP_PROP_N_THREADS, self._threads]
        self._capture = cv2.VideoCapture(self.name, cv2.CAP_FFMPEG, options)
        self._next = 0

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        if indices[0] < self._next:
            self._restart()
        frames = {}
        for index in indices:
            while self._next <= index:
                self._capture.grab()
                self._next += 1
            decoded, image = self._capture.retrieve()
            if not decoded:
                raise VideoReadError(f"{self.name}: OpenCV cannot decode frame {index} of {self.num_frames}")
            frames[index] = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        return frames


def _require_file(source: VideoSource) -> None:
    if not hasattr(source, "read") and not Path(source).is_file():
        raise FileNotFoundError(f"video {source} does not exist")
