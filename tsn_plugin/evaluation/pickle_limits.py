"""What a pickle may ask of memory and time: no more than the bytes that it has would explain.

A dozen bytes can make the unpickler reserve gigabytes (a memo of four billion entries), and a few hundred can build a
list that holds itself a billion times over, which nothing can turn into an array.
"""

from __future__ import annotations

import pickle
import pickletools
from typing import Any

import numpy as np

#: containers and calls of one file
MAX_OBJECTS = 2**24
#: what the content unfolds to, in entries per byte of the file; honest files have less than one
MAX_ENTRIES_PER_BYTE = 8
_MIN_ENTRIES = 2**16
#: no count needs longer integers, and with them keys of a dictionary collide at will
_MAX_INT_BYTES, _MAX_INT_DIGITS = 9, 21

_HOLDERS = (list, tuple, dict, set, frozenset, np.ndarray)
_OPCODES = {ord(opcode.code): opcode for opcode in pickletools.opcodes}
#: bytes of an opcode's argument; None: none of that code, or its length is in the file
_SIZES = [
    None if code not in _OPCODES else getattr(_OPCODES[code].arg, "n", 0) if _OPCODES[code].arg else 0
    for code in range(256)
]
_SIZES = [size if size is not None and size >= 0 else None for size in _SIZES]
_PREFIXES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_STOP, _BINARY_PUTS = b"."[0], b"rq"
_LONGS, _TEXT_INTS, _TEXT_PUT, _TWO_LINES = b"\x8a\x8b", b"IL", b"p"[0], b"ci"
_MAKES_OBJECT = frozenset(b"}]dlt\x8f\x91\x85\x86\x87Roi\x81\x92")  # containers, and calls


def check_opcodes(data: bytes) -> None:
    """Check the instructions of a pickle before they are followed.

    Raises:
        pickle.UnpicklingError: for unknown or truncated ones, a memo with gaps, huge integers or too many objects.
    """
    position, count, objects, sizes = 0, 0, 0, _SIZES
    while position < len(data):
        code = data[position]
        position += 1
        count += 1
        objects += code in _MAKES_OBJECT
        if code == _STOP:
            if objects > MAX_OBJECTS:
                raise pickle.UnpicklingError(f"it makes {objects} objects, more than {MAX_OBJECTS}")
            return
        size = sizes[code]
        if size is None:
            position = _behind_argument(data, code, position, count)
            continue
        if code in _BINARY_PUTS:
            _check_place(int.from_bytes(data[position : position + size], "little"), count)
        position += size
    raise pickle.UnpicklingError("it is truncated")


def _behind_argument(data: bytes, code: int, position: int, count: int) -> int:
    """Where the argument of an instruction ends, whose length is in the file."""
    if code not in _OPCODES:
        raise pickle.UnpicklingError(f"byte {position - 1} is no instruction of a pickle")
    kind = _OPCODES[code].arg.n
    if kind in _PREFIXES:
        start = position + _PREFIXES[kind]
        size = int.from_bytes(data[position:start], "little")
        if code in _LONGS and size > _MAX_INT_BYTES:
            raise pickle.UnpicklingError(f"it holds an integer of {size} bytes")
        if start + size > len(data):
            raise pickle.UnpicklingError(f"it is truncated: {size} bytes should follow byte {start}")
        return start + size
    end = position
    for _ in range(2 if code in _TWO_LINES else 1):
        end = data.find(b"\n", end) + 1
        if not end:
            raise pickle.UnpicklingError("it is truncated within a line")
    line = data[position : end - 1]
    if code in _TEXT_INTS and len(line) > _MAX_INT_DIGITS:
        raise pickle.UnpicklingError(f"it holds an integer of {len(line)} digits")
    if code == _TEXT_PUT:
        _check_place(int(line) if line.isdigit() and len(line) <= _MAX_INT_DIGITS else -1, count)
    return end


def _check_place(place: int, count: int) -> None:
    """A place in the memo, which grows to the highest one: Python numbers what it writes, so that none is left out."""
    if not 0 <= place <= count:
        raise pickle.UnpicklingError(f"instruction {count} puts something at place {place} of its memo")


def check_entries(content: Any, file_size: int) -> None:
    """Check what ``content`` would unfold to if shared parts were written out.

    Raises:
        pickle.UnpicklingError: if that is more than the file could hold, or without end.
    """
    limit = max(_MIN_ENTRIES, MAX_ENTRIES_PER_BYTE * file_size)
    entries: dict[int, int] = {}  # by the identity of what holds others; 0: it is being counted
    waiting = [_Part(content)]
    while waiting:
        part = waiting.pop()
        if part.is_open:
            total = part.own + sum(entries[id(value)] for value in part.inner)
            if total > limit:
                raise pickle.UnpicklingError(f"its {file_size} bytes unfold to {total} entries")
            entries[id(part.value)] = total
        elif id(part.value) not in entries:
            entries[id(part.value)] = 0
            if not all(entries.get(id(value), 1) for value in part.inner):
                raise pickle.UnpicklingError("a list in it holds itself")
            part.is_open = True
            waiting.append(part)
            waiting += map(_Part, part.inner)


class _Part:
    """A container or an array: what it holds besides plain values, and the number of these."""

    __slots__ = ("inner", "is_open", "own", "value")

    def __init__(self, value: Any) -> None:
        self.value, self.is_open = value, False
        values = _values(value)
        self.inner = [each for each in values if isinstance(each, _HOLDERS)] if values else []
        self.own = max(getattr(value, "size", len(values)), 1)


def _values(value: Any) -> list:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype.hasobject else []
    return list(value) if isinstance(value, _HOLDERS) else []
