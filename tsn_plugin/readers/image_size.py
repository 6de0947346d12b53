"""The size of an encoded image by its first bytes, before memory is taken for its pixels."""

from __future__ import annotations

import io
from typing import Optional

from PIL import Image, UnidentifiedImageError

Size = Optional[tuple[int, int]]  # width, height
_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
#: markers of a JPEG that a size follows: frames of all kinds of coding; and those that nothing follows
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x00, 0x01, *range(0xD0, 0xD8)))
#: the end of the image, or of its headers
_ENDS = frozenset((0xD9, 0xDA))
_MARK = 0xFF
#: what Pillow raises for other bytes, and for sizes beyond its own limit, which is higher than ours
_NO_IMAGE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # where warnings are errors
    OSError,
    ValueError,
    SyntaxError,
)


def image_size(data: bytes) -> Size:
    """Width and height of an image; None if the bytes are none.

    Source: ITU-T T.81, B.1.1 (JPEG's markers); RFC 2083, 11.2.2 (PNG's first chunk).
    """
    if data[:2] == _JPEG:
        return _jpeg_size(data)
    if data[:8] == _PNG:
        is_whole = data[12:16] == b"IHDR" and len(data) >= 24
        return (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) if is_whole else None
    return _size_by_pillow(data)


def _jpeg_size(data: bytes) -> Size:
    """The size in the first frame header, which libjpeg takes too: a second one is an error to it."""
    position, last = 2, len(data) - 9  # where the marker of a whole frame header may stand
    while 0 <= position <= last:
        code = data[position + 1]
        if data[position] != _MARK:  # rubbish, which libjpeg skips too
            position = bytes(data).find(_MARK, position)  # a storage may give a view
        elif code in _FRAMES:
            return (data[position + 7] << 8) + data[position + 8], (data[position + 5] << 8) + data[position + 6]
        elif code == _MARK:  # any number of them may stand before a marker
            position += 1
        elif code in _ALONE:
            position += 2
        elif code in _ENDS:
            return None
        else:
            position += 2 + (data[position + 2] << 8) + data[position + 3]
    return None


def _size_by_pillow(data: bytes) -> Size:
    try:
        with Image.open(io.BytesIO(data)) as image:  # reads the header only
            return image.size
    except _NO_IMAGE:
        return None
