"""How large an encoded image says it is, so that a file of some bytes cannot fill the memory with its pixels."""

from __future__ import annotations

import io
import struct

#: pixels of the largest image that is decoded
MAX_PIXELS = 1 << 26
#: JPEG's markers that begin a frame: SOF0 to SOF15, without DHT, JPG and DAC
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: markers without a segment behind them: stuffing, TEM, RST0 to RST7
_LONELY = frozenset((0x00, 0x01, *range(0xD0, 0xD8)))
_END, _SCAN, _FILL = 0xD9, 0xDA, 0xFF
_PNG, _PNG_HEADER = b"\x89PNG\r\n\x1a\n", b"IHDR"


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that the header of an encoded image tells; None where it tells none.

    JPEG and PNG take two or three microseconds. The other formats are left to Pillow, which reads the header only.
    """
    if data[:3] == b"\xff\xd8\xff":
        return _jpeg_size(bytes(data))
    if data[:8] == _PNG:
        return struct.unpack_from(">II", data, 16) if data[12:16] == _PNG_HEADER and len(data) >= 24 else None
    return _other_size(data)


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """What the first frame header says; walks from marker to marker as libjpeg does, junk between them included."""
    place = data.find(b"\xff", 2)
    while 0 <= place < len(data) - 8:  # a frame header has nine bytes up to the width
        marker = data[place + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return width, height
        if marker in (_END, _SCAN):
            return None
        if marker == _FILL:
            place += 1
            continue
        place += 2
        if marker not in _LONELY:
            place += max(2, data[place] << 8 | data[place + 1])
        place = data.find(b"\xff", place)
    return None


def _other_size(data: bytes) -> tuple[int, int] | None:
    from PIL import Image  # noqa: PLC0415 for rare formats only

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except Exception:  # Pillow's readers raise what they like for a damaged header
        return None
