"""The lines of a long list, kept as the text that they are: compact, and shared by processes that are forked."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsn_plugin.structures.list_lines import ListLine, line_of_file, list_text, parse_line

#: of a video without one
NO_LABEL = -1
_NEWLINE = 10
_NUMBER = "[0-9]{1,8}"  # below MAX_NUMBER
Check = Callable[[ListLine], tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class ListText(Sequence):
    """Lines that are parsed when they are asked for; a choice of them shares the text.

    Attributes:
        text: UTF-8 bytes of the whole file.
        starts: where each line begins.
        ends: where it ends.
        line_numbers: 1-based.
        labels: one per line, -1 where there is none; None where a line may have several.
    """

    text: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    line_numbers: np.ndarray
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> ListLine:
        text = self.text[self.starts[index] : self.ends[index]].tobytes().decode()
        return parse_line(text, line_number=int(self.line_numbers[index]))

    def __deepcopy__(self, memo: dict) -> ListText:
        """The same: nobody changes it."""
        return self

    def chosen(self, indices: slice | np.ndarray | Sequence[int]) -> ListText:
        """Some of the lines, in this order."""
        places = indices if isinstance(indices, slice) else np.asarray(indices, np.int64)
        labels = None if self.labels is None else self.labels[places]
        return ListText(self.text, self.starts[places], self.ends[places], self.line_numbers[places], labels)


def ordinary_line(num_fields: int, *, several_labels: bool = False) -> re.Pattern:
    """What most lines look like: a path, ``num_fields`` numbers, and a label or several, which the group holds.

    With one label the path may have blanks, if there are tabs behind it or its last word is no number, and the label
    may be missing. :func:`parse_line` takes such a line for the same.
    """
    fields = f"{_NUMBER} +" * num_fields
    if several_labels:
        return re.compile(rf"^\S+ +{fields}({_NUMBER}(?: +{_NUMBER})*) *$", re.MULTILINE)
    tabs = r"[^\t\n]*\S\t" + rf"{_NUMBER}\t" * num_fields
    words = r"[^\t\n]* \S*[^\s\d-]\S*"
    unlabelled = r"\S+" + f" +{_NUMBER}" * num_fields
    return re.compile(
        rf"^(?:(?:\S+ +{fields}|{tabs}|{words} +{fields})({_NUMBER})|{unlabelled}) *$",
        re.MULTILINE,
    )


def read_list(
    path: str | Path, check: Check, *, num_fields: int, several_labels: bool = False, num_classes: int | None = None
) -> ListText:
    """The lines of a list, empty ones left out; lines that are not ordinary are checked one by one.

    Args:
        path: the list.
        check: gives the labels of a line or raises an error; not called for lines of which it is known that it gives
            theirs.
        num_fields: numbers between path and label.
        several_labels: whether a line may have several labels.
        num_classes: lines with labels beyond it are not ordinary.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: for a list that is not UTF-8, or a line of another form; and what ``check`` raises.
    """
    text = list_text(path)
    encoded = np.frombuffer(text.encode(), np.uint8)
    ends = np.append(np.flatnonzero(encoded == _NEWLINE), len(encoded))
    starts = np.append(0, ends[:-1] + 1)
    lines = ListText(encoded, starts, ends, np.arange(1, len(ends) + 1))
    pattern = ordinary_line(num_fields, several_labels=several_labels)
    kept, labels = np.flatnonzero(ends > starts), pattern.findall(text)
    if len(labels) < len(kept) or not _all_below(labels, num_classes):
        kept, labels = _checked_lines(Path(path), text, pattern, check, num_classes)
    if several_labels:
        return lines.chosen(kept)
    labels = np.fromiter((NO_LABEL if label == "" else int(label) for label in labels), np.int64, len(labels))
    return replace(lines.chosen(kept), labels=labels)


def first_repetition(lines: ListText) -> tuple[int, int, int] | None:
    """How many lines stand there a second time, and the line numbers of one of them and of its first place."""
    texts = lines.text.tobytes().split(b"\n")
    repeated = len(lines) - len(set(filter(bytes.strip, texts)))
    if repeated <= 0:
        return None
    first: dict[bytes, int] = {}
    for number, text in enumerate(texts, start=1):
        if text.strip() and first.setdefault(text, number) != number:
            return repeated, number, first[text]
    return None


def _all_below(labels: Sequence[str], limit: int | None) -> bool:
    return limit is None or all(int(label) < limit for label in " ".join(labels).split())


def _checked_lines(
    path: Path, text: str, pattern: re.Pattern, check: Check, num_classes: int | None
) -> tuple[list[int], list[str | int]]:
    """Places of the lines that are not empty, and the first label of each."""
    kept, labels = [], []
    for place, line in enumerate(text.split("\n")):
        match = pattern.match(line)
        if match and _all_below(match.groups(""), num_classes):
            labels.append(match[1] or "")
        elif line.strip():
            labels.append(next(iter(check(line_of_file(path, place + 1, line))), NO_LABEL))
        else:
            continue
        kept.append(place)
    return kept, labels
