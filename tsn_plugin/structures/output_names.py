"""Names of files to write that come from lists or annotations: they must stay in the folder meant for them."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

#: bytes of one part of a path; file systems take 255, of which suffixes need some
MAX_PART_BYTES = 220
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


def path_below(name: str) -> PurePosixPath:
    r"""``name`` as a path that lies below the folder it is joined to, on every system.

    >>> str(path_below("Archery/v_Archery_g01_c01"))
    'Archery/v_Archery_g01_c01'

    Raises:
        ValueError: for an absolute path, one of another drive, ``..`` (also between ``\``), characters that do not
            belong in names, and parts of more than :data:`MAX_PART_BYTES`.
    """
    path = PurePosixPath(name)
    parts = re.split(r"[/\\]", name)
    if path.is_absolute() or name.startswith("\\") or _DRIVE.match(name) or ".." in parts or not path.parts:
        raise ValueError(f"{name!r} would not lie in the output folder")
    if _CONTROL.search(name):
        raise ValueError(f"{name!r} holds a control character")
    if any(len(part.encode(errors="surrogateescape")) > MAX_PART_BYTES for part in parts):
        raise ValueError(f"{name[:60]!r}... has a part of more than {MAX_PART_BYTES} bytes")
    return path


def shortened(name: str, *, max_bytes: int) -> str:
    """The end of ``name``, without a part of a character, in at most so many bytes.

    >>> shortened("aé", max_bytes=1), shortened("aé", max_bytes=2)
    ('', 'é')
    """
    return name.encode(errors="replace")[-max_bytes:].decode(errors="ignore")
