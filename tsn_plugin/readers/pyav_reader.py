"""Reads video files with PyAV, decoding as little as the codec allows and converting only what was asked for."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame

from tsn_plugin.readers.base import FrameReader, VideoReadError, VideoSource
from tsn_plugin.readers.packets import FrameIndex, PacketFacts, Stamp, index_by_pts, index_packets
from tsn_plugin.readers.rgb import RGBConverter

#: streams up to this size stay in memory between counting and decoding; of larger ones the file is read again
MAX_KEPT_BYTES = 64 * 2**20
#: decoders that leave out a frame on which no other depends if told so with its packet
SKIPPING_DECODERS = {"h264", "hevc", "mpeg4"}
#: decoders that give nothing for a frame that is marked as "not coded", which shows the one before again
REPEATING_DECODERS = {"mpeg4", "msmpeg4v3"}
REMEDY = "encode the video again or take it out of the list"


class PyAVReader(FrameReader):
    """Frames of a video file, RGB: those, and in the order, that decoding the file from its start gives.

    All packets are read when the file is opened, since headers lie about their number. Decoding starts at the last key
    frame before a wanted frame, and frames on which no other depends are left out unless wanted. Where packets do not
    tell the frames (no times, a beginning amid a group of pictures, rare formats), the file is decoded once to count
    them. Rotation flags are applied, as decord and OpenCV do.

    Args:
        source: path, or an open binary file.
        num_threads: of the decoder; 1 suits data loaders, which have their own processes. 0 lets FFmpeg choose.

    Raises:
        FileNotFoundError: if there is no such file.
        VideoReadError: if the file is no video, has no video stream, or no frame.
    """

    def __init__(self, source: VideoSource, *, num_threads: int = 1) -> None:
        self._source, self._num_threads = source, num_threads
        self._to_rgb = RGBConverter()
        self.name = os.fspath(source) if self.has_path else str(getattr(source, "name", source))
        self._container = self._open()
        self.fps = float(self.stream.average_rate) if self.stream.average_rate else None
        try:
            self.packets = self._read_packets()
            self._index, self.num_frames = self._find_frames()
        except av.FFmpegError as error:
            raise self._unreadable(error) from error

    @property
    def container_name(self) -> str:
        """FFmpeg's name of the file format."""
        return self._container.format.name

    @property
    def has_path(self) -> bool:
        """Whether the source is a file by path, not an open one."""
        return not hasattr(self._source, "read")

    @property
    def stream(self) -> av.VideoStream:
        """The first video stream."""
        return self._container.streams.video[0]

    def close(self) -> None:
        """Close the file and forget its packets."""
        self._kept = []
        self._container.close()

    def decoded_frames(self) -> Iterator[VideoFrame]:
        """All frames that decoding from the start gives, not converted."""
        return self._decode(0)

    def iter_frames(self) -> Iterator[np.ndarray]:
        """All frames in order, one in memory at a time."""
        count = 0
        try:
            for index, frame in self._numbered_frames():
                if index != count:
                    break
                yield self._to_rgb(frame)
                count += 1
        except av.FFmpegError as error:
            raise self._damaged(count, error) from error
        if count < self.num_frames:
            raise self._damaged(count)

    def _open(self) -> InputContainer:
        if not self.has_path:
            self._source.seek(0)
        try:
            container = av.open(str(self._source) if self.has_path else self._source)
        except FileNotFoundError as error:
            raise FileNotFoundError(f"video {self.name} does not exist") from error
        except av.FFmpegError as error:
            raise self._unreadable(error) from error
        if not container.streams.video:
            container.close()
            raise VideoReadError(f"{self.name} has no video stream; take it out of the list")
        context = container.streams.video[0].codec_context
        context.thread_count = self._num_threads
        # the index of an AVI file needs frames in step with packets, which frame threads do not give
        context.thread_type = "SLICE" if container.format.name == "avi" else "AUTO"
        return container

    def _demux(self) -> Iterator[av.Packet]:
        return (packet for packet in self._container.demux(self.stream) if packet.size)

    def _read_packets(self) -> list[PacketFacts]:
        facts, self._kept, size = [], [], 0
        packet = None
        for packet in self._demux():
            facts.append(PacketFacts(packet.pts, packet.dts, packet.is_keyframe, not packet.is_discard, packet.size))
            size += packet.size
            if size <= MAX_KEPT_BYTES:
                self._kept.append(packet)
        if packet is not None and packet.is_corrupt:  # the file was cut off within it
            facts.pop()
        if not facts:
            raise VideoReadError(f"{self.name} has no frame; it is empty or cut off: {REMEDY}")
        if size > MAX_KEPT_BYTES:
            self._kept = []
        return facts

    def _find_frames(self) -> tuple[FrameIndex | None, int]:
        """The index and the number of frames; without an index, frames are counted from the start at each reading."""
        context = self.stream.codec_context
        index = index_packets(
            self.packets,
            container=self.container_name,
            codec=context.name,
            reordered=context.has_b_frames,
        )
        if index is None:
            stamps = [frame.pts for frame in self._decode(0)]
            if not stamps:
                raise VideoReadError(f"{self.name} has no frame that can be decoded: {REMEDY}")
            if None in stamps or stamps != sorted(stamps):
                return None, len(stamps)
            index = index_by_pts(stamps, self.packets)
            return index, len(stamps)
        return index, len(index.stamps)

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        frames: dict[int, np.ndarray] = {}
        try:
            for position, part in self._index.parts(indices) if self._index else ():
                self._read_part(position, part, frames)
            self._read_missing(indices, frames)
        except av.FFmpegError as error:
            raise self._damaged(min(set(indices) - set(frames)), error) from error
        return frames

    def _read_part(self, position: int, indices: Sequence[int], frames: dict[int, np.ndarray]) -> None:
        """Add the frames of these indices that come when decoding starts with the packet at ``position``."""
        wanted = {self._index.stamps[index]: index for index in indices}
        for frame in self._decode(position, only=wanted):
            index = wanted.pop(getattr(frame, self._index.attribute), None)
            if index is not None:
                frames[index] = self._to_rgb(frame)
                if not wanted:
                    return

    def _read_missing(self, indices: Sequence[int], frames: dict[int, np.ndarray]) -> None:
        """Add the frames that are not there yet, by decoding the file from its start."""
        missing = set(indices) - set(frames)
        if not missing:
            return
        for index, frame in self._numbered_frames():
            if index in missing:
                frames[index] = self._to_rgb(frame)
                missing.remove(index)
                if not missing:
                    return
        raise self._damaged(min(missing))

    def _numbered_frames(self) -> Iterator[tuple[int, VideoFrame]]:
        """Index and frame, in order; a frame that is not coded is the one before."""
        if self._index is None:
            yield from enumerate(self._decode(0))
            return
        numbers = {stamp: number for number, stamp in enumerate(self._index.stamps)}
        repeats = self.stream.codec_context.name in REPEATING_DECODERS
        previous, count = None, 0
        for frame in self._decode(0):
            number = numbers.get(getattr(frame, self._index.attribute))
            if number is None:
                continue
            if repeats and previous is not None:
                yield from ((index, previous) for index in range(count, number))
            yield number, frame
            previous, count = frame, number + 1
        if repeats and previous is not None:
            yield from ((index, previous) for index in range(count, self.num_frames))

    def _decode(self, position: int, *, only: Collection[Stamp] | None = None) -> Iterator[VideoFrame]:
        """Frames decoded from the packet at ``position`` on, or from the first if that is no key frame after all.

        Args:
            position: of a packet in file order.
            only: stamps of the frames that are needed; others may be left out, as far as the codec allows.
        """
        checked = position == 0
        for frame in self._feed(position, only):
            if not checked and frame.pict_type != PictureType.B:
                if frame.pict_type != PictureType.I:
                    yield from self._feed(0, only)
                    return
                checked = True
            yield frame

    def _feed(self, position: int, only: Collection[Stamp] | None) -> Iterator[VideoFrame]:
        packets = self._packets_from(position)
        context = self.stream.codec_context
        context.flush_buffers()
        skips = only is not None and context.name in SKIPPING_DECODERS
        for packet in packets:
            if skips:
                needed = getattr(packet, self._index.attribute) in only
                context.skip_frame = "DEFAULT" if needed else "NONREF"
            else:
                context.skip_frame = "DEFAULT"
            yield from context.decode(packet)
        yield from context.decode(None)

    def _packets_from(self, position: int) -> Iterable[av.Packet]:
        if self._kept:
            return self._kept[position : len(self.packets)]
        self._container.close()
        self._container = self._open()
        return islice(self._demux(), position, len(self.packets))

    def _damaged(self, index: int, error: Exception | None = None) -> VideoReadError:
        count = 0
        try:
            for _ in self._decode(0):
                count += 1
        except av.FFmpegError:
            pass
        reason = f" ({error})" if error else ""
        return VideoReadError(
            f"{self.name}: frame {index} of {self.num_frames} cannot be decoded{reason}; the first {count} frames can; "
            f"{REMEDY}"
        )

    def _unreadable(self, error: Exception) -> VideoReadError:
        return VideoReadError(f"{self.name} cannot be read as a video ({error}): it is damaged or no video; {REMEDY}")
