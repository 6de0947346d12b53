"""Reads video files with PyAV, decoding as little as the codec allows and converting only what was asked for."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType, VideoFrame

from tsn_plugin.readers.base import MAX_PIXELS, DamagedFrameWarning, FrameReader, VideoReadError, VideoSource
from tsn_plugin.readers.local_files import refuse_irregular
from tsn_plugin.readers.packets import FrameIndex, PacketFacts, Stamp, index_by_pts, index_packets
from tsn_plugin.readers.rgb import RGBConverter

#: streams up to this size stay in memory between counting and decoding; of larger ones the file is read again
MAX_KEPT_BYTES = 64 * 2**20
#: decoders that leave out a frame on which no other depends if told so with its packet
SKIPPING_DECODERS = {"h264", "hevc", "mpeg4"}
#: decoders that give nothing for a frame that is marked as "not coded", which shows the one before again
REPEATING_DECODERS = {"mpeg4", "msmpeg4v3"}
#: seconds that opening a file, or one call that reads from it, may take; None: for ever
TIME_LIMIT: float | None = 300.0
#: FFmpeg's formats but those that are lists of other files or addresses, which would be read in their place
_LISTS = {"concat", "concatf", "dash", "hls", "image2", "imf", "ivr", "rtp", "rtsp", "sap", "sdp", "webm_dash_manifest"}
ONE_FILE_FORMATS = ",".join(sorted(av.formats_available - _LISTS))
REMEDY = "encode the video again or take it out of the list"


class PyAVReader(FrameReader):
    """Frames of a video file, RGB: those, and in the order, that decoding the file from its start gives.

    All packets are read when the file is opened, since headers lie about their number. Decoding starts at the last key
    frame before a wanted frame, and frames on which no other depends are left out unless wanted. Where packets do not
    tell the frames (no times, a beginning amid a group of pictures, rare formats), the file is decoded once to count
    them. Rotation flags are applied, as decord and OpenCV do, and MMAction2's PyAV transforms do not.

    A damaged file gives an error where the decoder finds nothing to show, and a :class:`DamagedFrameWarning` for frames
    that it pieced together, as decord and OpenCV do without a word. What the stream does not tell stays unseen: VP9,
    for one, decodes most changed bytes to other pixels.

    Args:
        source: path, or an open binary file.
        num_threads: of the decoder; 1 suits data loaders, which have their own processes. 0 lets FFmpeg choose.
        time_limit: seconds for opening, for each call of :meth:`read`, and for each frame of :meth:`iter_frames`; None:
            as long as it takes.
        strict: damage of any kind is an error, also where the decoder could go on.

    Raises:
        FileNotFoundError: if there is no such file.
        VideoReadError: if the file is no video, has no video stream, no frame, frames of more than :data:`MAX_PIXELS`,
            or takes too long.
    """

    def __init__(
        self, source: VideoSource, *, num_threads: int = 1, time_limit: float | None = TIME_LIMIT, strict: bool = False
    ) -> None:
        self._source, self._num_threads, self._time_limit, self._strict = source, num_threads, time_limit, strict
        self._is_damaged = False  # a frame since the last key frame
        self._started = time.monotonic()
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
        count, self._started = 0, time.monotonic()
        try:
            for index, frame in self._numbered_frames():
                if index != count:
                    break
                self._tell_damage(index)
                yield self._to_rgb(frame)
                self._started = time.monotonic()
                count += 1
        except av.FFmpegError as error:
            raise self._damaged(count, error) from error
        if count < self.num_frames:
            raise self._damaged(count)

    def _open(self) -> InputContainer:
        if self.has_path:
            refuse_irregular(self.name)
        else:
            self._source.seek(0)
        try:
            # names of titles and the like may be of any encoding, and matter to nobody
            container = av.open(
                f"file:{self.name}" if self.has_path else self._source,  # a path, whatever it begins with
                metadata_errors="replace",
                container_options={"format_whitelist": ONE_FILE_FORMATS},
                timeout=self._time_limit,
            )
        except FileNotFoundError as error:
            raise FileNotFoundError(f"video {self.name} does not exist") from error
        except av.FFmpegError as error:
            raise self._unreadable(error) from error
        if not container.streams.video:
            container.close()
            raise VideoReadError(f"{self.name} has no video stream; take it out of the list")
        context = container.streams.video[0].codec_context
        if context is None:
            container.close()
            raise VideoReadError(f"{self.name} is of a codec that FFmpeg does not know, or damaged; {REMEDY}")
        if context.width * context.height > MAX_PIXELS:
            container.close()
            raise VideoReadError(
                f"{self.name} has frames of {context.width}x{context.height}, more than {MAX_PIXELS} pixels; {REMEDY}"
            )
        context.options = {"max_pixels": str(MAX_PIXELS)}  # its size may change later
        if self._strict:
            context.options = {**context.options, "err_detect": "explode"}
        context.thread_count = self._num_threads
        # the index of an AVI file needs frames in step with packets, which frame threads do not give
        context.thread_type = "SLICE" if container.format.name == "avi" else "AUTO"
        return container

    def _demux(self) -> Iterator[av.Packet]:
        for packet in self._container.demux(self.stream):
            self._check_time()
            if packet.size:
                yield packet

    def _check_time(self) -> None:
        if self._time_limit is not None and time.monotonic() - self._started > self._time_limit:
            raise self._too_slow()

    def _too_slow(self) -> VideoReadError:
        return VideoReadError(f"{self.name} took more than {self._time_limit:g} s to read: {REMEDY}")

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
        self._started = time.monotonic()
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
                self._tell_damage(index)
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
                self._tell_damage(index)
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
        self._is_damaged = False
        skips = only is not None and context.name in SKIPPING_DECODERS
        for packet in packets:
            self._check_time()
            if skips:
                needed = getattr(packet, self._index.attribute) in only
                context.skip_frame = "DEFAULT" if needed else "NONREF"
            else:
                context.skip_frame = "DEFAULT"
            yield from self._watched(context.decode(packet))
        yield from self._watched(context.decode(None))

    def _watched(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """The frames, noting whether one since the last key frame is damaged: those behind it refer to it."""
        for frame in frames:
            self._is_damaged = frame.is_corrupt or (self._is_damaged and not frame.key_frame)
            yield frame

    def _tell_damage(self, index: int) -> None:
        """Warn of the frame that was decoded last, if it or one that it refers to is damaged.

        Raises:
            VideoReadError: if it is damaged and the reader is strict.
        """
        if not self._is_damaged:
            return
        message = f"{self.name} is damaged at or before frame {index} of {self.num_frames}"
        if self._strict:
            raise VideoReadError(f"{message}; {REMEDY}")
        warnings.warn(f"{message}: the decoder guessed a part of it; {REMEDY}", DamagedFrameWarning, stacklevel=4)

    def _packets_from(self, position: int) -> Iterable[av.Packet]:
        if self._kept:
            return self._kept[position : len(self.packets)]
        self._container.close()
        self._container = self._open()
        return islice(self._demux(), position, len(self.packets))

    def _damaged(self, index: int, error: Exception | None = None) -> VideoReadError:
        if isinstance(error, av.error.ExitError):
            return self._too_slow()
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
        if isinstance(error, av.error.ExitError):  # FFmpeg was told so by the clock, amid one packet
            return self._too_slow()
        if isinstance(error, PermissionError):
            return VideoReadError(f"{self.name} cannot be read ({error}): allow it, or take it out of the list")
        return VideoReadError(f"{self.name} cannot be read as a video ({error}): it is damaged or no video; {REMEDY}")
