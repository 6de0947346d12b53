"""The records of a data set, made of the lines of its list when they are asked for."""

from __future__ import annotations

import os.path as osp
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tsn_plugin.structures.list_lines import MAX_NUMBER, ListLine
from tsn_plugin.structures.list_text import NO_LABEL, ListText


@dataclass(frozen=True)
class LineForm:
    """How a line becomes a record.

    Attributes:
        path_key: what the path is called.
        fields: what the numbers between path and label are called.
        prefix: folder of the paths, if any.
        source: the list, for messages.
        num_classes: of data sets with several labels per video; None if there is one.
    """

    path_key: str
    fields: tuple[str, ...]
    prefix: str | None
    source: str
    num_classes: int | None = None

    def record(self, line: ListLine) -> dict[str, Any]:
        """Path, numbers and label of a line; ``label`` is a list where there may be several.

        Raises:
            ValueError: if numbers are missing, negative or too many, or a label is beyond the classes.
        """
        labels = self.labels(line)
        path = line.path if self.prefix is None else osp.join(self.prefix, line.path)
        label = list(labels) if self.num_classes is not None else next(iter(labels), NO_LABEL)
        return {self.path_key: path, **dict(zip(self.fields, line.numbers)), "label": label}

    def labels(self, line: ListLine) -> tuple[int, ...]:
        """The labels of a line.

        Raises:
            ValueError: as :meth:`record`.
        """
        count = len(self.fields)
        values, labels = line.numbers[:count], line.numbers[count:]
        if len(values) < count:
            raise self._error(line, f"lacks {' and '.join(self.fields)}")
        if min(values, default=0) < 0:
            raise self._error(line, f"has a negative number for {' or '.join(self.fields)}: mend it")
        if self.num_classes is None and len(labels) > 1:
            raise self._error(
                line,
                f"has the labels {labels}; set multi_class=True, or write tabs behind a path that ends in a number",
            )
        lowest = NO_LABEL if self.num_classes is None else 0
        limit = MAX_NUMBER if self.num_classes is None else self.num_classes
        wrong = [label for label in labels if not lowest <= label < limit]
        if wrong:
            known = "from 0 on" if self.num_classes is None else f"0 to {limit - 1} (num_classes)"
            raise self._error(line, f"has the label {wrong[0]}, and labels are {known}: mend it")
        return labels

    def _error(self, line: ListLine, text: str) -> ValueError:
        return ValueError(f"{self.source}, line {line.line_number}: {line} {text}")


@dataclass(frozen=True, eq=False)
class ListRecords(Sequence):
    """Records of the lines of a list."""

    lines: ListText
    form: LineForm

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, index: int | slice) -> dict[str, Any] | ListRecords:
        return self.chosen(index) if isinstance(index, slice) else self.form.record(self.lines[index])

    def chosen(self, indices: slice | Sequence[int]) -> ListRecords:
        """Some of the records, in this order."""
        return ListRecords(self.lines.chosen(indices), self.form)

    def place(self, index: int) -> str:
        """Where the line of a record is."""
        return f"{self.form.source}, line {self.lines.line_numbers[index]}"
