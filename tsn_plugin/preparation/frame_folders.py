"""Folders and archives of extracted frames: how many images and flow fields each one holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tsn_plugin.preparation.partial import PARTIAL_MARK
from tsn_plugin.readers.frame_archive import SUFFIX, FrameArchive


@dataclass(frozen=True)
class FramePrefixes:
    """Beginnings of the frames' file names; number and ``.jpg`` or ``.png`` follow."""

    rgb: str = "img_"
    flow_x: str = "flow_x_"
    flow_y: str = "flow_y_"

    def __str__(self) -> str:
        return f"{self.rgb}00001.jpg, {self.flow_x}00001.jpg, {self.flow_y}00001.jpg"


@dataclass(frozen=True)
class FrameCounts:
    """Number of images, and of flow fields (pairs of an x and a y file)."""

    rgb: int
    flow: int

    def __bool__(self) -> bool:
        return self.rgb > 0 or self.flow > 0


def count_frames(file_names: Iterable[str], prefixes: FramePrefixes, *, folder: str | Path) -> FrameCounts:
    """Count the frames among the names of the files of one ``folder`` (named in the errors only).

    Raises:
        ValueError: if a number is missing, or x and y counts differ.
    """
    names = list(file_names)
    counts = [_count(names, prefix, folder) for prefix in (prefixes.rgb, prefixes.flow_x, prefixes.flow_y)]
    rgb, flow_x, flow_y = counts
    if flow_x != flow_y:
        raise ValueError(f"{folder} holds {flow_x} x flow files and {flow_y} y flow files: extract the video again")
    return FrameCounts(rgb, flow_x)


def index_frame_folders(root: str | Path, prefixes: FramePrefixes | None = None) -> dict[str, FrameCounts]:
    """Counts of every folder below ``root`` that holds frames, by its path below ``root`` (POSIX), sorted.

    An archive ``<folder>.zip`` stands for the folder, if there is none. Half-extracted folders are left out. A folder
    with frames is not searched for further folders.

    Raises:
        ValueError: as :func:`count_frames`.
        VideoReadError: for an archive that cannot be read.
    """
    prefixes = prefixes or FramePrefixes()
    found: dict[str, FrameCounts] = {}
    with Console(stderr=True).status(f"Counting frames below {root}") as status:
        for parent, folders, files in os.walk(root, followlinks=True):
            counts = count_frames(files, prefixes, folder=parent)
            if counts:
                found[Path(parent).relative_to(root).as_posix()] = counts
                status.update(f"Counting frames below {root}: {len(found)} folders")
            folders[:] = [] if counts else [name for name in folders if PARTIAL_MARK not in name]
            for name, packed in _archives(parent, files, prefixes):
                found.setdefault(Path(parent, name).relative_to(root).as_posix(), packed)
    return dict(sorted(found.items()))


def _archives(parent: str, files: Iterable[str], prefixes: FramePrefixes) -> Iterator[tuple[str, FrameCounts]]:
    """Name without suffix, and counts, of each archive of frames among the ``files`` of a folder."""
    for file in files:
        if file.endswith(SUFFIX) and PARTIAL_MARK not in file:
            archive = FrameArchive(Path(parent, file))
            counts = count_frames(archive.names(), prefixes, folder=archive.path)
            if counts and not Path(parent, file.removesuffix(SUFFIX)).is_dir():
                yield file.removesuffix(SUFFIX), counts


def _count(names: list[str], prefix: str, folder: str | Path) -> int:
    pattern = re.compile(re.escape(prefix) + r"([0-9]{1,12})\.(?:jpe?g|png)")
    numbers = {int(match[1]) for match in map(pattern.fullmatch, names) if match}
    if numbers and (min(numbers) > 1 or max(numbers) - min(numbers) + 1 != len(numbers)):
        missing = next(number for number in range(1, max(numbers)) if number not in numbers)
        raise ValueError(f"{folder} lacks number {missing} of its {prefix}* files: extract the video again")
    return len(numbers)
