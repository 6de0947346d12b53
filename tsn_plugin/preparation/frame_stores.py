"""Where the frames of a video are written: a folder, or one archive; each appears when it is complete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Union

from tsn_plugin.preparation.partial import abandoned, partial_path
from tsn_plugin.readers.frame_archive import SUFFIX, ArchiveWriter, FrameArchive
from tsn_plugin.readers.frame_folder import FolderStorage


class FolderWriter:
    """Writes files into a folder.

    Args:
        path: folder, which must not exist.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True)
        self._path = path

    def write(self, name: str, content: bytes) -> None:
        """Add a file."""
        (self._path / name).write_bytes(content)  # cv2.imwrite cannot write every name on every system

    def close(self) -> None:
        """Nothing is left to do."""

    def abandon(self) -> None:
        """Nothing is open."""


Writer = Union[FolderWriter, ArchiveWriter]
Storage = Union[FolderStorage, FrameArchive]


def stored_frames(folder: Path) -> Storage | None:
    """The folder, or the archive in its place; None if there is neither."""
    if folder.is_dir():
        return FolderStorage(str(folder))
    archive = _archive(folder)
    return FrameArchive(archive) if archive.is_file() else None


@contextmanager
def appearing_when_complete(folder: Path, *, pack: bool) -> Iterator[Writer]:
    """What to write the files of a video to: it becomes ``folder`` (or ``<folder>.zip``) at the end of the block.

    On any exception it vanishes. What stood there before is replaced, a folder by an archive too and the other way
    round; until then it stays as it is, whenever the process ends.
    """
    partial = partial_path(folder)
    partial.parent.mkdir(parents=True, exist_ok=True)
    _remove(partial)  # of a killed process with the number of this one
    writer = None
    try:
        writer = ArchiveWriter(partial) if pack else FolderWriter(partial)
        yield writer
        writer.close()
        _put(partial, folder, pack=pack)
    except BaseException:
        if writer is not None:
            with suppress(OSError):  # what is not on the disk yet may not find room
                writer.abandon()
        _remove(partial)
        raise


def remove_abandoned(parent: Path) -> int:
    """Remove what runs that were killed on this host left half written in the folder ``parent``; how much it was.

    A folder that such a run had put aside returns to its place, if nothing came there.
    """
    rests = abandoned(parent)
    for path, folder, was_aside in rests:
        if was_aside and stored_frames(folder) is None:
            os.replace(path, folder)
        else:
            _remove(path)
    return len(rests)


def _put(partial: Path, folder: Path, *, pack: bool) -> None:
    """Let the new folder or archive take the place of the old one.

    The old folder is renamed first: removing it takes a while, and readers, who prefer a folder to an archive, must not
    find half of it.
    """
    aside = partial_path(folder, aside=True)
    had_folder = folder.is_dir()
    if had_folder:
        _remove(aside)
        os.replace(folder, aside)
    try:
        os.replace(partial, _archive(folder) if pack else folder)
    except BaseException:
        if had_folder:
            os.replace(aside, folder)
        raise
    _remove(aside)
    if not pack:
        _archive(folder).unlink(missing_ok=True)


def _archive(folder: Path) -> Path:
    return folder.with_name(folder.name + SUFFIX)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
