"""Reads video files with PyAV, decoding as little as the codec allows and converting only what was asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame

from tsn_plugin.readers.base import FrameReader, VideoReadError, VideoSource


@dataclass(frozen=True)
class PacketIndex:
    """What the packets of a video stream tell without being decoded.

    Attributes:
        num_frames: frames that will be shown.
        pts: their presentation times in ascending order, or None where the container has none that can be trusted.
        keys: ranks (in presentation order) of the key frames, ascending.
    """

    num_frames: int
    pts: list[int] | None
    keys: list[int]


class PyAVReader(FrameReader):
    """Frames of a video file, RGB.

    The packets are counted when the file is opened, since headers lie. Where packets carry presentation times, reading
    starts at the last key frame before a wanted frame, and frames on which no other depends are not decoded unless
    wanted. Elsewhere (MPEG-4 with B-frames in AVI) frames are counted from the start. Rotation flags are applied, as
    decord and OpenCV do.

    Args:
        source: path, or an open binary file.
        num_threads: of the decoder; 1 suits data loaders, which have their own processes. 0 lets FFmpeg choose.

    Raises:
        VideoReadError: if the file is no video, has no video stream, or no frame.
    """

    def __init__(self, source: VideoSource, *, num_threads: int = 1) -> None:
        self.name = source if isinstance(source, str) else str(getattr(source, "name", source))
        self._source, self._num_threads = source, num_threads
        self._container = self._open()
        self.fps = float(self._stream.average_rate) if self._stream.average_rate else None
        self._index = self._scan()
        self.num_frames = self._index.num_frames
        self._next_rank: int | None = None  # of the frame that decoding would give next; None: somewhere else

    @property
    def _stream(self) -> av.VideoStream:
        return self._container.streams.video[0]

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def iter_frames(self) -> Iterator[np.ndarray]:
        """All frames in order, one in memory at a time."""
        self._restart()
        self._next_rank = None
        try:
            for frame in self._container.decode(self._stream):
                yield to_rgb(frame)
        except av.FFmpegError as error:
            raise self._error(error) from error

    def _open(self) -> InputContainer:
        if hasattr(self._source, "seek"):
            self._source.seek(0)
        try:
            container = av.open(self._source if hasattr(self._source, "read") else str(self._source))
        except FileNotFoundError as error:
            raise FileNotFoundError(f"video {self.name} does not exist") from error
        except av.FFmpegError as error:
            raise self._error(error) from error
        if not container.streams.video:
            container.close()
            raise VideoReadError(f"{self.name} has no video stream; take it out of the list")
        context = container.streams.video[0].codec_context
        context.thread_count = self._num_threads
        context.thread_type = "SLICE" if self._num_threads == 1 else "AUTO"
        return container

    def _restart(self) -> None:
        self._container.close()
        self._container = self._open()
        self._next_rank = 0

    def _scan(self) -> PacketIndex:
        try:
            packets = [
                (packet.pts, packet.is_keyframe)
                for packet in self._container.demux(self._stream)
                if packet.size and not packet.is_discard
            ]
        except av.FFmpegError as error:
            raise self._error(error) from error
        if not packets:
            raise VideoReadError(f"{self.name} has no frame; it is empty or cut off: take it out of the list")
        times = [pts for pts, _ in packets]
        # AVI stores no presentation times: FFmpeg numbers its packets in decoding order
        reordered = self._container.format.name == "avi" and self._stream.codec_context.has_b_frames
        if reordered or None in times or len(set(times)) < len(times):
            return PacketIndex(len(packets), None, [0])
        rank = {pts: number for number, pts in enumerate(sorted(times))}
        return PacketIndex(len(packets), sorted(times), sorted(rank[pts] for pts, is_key in packets if is_key))

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        read = self._read_counting if self._index.pts is None else self._read_timed
        try:
            frames = read(indices)
        except av.FFmpegError as error:
            raise self._error(error) from error
        missing = [index for index in indices if index not in frames]
        if missing:
            raise VideoReadError(
                f"{self.name}: frame {missing[0]} of {self.num_frames} cannot be decoded; the file is damaged or cut "
                "off: encode it again or take it out of the list"
            )
        return frames

    def _read_counting(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        """Decode from the start, or from where the last call stopped, and count."""
        wanted, frames = set(indices), {}
        if self._next_rank is None or indices[0] < self._next_rank:
            self._restart()
        for frame in self._container.decode(self._stream):
            if self._next_rank in wanted:
                frames[self._next_rank] = to_rgb(frame)
            self._next_rank += 1
            if self._next_rank > indices[-1]:
                break
        return frames

    def _read_timed(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        """Decode from key frame to key frame, as far as they have wanted frames behind them."""
        frames: dict[int, np.ndarray] = {}
        remaining = list(indices)
        while remaining:
            start = self._index.keys[max(bisect_right(self._index.keys, remaining[0]) - 1, 0)]
            after = bisect_right(self._index.keys, remaining[0])
            end = self._index.keys[after] if after < len(self._index.keys) else self.num_frames
            part = [index for index in remaining if index < end]
            self._decode_part(start, part, frames)
            remaining = remaining[len(part) :]
        return frames

    def _decode_part(self, start: int, wanted: Sequence[int], frames: dict[int, np.ndarray]) -> None:
        """Add the frames ``wanted`` (ranks), all of which depend on the key frame of rank ``start`` at the most."""
        self._seek(start)
        missing = {self._index.pts[rank]: rank for rank in wanted}
        context = self._stream.codec_context
        for packet in self._container.demux(self._stream):
            # a frame that no other refers to is decoded only if it is wanted
            context.skip_frame = "DEFAULT" if packet.pts in missing or packet.pts is None else "NONREF"
            for frame in packet.decode():
                if frame.pts in missing:
                    frames[missing.pop(frame.pts)] = to_rgb(frame)
            if not missing:
                return

    def _seek(self, rank: int) -> None:
        if rank == 0 and self._next_rank != 0:
            self._restart()
        elif rank:
            self._container.seek(self._index.pts[rank], stream=self._stream, backward=True)
        self._next_rank = None

    def _error(self, error: Exception) -> VideoReadError:
        return VideoReadError(
            f"{self.name} cannot be read as a video ({error}): it is damaged or no video; encode it again or take it "
            "out of the list"
        )


def to_rgb(frame: VideoFrame) -> np.ndarray:
    """RGB pixels uint8 ``(H, W, 3)``, turned as the file's rotation flag says."""
    image = frame.to_ndarray(format="rgb24")
    quarters = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarters)) if quarters else image
