"""Whether a JPEG is damaged, as far as it can tell: it carries no checksum.

OpenCV says nothing of bytes that make no sense, and shows grey or shifted blocks from there on. FFmpeg's decoder can be
told to refuse them; of photographs and flow with changed bytes it notices about half, as many as libjpeg's own warnings
would, of mere noise few. The others are valid JPEGs of other pixels.
"""

from __future__ import annotations

import av

_START, _END = b"\xff\xd8", b"\xff\xd9"


def is_cut_off(data: bytes) -> bool:
    """Whether the bytes are those of a JPEG without its end, which older OpenCV makes up in grey.

    What is coded never contains the mark of the end, and bytes behind it do no harm.
    """
    return data[-2:] != _END and data[:2] == _START and _END not in data


def is_damaged(data: bytes) -> bool:
    """Whether the bytes are those of a JPEG that a second, strict decoder refuses; takes as long as decoding it."""
    if data[:2] != _START:
        return False
    context = av.CodecContext.create("mjpeg", "r")
    context.thread_count = 1
    context.options = {"err_detect": "explode"}
    try:
        frames = [*context.decode(av.Packet(data)), *context.decode(None)]
    except av.error.InvalidDataError:
        return True
    except av.FFmpegError:
        return False  # a kind of JPEG that it does not know
    return len(frames) != 1 or frames[0].is_corrupt
