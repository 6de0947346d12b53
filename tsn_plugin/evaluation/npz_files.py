"""Reads ``.npz`` files of plain arrays, after a look at what they would take."""

from __future__ import annotations

import math
import os
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

#: what arrays may take: so many bytes, or so many times the file's own size, whichever is more
MAX_INFLATED_BYTES, MAX_INFLATION = 2**28, 16
#: what a damaged file raises
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,  # such as an unknown version of zip
    TypeError,
    struct.error,
)
_HEADER_READERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_PLAIN = "biufcU"


def read_npz(path: str | Path, keys: Collection[str] | None = None) -> Mapping[str, np.ndarray]:
    """The arrays of numbers and text in a file, by name, or those of them that are among ``keys``.

    Raises:
        ValueError: if it is damaged, holds other arrays, or would take much more memory than its own size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, path)
            names = {name.removesuffix(".npy"): name for name in archive.namelist()}
            return {key: _array(archive, name) for key, name in names.items() if keys is None or key in keys}
    except UNREADABLE as error:
        raise ValueError(f"it cannot be read ({type(error).__name__}: {error})") from error


def check_members(archive: zipfile.ZipFile, path: str | Path) -> None:
    """Check how large the members of an archive say that they are; zipfile reads no more than that.

    Raises:
        ValueError: for more than :data:`MAX_INFLATED_BYTES` and :data:`MAX_INFLATION` times the file's size, or a
            compression that NumPy does not write.
    """
    inside = sum(info.file_size for info in archive.infolist())
    limit = max(MAX_INFLATED_BYTES, MAX_INFLATION * os.path.getsize(path))
    if inside > limit:
        raise ValueError(f"it would unpack to {inside} bytes, more than {limit}: write it without compression")
    for info in archive.infolist():
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"{info.filename} in it is compressed as NumPy does not do it: write it with np.savez")


def read_header(member: BinaryIO) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of the array that begins here.

    Raises:
        ValueError: if none does.
    """
    version = np.lib.format.read_magic(member)
    if version not in _HEADER_READERS:
        raise ValueError(f"it holds an array of format {version}; write it again with np.savez")
    shape, _, dtype = _HEADER_READERS[version](member)
    return shape, dtype


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    size = archive.getinfo(name).file_size
    with archive.open(name) as member:
        shape, dtype = read_header(member)
        left = size - member.tell()
    if dtype.hasobject or dtype.kind not in _PLAIN:
        raise ValueError(f"{name} holds an array of type {dtype}; only numbers and text are read")
    # no side longer than the content, or an empty array could have more rows than any memory
    if math.prod(shape) * dtype.itemsize != left or max(shape, default=0) > size:
        raise ValueError(f"{name} holds an array of the shape {shape} and type {dtype} in {left} bytes")
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)
