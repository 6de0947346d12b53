"""Where the frames of a video are written: a folder, or one archive; each appears when it is complete."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Union

from tsn_plugin.preparation.frame_folders import PARTIAL_MARK
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
    round.
    """
    partial = folder.with_name(f"{folder.name}{PARTIAL_MARK}{socket.gethostname()}-{os.getpid()}")
    partial.parent.mkdir(parents=True, exist_ok=True)
    writer = None
    try:
        writer = ArchiveWriter(partial) if pack else FolderWriter(partial)
        yield writer
        writer.close()
        if pack:
            os.replace(partial, _archive(folder))
            shutil.rmtree(folder, ignore_errors=True)
        else:
            if folder.exists():
                shutil.rmtree(folder)
            os.replace(partial, folder)
            _archive(folder).unlink(missing_ok=True)
    except BaseException:
        if writer is not None:
            writer.abandon()
        _remove(partial)
        raise


def remove_abandoned(parent: Path) -> None:
    """Remove what runs that were killed on this host left half written in the folder ``parent``."""
    if not parent.is_dir():
        return
    for path in parent.glob(f"*{PARTIAL_MARK}{socket.gethostname()}-*"):
        if not _is_running(path.name.rpartition("-")[2]):
            _remove(path)


def _archive(folder: Path) -> Path:
    return folder.with_name(folder.name + SUFFIX)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _is_running(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        pass  # it runs for another user
    return True
