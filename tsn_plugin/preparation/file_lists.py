"""File lists in MMAction2's formats.

Raw frames: ``<folder> <frames> <label>``, one list for RGB and one for flow, with the same videos in the same order.
Videos: ``<file> <label>``. Paths are relative to the folder that was indexed, which is what goes into a config's
``data_prefix``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tsn_plugin.preparation.annotations.datasets import DATASETS, read_lists
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest
from tsn_plugin.preparation.frame_folders import FramePrefixes
from tsn_plugin.preparation.list_formats import Found, list_text
from tsn_plugin.preparation.media_index import MediaIndex
from tsn_plugin.preparation.official_splits import read_classes
from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.preparation.videos import read_video_list

__all__ = [
    "Entry",
    "MediaIndex",
    "WrittenLists",
    "build_official_lists",
    "build_rawframe_lists",
    "open_media",
    "summary",
    "write_lists",
]
_NAMED_IN_ERRORS = 5


@dataclass
class WrittenLists:
    """The files that were written, and the names of the videos that were left out because they are missing."""

    paths: list[Path] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def __iadd__(self, other: WrittenLists) -> WrittenLists:
        self.paths += other.paths
        self.missing = list(dict.fromkeys(self.missing + other.missing))
        return self


def open_media(root: str | Path, *, dataset: str | None = None, prefixes: Sequence[str] = ()) -> MediaIndex:
    """The index of a folder.

    Args:
        root: the folder.
        dataset: data set that is distributed as frames, whose files' names are looked for first.
        prefixes: of the frames' file names, for images, x and y; default: the data set's, or else this package's.

    Raises:
        FileNotFoundError: as :class:`MediaIndex`.
        ValueError: as :class:`MediaIndex`.
    """
    distributed = DATASETS[dataset].prefixes if dataset in DATASETS else None
    if prefixes or distributed is None:
        return MediaIndex(root, prefixes=FramePrefixes(*prefixes))
    return MediaIndex(root, prefixes=distributed, other_prefixes=[FramePrefixes()])


def build_official_lists(
    dataset: str,
    media: MediaIndex,
    out: str | Path,
    *,
    annotations: str | Path,
    split: int | str,
    classes: str | Path | None = None,
    forms: Sequence[str] = (),
    allow_missing: bool = False,
    shuffle_seed: int | None = None,
) -> WrittenLists:
    """Write the lists of one official split, such as ``ucf101_rgb_train_split_1.txt`` and ``..._val_split_1.txt``.

    Where the annotations name the classes, ``<dataset>_classes.txt`` has their names in the order of the labels.

    Args:
        dataset: one of :data:`~tsn_plugin.preparation.annotations.datasets.DATASETS`.
        media: the frames or videos.
        out: folder for the lists.
        annotations: folder of the authors' files, or one of them.
        split: 1, 2 or 3 for UCF101 and HMDB51, ``train``, ``val`` and so on for others.
        classes: file of the classes to use and their order, if not the data set's own.
        forms: which of the data set's forms of lists; default: its usual ones.
        allow_missing: leave out videos that are not in ``media``.
        shuffle_seed: shuffle the lines by this seed; default: the order of the authors' files.

    Raises:
        ValueError: if videos are missing, if no list can be made of this kind of media, or as
            :func:`~tsn_plugin.preparation.annotations.datasets.read_lists`.
    """
    label_of = read_classes(classes) if classes is not None else None
    request = ListRequest(dataset, Path(annotations), str(split), label_of, tuple(forms))
    options = dict(allow_missing=allow_missing, shuffle_seed=shuffle_seed)
    written, notes = WrittenLists(), {}
    for content in read_lists(request):
        if forms or {*media.kinds} & {*content.file_names}:
            written += write_lists(content.entries, media, out, names=_names_for(content, media), **options)
            notes.update(content.notes)
    written.paths += [_write(out, name, text) for name, text in notes.items()]
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
    names: Mapping[str, str],
    allow_missing: bool = False,
    shuffle_seed: int | None = None,
) -> WrittenLists:
    """Write one list per kind, all with the same videos in the same order.

    Args:
        entries: the videos and labels.
        media: where they are.
        out: folder for the lists, made if need be.
        names: file name by kind (of ``media.kinds``).
        allow_missing: leave out, in every list, a video that one of them lacks, and write ``missing_<list>.txt`` with
            the names of these.
        shuffle_seed: shuffle the lines by this seed.

    Raises:
        ValueError: if videos are missing and ``allow_missing`` is not set, or none is left.
    """
    present, missing = _look_up(entries, media, names)
    if (missing and not allow_missing) or not present:
        raise ValueError(_missing_message(missing, len(entries), media.root, names))
    if shuffle_seed is not None:
        random.Random(shuffle_seed).shuffle(present)
    paths = [_write(out, name, list_text(kind, present, media)) for kind, name in names.items()]
    for name in names.values():
        _write_missing(out, f"missing_{Path(name).stem}.txt", missing)
    return WrittenLists(paths, missing)


def summary(lists: WrittenLists) -> str:
    """The files written and the number of videos left out, in a line per file."""
    lines = [f"wrote {path}" for path in lists.paths]
    if lists.missing:
        lines.append(
            f"left out, being missing: {len(lists.missing)} videos: {_first_of(lists.missing)} (see missing_*.txt)"
        )
    return "\n".join(lines)


def _names_for(content: ListContent, media: MediaIndex) -> dict[str, str]:
    names = {kind: content.file_names[kind] for kind in media.kinds if kind in content.file_names}
    if not names:
        lists = ", ".join(content.file_names.values())
        raise ValueError(f"{lists} need frames, and {media.root} holds video files: extract them first")
    return names


def _look_up(entries: Sequence[Entry], media: MediaIndex, kinds: Mapping[str, str]) -> tuple[list[Found], list[str]]:
    present, missing = [], {}
    for entry in entries:
        path = media.find(entry.name, *entry.other_names)
        if path is not None and media.holds(path, kinds):
            present.append((path, entry))
        else:
            missing[entry.name] = None
    return present, list(missing)


def _write(out: str | Path, name: str, text: str) -> Path:
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        broken = text[: error.end].rpartition("\n")[2]
        raise ValueError(f"{name}: {broken!r} begins a path that is not UTF-8: rename the file or folder") from None
    Path(out).mkdir(parents=True, exist_ok=True)
    write_atomically(Path(out, name), content)
    return Path(out, name)


def _write_missing(out: str | Path, name: str, missing: Sequence[str]) -> None:
    if missing:
        _write(out, name, "".join(f"{video}\n" for video in missing))
    else:
        Path(out, name).unlink(missing_ok=True)  # of an earlier run


def _missing_message(missing: Sequence[str], total: int, root: Path, names: Mapping[str, str]) -> str:
    if not total:
        return f"there is no video for {', '.join(names.values())}: check the annotations and the classes"
    return (
        f"{len(missing)} of {total} videos for {', '.join(names.values())} are not below {root}, or lack a modality: "
        f"{_first_of(missing)}. Extract them (tools/extract_flow.py), check the folder, or leave them out with "
        "allow_missing (--allow-missing)"
    )


def _first_of(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED_IN_ERRORS]) + (", ..." if len(names) > _NAMED_IN_ERRORS else "")
