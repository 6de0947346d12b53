r"""The lines of file lists, ``<path> <numbers>``: one place that knows how they are written and read.

Fields are separated by blanks, as MMAction2 has them. A path that holds blanks itself is followed by tabs; such lines
are read by this package's datasets (MMAction2's ``VideoDataset`` takes ``delimiter='\t'``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tsn_plugin.structures.text_files import read_text

#: larger numbers are refused: no video has so many frames, no data set so many classes
MAX_NUMBER = 10**8


@dataclass(frozen=True)
class ListLine:
    """A path and the numbers behind it: for frames ``[offset] count label ...``, for videos ``label ...``.

    Attributes:
        path: as written in the list (POSIX).
        numbers: whole numbers.
        line_number: 1-based, for error messages; 0 if it does not come from a file.
    """

    path: str
    numbers: tuple[int, ...]
    line_number: int = 0

    def __str__(self) -> str:
        """What :func:`parse_line` reads.

        Raises:
            ValueError: for a path that no list can hold.
        """
        if not self.path or self.path != self.path.strip() or re.search(r"[\t\r\n]", self.path):
            raise ValueError(f"path {self.path!r} begins or ends in a blank, or holds a tab or a line end: rename it")
        separator = "\t" if self.path.split() != [self.path] else " "
        # a path with blanks and no numbers ends in a tab, lest its last word be taken for a number
        numbers = self.numbers if separator == " " else self.numbers or ("",)
        return separator.join([self.path, *map(str, numbers)])


def parse_line(text: str, *, num_numbers: int | None = None, line_number: int = 0) -> ListLine:
    """The path and the numbers of one line.

    A line with a tab is split at its tabs, of which one may end it. Another one is split at blanks from its end on:
    ``num_numbers`` numbers, or all that stand there, so that only a path that ends in a number of its own needs tabs.

    >>> parse_line("Archery/a b.avi 3").path
    'Archery/a b.avi'
    >>> parse_line("take 2 120 5", num_numbers=2)
    ListLine(path='take 2', numbers=(120, 5), line_number=0)

    Args:
        text: the line.
        num_numbers: how many numbers follow the path; default: as many as there are.
        line_number: of the line, if it comes from a file.

    Raises:
        ValueError: if there is no path, or not as many whole numbers, or one beyond :data:`MAX_NUMBER`.
    """
    text = text.strip("\r\n")
    fields = text.removesuffix("\t").split("\t") if "\t" in text else _split_at_blanks(text.strip(), num_numbers)
    path, *numbers = [field.strip() for field in fields or [""]]
    if not path or not all(map(_is_number, numbers)) or num_numbers not in (None, len(numbers)):
        wanted = "numbers" if num_numbers is None else f"{num_numbers} numbers"
        raise ValueError(f"{text!r} is not a path and {wanted}, separated by blanks, or by tabs if the path has blanks")
    values = tuple(map(int, numbers))
    if any(abs(value) > MAX_NUMBER for value in values):
        raise ValueError(f"{text!r} holds a number beyond {MAX_NUMBER}, which counts neither frames nor classes")
    return ListLine(path, values, line_number)


def read_lines(path: str | Path, *, num_numbers: int | None = None) -> Iterator[ListLine]:
    """The lines of a list, empty ones left out; a byte order mark and CRLF do no harm.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: for a line of another form, with its number, or a list that is not UTF-8.
    """
    for number, text in enumerate(list_text(path).split("\n"), start=1):
        if text.strip():
            yield line_of_file(path, number, text, num_numbers=num_numbers)


def list_text(path: str | Path) -> str:
    """The text of a list.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: if it is not UTF-8.
    """
    return read_text(path, what="list", missing="tools/build_file_list.py writes lists")


def line_of_file(path: str | Path, number: int, text: str, *, num_numbers: int | None = None) -> ListLine:
    """The line with a 1-based number of a list.

    Raises:
        ValueError: if it has another form, with its place.
    """
    try:
        return parse_line(text, num_numbers=num_numbers, line_number=number)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}") from None


def _split_at_blanks(text: str, num_numbers: int | None) -> list[str]:
    if num_numbers is not None:
        return text.rsplit(None, num_numbers)
    words = text.split()
    count = 0
    while count < len(words) - 1 and _is_number(words[-1 - count]):
        count += 1
    return text.rsplit(None, count)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").isdecimal()
