"""Text and JSON that people have written, in whatever editor: errors name the file, the line and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def read_text(path: str | Path, *, what: str = "file", remedy: str = "save it as UTF-8", missing: str) -> str:
    r"""The text of a UTF-8 file, without a byte order mark and with ``\n`` as line ends.

    Args:
        path: the file.
        what: the file is called in messages.
        remedy: of another encoding.
        missing: the remedy of a file that is not there.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is in another encoding.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{what} {path} does not exist; {missing}")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
        place, reason = text.find("\0"), "a zero byte"
        before = text[:place].encode()
    except UnicodeDecodeError as error:
        place, reason, before = error.start, str(error), content[: error.start]
    if place >= 0:
        line = before.count(b"\n") + 1
        raise ValueError(f"{what} {path} is not UTF-8 text (line {line}: {reason}): {remedy}")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_json(path: str | Path, *, kind: type[T], what: str = "file", missing: str) -> T:
    """The content of a JSON file; arguments as of :func:`read_text`.

    Args:
        path: the file.
        kind: ``dict`` or ``list``.
        what: the file is called in messages.
        missing: the remedy of a file that is not there.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no JSON, or not of type ``kind``.
    """
    return parse_json(read_text(path, what=what, missing=missing), path, kind=kind)


def parse_json(text: str, path: str | Path, *, kind: type[T]) -> T:
    """The content of a JSON text.

    Raises:
        ValueError: if it is no JSON, with the line, or not of type ``kind``.
    """
    try:
        content: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}, line {error.lineno}: this is no JSON ({error.msg}): the file is cut off, or was edited"
        ) from None
    if not isinstance(content, kind):
        raise ValueError(f"{path} must hold a JSON {kind.__name__}, got a {type(content).__name__}")
    return content
