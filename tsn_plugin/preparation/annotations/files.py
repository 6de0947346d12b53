"""Finding and reading the authors' files, whatever editor they went through: byte order marks and CRLF do no harm."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from tsn_plugin.structures import text_files

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """A line of a file, or a numbered item of a JSON file, for error messages."""

    path: Path
    number: int
    unit: str = "line"

    def __str__(self) -> str:
        return f"{self.path}, {self.unit} {self.number}"


def find_file(annotations: Path, *patterns: str) -> Path:
    """The file that fits the first pattern that any file fits; capitals do not matter, hidden files do not count.

    Args:
        annotations: the folder, or one of its files, which is preferred where it fits.
        *patterns: of the file's name, such as ``*train.csv``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if several files fit.
    """
    folder = annotations.parent if annotations.is_file() else annotations
    files = sorted(path for path in folder.glob("*") if path.is_file() and path.name[0] != ".")
    for pattern in patterns:
        fits = [path for path in files if fnmatch(path.name.lower(), pattern.lower())]
        if annotations in fits:
            return annotations
        if len(fits) > 1:
            names = " or ".join(path.name for path in fits)
            raise ValueError(f"the file called {pattern} in {folder} could be {names}: give it as annotations")
        if fits:
            return fits[0]
    raise FileNotFoundError(f"{folder} has no file called {' or '.join(patterns)}: give the folder as annotations")


def read_text(path: Path) -> str:
    """The text of a UTF-8 file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is in another encoding, or larger than any annotation.
    """
    return text_files.read_text(
        path,
        remedy="take the authors' file, or save it as UTF-8",
        missing="give the folder of the official files as annotations",
    )


def read_lines(path: Path) -> list[tuple[Place, str]]:
    """The lines that are not empty, without blanks at their ends, and where they stand."""
    lines = ((number, line.strip()) for number, line in enumerate(read_text(path).split("\n"), start=1))
    return [(Place(path, number), line) for number, line in lines if line]


def read_csv(path: Path, *, num_fields: int = 1) -> Iterator[tuple[Place, list[str]]]:
    """The rows of a comma-separated file, with quotes undone.

    Raises:
        ValueError: for a row with fewer than ``num_fields`` fields, or a quote that is never closed.
    """
    reader = csv.reader(StringIO(read_text(path)), strict=True)
    try:
        for row in reader:
            if any(map(str.strip, row)):
                place = Place(path, reader.line_num)
                if len(row) < num_fields:
                    raise ValueError(f"{place}: {','.join(row)!r} has {len(row)} of at least {num_fields} fields")
                yield place, [field.strip() for field in row]
    except csv.Error as error:
        raise ValueError(f"{Place(path, reader.line_num)}: this is no CSV ({error}): mend its quotes") from None


def read_table(path: Path, *, columns: Sequence[str]) -> Iterator[tuple[Place, dict[str, str]]]:
    """The rows of a comma-separated file with a header, by column; further columns do no harm.

    Raises:
        ValueError: if a column is missing in the header or empty in a row.
    """
    rows = read_csv(path)
    place, header = next(rows, (Place(path, 1), []))
    missing = [column for column in columns if column not in header]
    if missing:
        raise ValueError(f"{place}: the header {','.join(header)!r} lacks {', '.join(missing)}")
    for place, row in rows:
        values = dict(zip(header, row))
        empty = [column for column in columns if not values.get(column)]
        if empty:
            raise ValueError(f"{place}: {','.join(row)!r} has no {', '.join(empty)}")
        yield place, values


def read_json(path: Path, *, kind: type[T]) -> T:
    """The content of a JSON file.

    Raises:
        ValueError: if it is no JSON, or not of type ``kind`` (``dict`` or ``list``).
    """
    return text_files.parse_json(read_text(path), path, kind=kind)


def read_items(path: Path, *, keys: Mapping[str, Callable[[Any], Any]]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The dictionaries of a JSON list, with the values of ``keys`` converted.

    Raises:
        ValueError: for an item that lacks a key or has a value that cannot be converted, with its 1-based number.
    """
    for number, item in enumerate(read_json(path, kind=list), start=1):
        place = Place(path, number, "item")
        if not isinstance(item, dict) or any(key not in item for key in keys):
            raise ValueError(f"{place}: {item!r} is no dictionary with {', '.join(keys)}")
        yield place, {key: converted(item[key], convert, place=place, what=key) for key, convert in keys.items()}


def converted(value: Any, convert: Callable[[Any], T], *, place: Place, what: str) -> T:
    """``convert(value)``.

    Raises:
        ValueError: if that fails or gives no finite number, with the place.
    """
    try:
        result = convert(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{place}: {what} {value!r} is no {convert.__name__}") from None
    if isinstance(result, float) and not math.isfinite(result):
        raise ValueError(f"{place}: {what} {value!r} is not finite")
    return result


def label_of(name: str, labels: Mapping[str, int], *, place: Place, source: Path) -> int:
    """The label of a class.

    Raises:
        ValueError: if ``source`` does not have the class.
    """
    if name not in labels:
        raise ValueError(f"{place}: class {name!r} is not in {source}")
    return labels[name]


def numbered(names: Sequence[str], *, source: Path) -> dict[str, int]:
    """Label by class name, in the order of ``names``.

    Raises:
        ValueError: if a class stands there twice, or there is none.
    """
    labels = {name: label for label, name in enumerate(names)}
    if len(labels) != len(names):
        twice = next(name for label, name in enumerate(names) if labels[name] != label)
        raise ValueError(f"{source} holds class {twice!r} twice")
    if not labels:
        raise ValueError(f"{source} holds no class")
    return labels
