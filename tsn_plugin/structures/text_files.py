"""Text and JSON that people have written, in whatever editor: errors name the file, the line and the remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

#: larger files are refused: in memory they take up to twenty times as much
MAX_TEXT_BYTES = 2**30


def read_text(
    path: str | Path, *, what: str = "file", remedy: str = "save it as UTF-8", missing: str = "mend its path"
) -> str:
    r"""The text of a UTF-8 file, without a byte order mark and with ``\n`` as line ends.

    Args:
        path: the file.
        what: the file is called in messages.
        remedy: of another encoding.
        missing: the remedy of a file that is not there.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is in another encoding or larger than :data:`MAX_TEXT_BYTES`.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{what} {path} does not exist; {missing}")
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise ValueError(f"{what} {path} has {size} bytes, more than {MAX_TEXT_BYTES}: is it a text file? Split it")
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(_no_text(f"{what} {path}", content[: error.start], str(error), remedy)) from None
    place = content.find(b"\0")
    if place >= 0:
        raise ValueError(_no_text(f"{what} {path}", content[:place], "a zero byte", remedy))
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _no_text(name: str, before: bytes, reason: str, remedy: str) -> str:
    line = before.count(b"\n") + 1
    return f"{name} is not UTF-8 text (line {line}: {reason}): {remedy}"


def read_json(path: str | Path, *, kind: type[T] = object, what: str = "file", missing: str = "mend its path") -> T:
    """The content of a JSON file; arguments as of :func:`read_text`.

    Args:
        path: the file.
        kind: ``dict`` or ``list``; default: any.
        what: the file is called in messages.
        missing: the remedy of a file that is not there.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no JSON, nested too deeply, or not of type ``kind``.
    """
    return parse_json(read_text(path, what=what, missing=missing), path, kind=kind)


def parse_json(text: str, path: str | Path, *, kind: type[T]) -> T:
    """The content of a JSON text.

    Raises:
        ValueError: if it is no JSON, with the line, nested too deeply, or not of type ``kind``.
    """
    try:
        content: Any = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}, line {error.lineno}: this is no JSON ({error.msg}): the file is cut off, or was edited"
        ) from None
    except RecursionError:
        raise ValueError(f"{path} is no JSON of this kind: it nests lists or dictionaries a thousand deep") from None
    if not isinstance(content, kind):
        raise ValueError(f"{path} must hold a JSON {kind.__name__}, got a {type(content).__name__}")
    return content
