"""What every reader of annotations gives: the videos of a list, and under which names the list is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Clip:
    """Part of a video, in seconds: ``[start_sec, end_sec]`` of ``duration_sec``."""

    start_sec: float
    end_sec: float
    duration_sec: float


@dataclass(frozen=True)
class Entry:
    """One line of a list.

    Attributes:
        name: of the video (``<class>/<video>``, or only ``<video>``), without its file's extension.
        labels: 0-based, usually one, none for an unlabelled video.
        other_names: under which the video may be stored too, the likeliest first.
        clip: the part of the video that is meant; default: all of it.
        tags: labels by category, for a data set with several categories. They go into a JSON list.
    """

    name: str
    labels: tuple[int, ...] = ()
    other_names: tuple[str, ...] = ()
    clip: Clip | None = None
    tags: Mapping[str, tuple[int, ...]] | None = None


@dataclass(frozen=True)
class ListRequest:
    """Which lists are wanted.

    Attributes:
        dataset: name of the data set.
        annotations: the folder of the authors' files, or one of them.
        split: name of the split.
        label_of: label by class, to choose and number the classes; default: the data set's own.
        forms: which of the data set's forms of lists; default: its usual ones.
    """

    dataset: str
    annotations: Path
    split: str
    label_of: Mapping[str, int] | None = None
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class ListContent:
    """The videos of one list, which is written once per kind of media (``video``, ``rgb``, ``flow``).

    Attributes:
        file_names: of the list, by kind; a kind that is not named has no such list.
        entries: the videos, in the order of the authors' file.
        classes: names of the labels ``0, 1, ...``, where the data set's files give them.
        notes: texts of further files to write, by file name.
    """

    file_names: Mapping[str, str]
    entries: tuple[Entry, ...]
    classes: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)


def zoo_file_names(dataset: str, split: str) -> dict[str, str]:
    """The lists' file names by kind, as in MMAction2's configs.

    >>> zoo_file_names("mit", "val")["rgb"]
    'mit_val_list_rawframes.txt'
    """
    return {
        "video": f"{dataset}_{split}_list_videos.txt",
        "rgb": f"{dataset}_{split}_list_rawframes.txt",
        "flow": f"{dataset}_flow_{split}_list.txt",
    }


def class_file(dataset: str, classes: tuple[str, ...]) -> dict[str, str]:
    """A note with the class names, one per line in the order of the labels."""
    return {f"{dataset}_classes.txt": "".join(f"{name}\n" for name in classes)}
