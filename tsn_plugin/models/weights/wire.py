"""Protocol buffers as far as reading needs them: the fields of a message, bounds-checked, without a schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Union

#: kinds of a field's value on the wire
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}
_LONGEST_VARINT = 10

#: the number of a field, its kind, and its value: an integer for ``VARINT``, otherwise its bytes
Field = tuple[int, int, Union[int, memoryview]]


def read_fields(message: memoryview) -> Iterator[Field]:
    r"""The fields of a message, in the order of the bytes; values are views, so that nothing is copied.

    >>> [(number, kind, bytes(value)) for number, kind, value in read_fields(memoryview(b"\x0a\x02ab"))]
    [(1, 2, b'ab')]

    Raises:
        ValueError: for a field that ends behind the message, or that is none.

    Source: the encoding as Protocol Buffers' documentation describes it ("Encoding").
    """
    position = 0
    while position < len(message):
        start = position
        tag, position = read_varint(message, position)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise ValueError(f"byte {start} starts a field of number 0, which does not exist")
        if kind == VARINT:
            value, position = read_varint(message, position)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, position = read_varint(message, position)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise ValueError(f"byte {start} starts a field of kind {kind}, which Caffe does not write")
        if size > len(message) - position:
            raise ValueError(f"field {number} at byte {start} has {size} bytes, but {len(message) - position} are left")
        yield number, kind, message[position : position + size]
        position += size


def read_varint(message: memoryview, position: int) -> tuple[int, int]:
    r"""The integer at ``position`` (seven bits per byte, lowest first), and the position behind it.

    >>> read_varint(memoryview(b"\xac\x02"), 0)
    (300, 2)

    Raises:
        ValueError: if it does not end within the message or within ten bytes.
    """
    value = 0
    for count, byte in enumerate(message[position : position + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise ValueError(f"the number at byte {position} does not end")
