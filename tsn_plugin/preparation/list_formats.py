"""The text of a list: MMAction2's lines, with or without offset, or its JSON for several categories of tags."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tsn_plugin.preparation.annotations.records import Clip, Entry
from tsn_plugin.preparation.media_index import MediaIndex
from tsn_plugin.structures.list_lines import ListLine

#: a video's path in the index, and its entry
Found = tuple[str, Entry]


def list_text(kind: str, found: Sequence[Found], media: MediaIndex) -> str:
    """The whole list of one kind (``video``, ``rgb``, ``flow``).

    Entries with tags make a JSON list, others lines ``<file> <label>`` for videos, ``<folder> <count> <label>`` for
    frames, and ``<folder> <offset> <count> <label>`` for parts of a video's frames.
    """
    if any(entry.tags is not None for _, entry in found):
        return json.dumps([_record(kind, path, entry, media) for path, entry in found], ensure_ascii=False) + "\n"
    return "".join(f"{_line(kind, path, entry, media)}\n" for path, entry in found)


def clip_frames(clip: Clip, num_frames: int, *, available: int | None = None) -> tuple[int, int]:
    """First frame (from 0) and number of frames of a part of a video with ``num_frames`` frames; at least one frame.

    Args:
        clip: the part.
        num_frames: of the whole video, which give its rate.
        available: how many there are of this kind: a video has one flow field less than frames. Default: all.

    Source: MMAction2 0.24.1 ``generate_rawframes_filelist.py`` of ActivityNet: both ends are frames of the clip.

    >>> clip_frames(Clip(2.0, 4.0, 10.0), 100)
    (20, 21)
    """
    rate = num_frames / clip.duration_sec
    last = (num_frames if available is None else available) - 1
    start, end = (min(max(int(seconds * rate), 0), last) for seconds in (clip.start_sec, clip.end_sec))
    return start, end - start + 1


def _line(kind: str, path: str, entry: Entry, media: MediaIndex) -> ListLine:
    if kind == "video":
        return ListLine(media.file(path), entry.labels)
    counts = media.frames[path]
    count = getattr(counts, kind)
    numbers = (count,) if entry.clip is None else clip_frames(entry.clip, counts.rgb or count, available=count)
    return ListLine(path, (*numbers, *entry.labels))


def _record(kind: str, path: str, entry: Entry, media: MediaIndex) -> dict:
    where = {"filename": media.file(path)} if kind == "video" else {"frame_dir": path}
    length = {} if kind == "video" else {"total_frames": getattr(media.frames[path], kind)}
    tags = {category: list(numbers) for category, numbers in (entry.tags or {}).items()}
    return {**where, **length, "label": tags}
