"""Which videos a job is about: a folder, one file, or a list in MMAction2's format."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tsn_plugin.structures.list_lines import list_text

VIDEO_EXTENSIONS = (".avi", ".mp4", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv")
#: the video's path up to its extension, then labels: names may hold blanks
_LIST_LINE = re.compile(r"(?P<path>.*?\.\w+)(?P<labels>(\s+-?\d+)*)\s*")


@dataclass(frozen=True)
class ListedVideo:
    """One line of a list: the video's path as written there (POSIX), its labels, usually one, and its number."""

    path: str
    labels: tuple[int, ...] = ()
    line_number: int = field(default=0, compare=False)

    @property
    def name(self) -> str:
        """The path without the file's extension, which names the folder of its frames."""
        return str(PurePosixPath(self.path).with_suffix(""))


def read_video_list(path: str | Path) -> list[ListedVideo]:
    """The videos of a list with lines ``<path>`` or ``<path> <label> [<label> ...]``; empty lines are skipped.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: for a line of another form, with its number, or a list that is not UTF-8.
    """
    videos = []
    for number, line in enumerate(list_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        match = _LIST_LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{path}, line {number}: {line!r} is not '<path of a video> <label>': mend it")
        videos.append(ListedVideo(match["path"], tuple(int(label) for label in match["labels"].split()), number))
    return videos


def find_videos(
    source: str | Path, *, extensions: Sequence[str] = (), list_root: str | Path | None = None
) -> list[tuple[Path, str]]:
    """``(file, name)`` of the videos of ``source``, sorted by name for a folder, in the list's order for a list.

    The name is the path below ``source`` without extension (POSIX), such as ``Archery/v_Archery_g01_c01``.

    Args:
        source: a folder, which is searched at any depth; a video; or a ``.txt`` list.
        extensions: take only these in a folder; default :data:`VIDEO_EXTENSIONS`. Case and leading dot do not matter.
        list_root: what the list's paths are relative to; default: the list's folder.

    Raises:
        FileNotFoundError: if ``source`` does not exist.
        ValueError: if there is no video in it.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(f"source {source} does not exist")
    if source.is_dir():
        wanted = {f".{extension.lstrip('.').lower()}" for extension in extensions or VIDEO_EXTENSIONS}
        found = sorted(_walk(source, wanted), key=lambda item: item[1])
    elif source.suffix.lower() == ".txt":
        root = Path(list_root) if list_root is not None else source.parent
        found = [(root / video.path, video.name) for video in read_video_list(source)]
    else:
        found = [(source, source.stem)]
    if not found:
        wanted_text = " ".join(extensions or VIDEO_EXTENSIONS)
        raise ValueError(f"source {source} holds no video with the extensions {wanted_text}")
    return found


def place_of(source: str | Path, name: str) -> str:
    """Where the video called ``name`` stands, for error messages: the line of a list, or else ``source``."""
    if Path(source).suffix.lower() == ".txt" and Path(source).is_file():
        number = next((video.line_number for video in read_video_list(source) if video.name == name), 0)
        return f"{source}, line {number}"
    return str(source)


def _walk(folder: Path, wanted: Iterable[str]) -> list[tuple[Path, str]]:
    found = []
    for parent, _, files in os.walk(folder, followlinks=True):
        for file in files:
            path = Path(parent, file)
            if path.suffix.lower() in wanted:
                found.append((path, path.relative_to(folder).with_suffix("").as_posix()))
    return found
