"""What the packets of a video stream tell about its frames before anything is decoded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Optional

#: containers with times, or with one packet per tick, that can be trusted
TIMED_CONTAINERS = {"avi", "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm"}
#: codecs with one shown frame per packet (VP8, for one, has packets that show nothing)
ONE_FRAME_PER_PACKET = {"h264", "hevc", "vp9", "av1", "libdav1d", "mpeg4", "msmpeg4v3", "mjpeg", "ffv1"}
#: more B-frames than MPEG-4 encoders put between two others
MOST_B_FRAMES = 16

Stamp = Optional[int]


class PacketFacts(NamedTuple):
    """Times and size in bytes of one packet, whether it is a key frame, and shown: edit lists hide some."""

    pts: Stamp
    dts: Stamp
    is_key: bool
    is_shown: bool
    size: int


@dataclass(frozen=True)
class FrameIndex:
    """Which frame is which, and where decoding may start.

    Attributes:
        stamps: the time stamp of each frame in the order of display; distinct.
        attribute: the attribute of packets and decoded frames that holds the stamp, ``'pts'`` or ``'dts'``.
        keys: ``(index, position)``: decoding from the packet at ``position`` on gives the frame ``index`` and all later
            ones. Ascending; the first is ``(0, 0)``.
    """

    stamps: tuple[Stamp, ...]
    attribute: str
    keys: tuple[tuple[int, int], ...]

    def parts(self, indices: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
        """``(position, indices)``: the ascending ``indices``, grouped by the packet from which to decode them.

        >>> list(FrameIndex((0, 1, 2, 3, 4), "pts", ((0, 0), (3, 3))).parts([1, 2, 4]))
        [(0, [1, 2]), (3, [4])]
        """
        starts = [index for index, _ in self.keys]
        groups: dict[int, list[int]] = {}
        for index in indices:
            groups.setdefault(self.keys[bisect_right(starts, index) - 1][1], []).append(index)
        yield from groups.items()


def index_packets(packets: Sequence[PacketFacts], *, container: str, codec: str, reordered: bool) -> FrameIndex | None:
    """The index of a stream from its packets in file order, or None where only decoding can tell.

    Args:
        packets: all of the stream.
        container: FFmpeg's name of the format.
        codec: FFmpeg's name of the decoder.
        reordered: whether frames may be stored in another order than they are shown (B-frames).
    """
    if container not in TIMED_CONTAINERS or codec not in ONE_FRAME_PER_PACKET or not packets[0].is_key:
        return None
    if container == "avi" and reordered:
        return _index_by_dts(packets) if codec == "mpeg4" else None
    stamps = [packet.pts for packet in packets if packet.is_shown]
    if packets[0].pts is None or None in stamps or not stamps or min(stamps) < packets[0].pts:
        return None  # the last: frames shown before the first key frame refer to one that is missing
    return index_by_pts(sorted(stamps), packets)


def index_by_pts(stamps: Sequence[int], packets: Sequence[PacketFacts]) -> FrameIndex | None:
    """The index of frames with these ascending presentation times; None if two are equal."""
    ranks = {stamp: rank for rank, stamp in enumerate(stamps)}
    if len(ranks) < len(stamps):
        return None
    keys = {
        ranks[packet.pts]: position
        for position, packet in enumerate(packets)
        if packet.is_key and packet.pts in ranks and position
    }
    return FrameIndex(tuple(stamps), "pts", tuple(sorted({**keys, 0: 0}.items())))


def _index_by_dts(packets: Sequence[PacketFacts]) -> FrameIndex | None:
    """The index of MPEG-4 with B-frames in AVI, where presentation times are missing.

    The decoder runs one packet behind: with packet ``n`` it gives the frame shown as number ``n - 1``, which is the
    B-frame in it or another frame held back; the last frame comes without a time when the decoder is drained. B-frames
    behind a key frame are shown before it and refer further back; hence the distance from a key to its first frame.
    """
    stamps = [packet.dts for packet in packets]
    if None in stamps or len(set(stamps)) < len(stamps):
        return None
    positions = [position for position, packet in enumerate(packets) if packet.is_key and position]
    keys = tuple((position + MOST_B_FRAMES + 1, position) for position in positions)
    return FrameIndex((*stamps[1:], None), "dts", ((0, 0), *keys))
