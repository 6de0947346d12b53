"""File lists in MMAction2's formats.

Raw frames: ``<folder> <frames> <label>``, one list for RGB and one for flow, with the same videos in the same order.
Videos: ``<file> <label>``. Paths are relative to the folder that was indexed, which is what goes into a config's
``data_prefix``.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tsn_plugin.preparation.frame_folders import FrameCounts, FramePrefixes, index_frame_folders
from tsn_plugin.preparation.official_splits import read_classes, read_split
from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.preparation.videos import find_videos, read_video_list
from tsn_plugin.structures.list_lines import ListLine

_NAMED_IN_ERRORS = 5


@dataclass(frozen=True)
class Entry:
    """A video's name (``<class>/<video>``, or only ``<video>``) and its labels."""

    name: str
    labels: tuple[int, ...]


@dataclass
class WrittenLists:
    """The lists that were written, and the names of the videos that were left out because they are missing."""

    paths: list[Path]
    missing: list[str]


class MediaIndex:
    """The frame folders, or else the video files, below a folder, found by the videos' names at any depth.

    Args:
        root: the folder.
        prefixes: of the frames' file names.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if it holds neither frames nor videos.
    """

    def __init__(self, root: str | Path, *, prefixes: FramePrefixes | None = None) -> None:
        self.root = Path(root)
        if not self.root.is_dir():
            raise FileNotFoundError(f"folder {root} does not exist")
        self.frames: dict[str, FrameCounts] = index_frame_folders(root, prefixes)
        self.videos: dict[str, str] = {} if self.frames else _index_videos(self.root, prefixes or FramePrefixes())
        self._paths = defaultdict(list)
        for path in self.frames or self.videos:
            self._paths[PurePosixPath(path).name.casefold()].append(path)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which lists can be written: ``('video',)`` or those of ``('rgb', 'flow')`` that any folder holds."""
        if self.videos:
            return ("video",)
        return tuple(kind for kind in ("rgb", "flow") if any(getattr(count, kind) for count in self.frames.values()))

    def find(self, name: str) -> str | None:
        """Path below the root (without extension for a video) of the video called ``name``, or None.

        ``<class>/<video>`` fits ``<class>/<video>`` and, in a flat folder, ``<video>``; the longer fit is preferred,
        then the exact one to one that differs in case: in UCF101 the files of ``HandstandPushups`` are called
        ``v_HandStandPushups_*``, and copies of the data set vary.

        Raises:
            ValueError: if several fit equally well.
        """
        wanted = PurePosixPath(name).parts
        fits = defaultdict(list)
        for path in self._paths.get(wanted[-1].casefold(), ()):
            parts = PurePosixPath(path).parts
            common = min(len(parts), len(wanted))
            tail, wanted_tail = parts[-common:], wanted[-common:]
            if "/".join(tail).casefold() == "/".join(wanted_tail).casefold():
                fits[common, tail == wanted_tail].append(path)
        if not fits:
            return None
        best = fits[max(fits)]
        if len(best) > 1:
            raise ValueError(f"{name} could be {' or '.join(best)} below {self.root}: keep one of them")
        return best[0]

    def line(self, kind: str, path: str, labels: Sequence[int]) -> str:
        """The line for the list of ``kind``."""
        if kind == "video":
            return str(ListLine(self.videos[path], tuple(labels)))
        return str(ListLine(path, (getattr(self.frames[path], kind), *labels)))


def build_official_lists(
    dataset: str,
    media: MediaIndex,
    out: str | Path,
    *,
    annotations: str | Path,
    split: int,
    classes: str | Path | None = None,
    allow_missing: bool = False,
    shuffle_seed: int | None = None,
) -> WrittenLists:
    """Write the lists of one official split, ``<dataset>_<kind>_{train,val}_split_<n>.txt``.

    Args:
        dataset: ``ucf101`` or ``hmdb51``.
        media: the frames or videos.
        out: folder for the lists.
        annotations: folder of the official split files.
        split: 1, 2 or 3.
        classes: file of the classes to use and their order, if not the data set's own.
        allow_missing: leave out videos that are not in ``media``.
        shuffle_seed: shuffle the lines by this seed; default: the order of the official files.

    Raises:
        ValueError: if videos are missing, or as :func:`~tsn_plugin.preparation.official_splits.read_split`.
    """
    labels = read_classes(classes) if classes is not None else None
    parts = read_split(dataset, annotations, split, classes=labels)
    written = WrittenLists([], [])
    for part, videos in (("train", parts.train), ("val", parts.val)):
        entries = [Entry(video.name, (video.label,)) for video in videos]
        names = {kind: f"{dataset}_{kind}_{part}_split_{split}.txt" for kind in media.kinds}
        lists = write_lists(entries, media, out, names=names, allow_missing=allow_missing, shuffle_seed=shuffle_seed)
        written.paths += lists.paths
        written.missing += lists.missing
    return written


def build_rawframe_lists(
    video_list: str | Path,
    media: MediaIndex,
    out: str | Path,
    *,
    allow_missing: bool = False,
    shuffle_seed: int | None = None,
) -> WrittenLists:
    """Turn a video list into the lists of its extracted frames.

    ``toy_video_train.txt`` becomes ``toy_rgb_train.txt`` and ``toy_flow_train.txt``; a name without ``video`` gets
    ``_rgb`` and ``_flow`` appended.

    Args:
        video_list: lines ``<path> <label>``.
        media: the frames.
        out: folder for the lists.
        allow_missing: leave out videos without frames.
        shuffle_seed: shuffle the lines by this seed; default: the order of ``video_list``.

    Raises:
        ValueError: if ``media`` holds videos and no frames, or videos are missing.
    """
    if not media.frames:
        raise ValueError(f"{media.root} holds no frames: extract them first (tools/extract_flow.py)")
    name = Path(video_list).name
    stem = name if "video" in name else f"{Path(name).stem}_video{Path(name).suffix}"
    entries = [Entry(video.name, video.labels) for video in read_video_list(video_list)]
    names = {kind: stem.replace("video", kind) for kind in media.kinds}
    return write_lists(entries, media, out, names=names, allow_missing=allow_missing, shuffle_seed=shuffle_seed)


def write_lists(
    entries: Sequence[Entry],
    media: MediaIndex,
    out: str | Path,
    *,
    names: dict[str, str],
    allow_missing: bool = False,
    shuffle_seed: int | None = None,
) -> WrittenLists:
    """Write one list per kind, all with the same videos in the same order.

    Args:
        entries: the videos and labels.
        media: where they are.
        out: folder for the lists, made if need be.
        names: file name by kind (of ``media.kinds``).
        allow_missing: leave out, in every list, a video that one of them lacks.
        shuffle_seed: shuffle the lines by this seed.

    Raises:
        ValueError: if videos are missing and ``allow_missing`` is not set, or none is left.
    """
    found = [(media.find(entry.name), entry.labels) for entry in entries]
    present = [(path, labels) for path, labels in found if _holds(media, path, names)]
    missing = [entry.name for entry, (path, _) in zip(entries, found) if not _holds(media, path, names)]
    if missing and (not allow_missing or not present):
        raise ValueError(_missing_message(missing, len(entries), media.root, names))
    if shuffle_seed is not None:
        random.Random(shuffle_seed).shuffle(present)
    for kind, name in names.items():
        lines = (media.line(kind, path, labels) + "\n" for path, labels in present)
        Path(out).mkdir(parents=True, exist_ok=True)
        write_atomically(Path(out, name), "".join(lines).encode())
    return WrittenLists([Path(out, name) for name in names.values()], missing)


def summary(lists: WrittenLists) -> str:
    """The files written and the number of videos left out, in a line per file."""
    lines = [f"wrote {path}" for path in lists.paths]
    if lists.missing:
        lines.append(f"left out, being missing: {len(lists.missing)} videos: {_first_of(lists.missing)}")
    return "\n".join(lines)


def _index_videos(root: Path, prefixes: FramePrefixes) -> dict[str, str]:
    files: dict[str, str] = {}
    try:
        videos = find_videos(root)
    except ValueError as error:
        raise ValueError(f"{root} holds neither videos nor frames called {prefixes}") from error
    for path, name in videos:
        file = path.relative_to(root).as_posix()
        if files.setdefault(name, file) != file:
            raise ValueError(f"{files[name]} and {file} below {root} differ in their extension only: keep one of them")
    return files


def _holds(media: MediaIndex, path: str | None, kinds: Iterable[str]) -> bool:
    if path is None:
        return False
    return path in media.videos or all(getattr(media.frames[path], kind) for kind in kinds)


def _missing_message(missing: Sequence[str], total: int, root: Path, names: dict[str, str]) -> str:
    return (
        f"{len(missing)} of {total} videos for {', '.join(names.values())} are not below {root}, or lack a modality: "
        f"{_first_of(missing)}. Extract them (tools/extract_flow.py), check the folder, or leave them out with "
        "allow_missing (--allow-missing)"
    )


def _first_of(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED_IN_ERRORS]) + (", ..." if len(names) > _NAMED_IN_ERRORS else "")
