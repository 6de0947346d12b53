"""Frames of one video in one file: an uncompressed zip archive, which any zip tool opens, with an index of its own.

Millions of small files strain a file system; an archive is one. The index is its last member, and the archive's comment
tells where it lies, so that a reader gets to any frame with two short reads instead of parsing the zip's directory. An
uncompressed zip without such an index is read too.
"""

from __future__ import annotations

import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import BinaryIO

from tsn_plugin.readers.base import VideoReadError

SUFFIX = ".zip"
_INDEX_NAME = "index.json"
#: of two million files; in memory they take up to twenty times as much
MAX_INDEX_BYTES = 2**26
_COMMENT = re.compile(rb"tsn-index (\d{1,18}) (\d{1,18})\Z")
_COMMENT_MAX = 64
_TIME = (1980, 1, 1, 0, 0, 0)  # of all members, so that equal frames make equal archives
#: what a damaged archive, or one with an index that lies, raises
_UNREADABLE = (
    zipfile.BadZipFile,
    OSError,
    ValueError,
    ArithmeticError,
    EOFError,
    LookupError,
    RuntimeError,
    struct.error,
)
_SHOWN = 60  # characters of what an index tells
_HEADER_SIZE, _NAME_LENGTH_AT = 30, 26  # of a zip member: fixed part, place of the lengths of name and extra field
_HEADER_MARK, _FLAGS_AT, _CHECKSUM_FOLLOWS = b"PK\3\4", 6, 8


def archive_of(folder: str | os.PathLike) -> str | None:
    """The archive that holds the frames of ``folder``: itself, or ``<folder>.zip`` where there is no folder."""
    name = os.fspath(folder)
    if name.lower().endswith(SUFFIX) and os.path.isfile(name):
        return name
    packed = name.rstrip("/") + SUFFIX
    return packed if not os.path.isdir(name) and os.path.isfile(packed) else None


class FrameArchive:
    """The files in an archive; opened for each read, so that it can travel between processes.

    Args:
        path: the archive.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = os.fspath(path)

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def names(self) -> list[str]:
        """The names of all files, sorted."""
        return sorted(self.places)

    @cached_property
    def places(self) -> Mapping[str, Sequence[int]]:
        """Offset and number of bytes of each file, by name, as the archive tells them: :meth:`read` checks them.

        Raises:
            VideoReadError: if this is no archive, or holds compressed files.
        """
        try:
            with open(self.path, "rb") as file:
                return _own_index(file) or _zip_index(file)
        except _UNREADABLE as error:
            raise VideoReadError(
                f"{self.path} cannot be read as an archive of frames ({error}); extract it again"
            ) from error

    def read(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            FileNotFoundError: if there is none of that name.
            VideoReadError: if the archive is damaged.
        """
        if name not in self.places:
            raise FileNotFoundError(f"{name} is not in {self.path}")
        with open(self.path, "rb", buffering=0) as file:
            offset, size = self._checked_place(name, os.fstat(file.fileno()).st_size)
            # the header before it; if that has an extra field, what is read is none
            head = min(offset, _HEADER_SIZE + len(name.encode()))
            file.seek(offset - head)
            content = file.read(head + size)
        if len(content) != head + size:
            raise VideoReadError(f"{self.path} ends within {name}: extract the video again")
        header, content = content[:head], content[head:]
        if _checksum(header) not in (None, zlib.crc32(content)):
            raise VideoReadError(f"{self.path}: {name} in it is damaged; extract the video again")
        return content

    def _checked_place(self, name: str, end: int) -> Sequence[int]:
        """Where a file lies, before anything is read or allocated for it: an index may tell what it likes."""
        place = self.places[name]
        try:
            offset, size = place
            if offset >= 0 and size >= 0 and type(offset + size) is int and offset + size <= end:
                return place
        except (TypeError, ValueError):
            pass
        raise VideoReadError(
            f"the index of {self.path} places {name} at {str(place)[:_SHOWN]}, in {end} bytes: extract the video again"
        )


class ArchiveWriter:
    """Writes an archive; the index at the end.

    Args:
        path: file to write.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._places: dict[str, tuple[int, int]] = {}

    def write(self, name: str, content: bytes) -> None:
        """Add a file."""
        self._places[name] = self._add(name, content)

    def close(self) -> None:
        """Write the index and the zip's own directory.

        Raises:
            ValueError: if the index would be larger than readers take it.
        """
        content = json.dumps(self._places, separators=(",", ":")).encode()
        if len(content) > MAX_INDEX_BYTES:
            raise ValueError(f"{self._zip.filename} would hold too many files: its index has {len(content)} bytes")
        offset, size = self._add(_INDEX_NAME, content)
        self._zip.comment = f"tsn-index {offset} {size}".encode()
        self._zip.close()

    def abandon(self) -> None:
        """Close the file as it is."""
        if self._zip.fp is not None:
            self._zip.fp.close()
            self._zip.fp = None

    def _add(self, name: str, content: bytes) -> tuple[int, int]:
        """Add a file; where its content lies."""
        info = zipfile.ZipInfo(name, _TIME)
        self._zip.writestr(info, content)
        return self._zip.fp.tell() - len(content), len(content)


def _checksum(header: bytes) -> int | None:
    """The CRC-32 that a member's header tells, or None if it tells none, or is no header."""
    if not header.startswith(_HEADER_MARK) or len(header) < _HEADER_SIZE:
        return None
    flags, checksum = struct.unpack_from("<H6xI", header, _FLAGS_AT)
    return None if flags & _CHECKSUM_FOLLOWS else checksum


def _own_index(file: BinaryIO) -> dict[str, Sequence[int]] | None:
    end = file.seek(0, os.SEEK_END)
    file.seek(max(0, end - _COMMENT_MAX))
    match = _COMMENT.search(file.read())
    if match is None:
        return None
    offset, size = int(match[1]), int(match[2])
    if offset + size > end:
        raise ValueError("it is truncated")
    if size > MAX_INDEX_BYTES:
        raise ValueError(f"its index has {size} bytes, more than {MAX_INDEX_BYTES}")
    file.seek(offset)
    places = json.loads(file.read(size))
    if not isinstance(places, dict):
        raise ValueError("its index names no files")
    return places


def _zip_index(file: BinaryIO) -> dict[str, tuple[int, int]]:
    places = {}
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{info.filename} in it is compressed: pack it again with zip -0")
            file.seek(info.header_offset + _NAME_LENGTH_AT)
            name_length, extra_length = struct.unpack("<HH", file.read(4))
            places[info.filename] = (info.header_offset + _HEADER_SIZE + name_length + extra_length, info.file_size)
    return places
