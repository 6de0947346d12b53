"""Text and JSON files that come from others: read whole, up to a size that no list or annotation has."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

#: larger files are refused: in memory they take up to twenty times as much
MAX_TEXT_BYTES = 2**30


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file; a byte order mark does no harm.

    Raises:
        OSError: if it cannot be opened.
        ValueError: if it is in another encoding or larger than :data:`MAX_TEXT_BYTES`; the message names it.
    """
    size = os.path.getsize(path)
    if size > MAX_TEXT_BYTES:
        raise ValueError(f"{path} has {size} bytes, more than {MAX_TEXT_BYTES}: is it a text file? Split it")
    try:
        return Path(path).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error}): take the authors' file, or save it as UTF-8") from None


def read_json(path: str | Path) -> Any:
    """The content of a JSON file.

    Raises:
        OSError: if it cannot be opened.
        ValueError: if it is no JSON, nested too deeply, or as :func:`read_text`; the message names it.
    """
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}, line {error.lineno}: this is no JSON ({error.msg})") from None
    except RecursionError:
        raise ValueError(f"{path} is no JSON of this kind: it nests lists or dictionaries a thousand deep") from None
