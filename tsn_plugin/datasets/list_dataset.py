"""Data sets whose list is a text: it stays one in memory, so that a million lines are there within a second or two."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from tsn_plugin.datasets.dependable import DependableDataset
from tsn_plugin.datasets.list_records import LineForm, ListRecords
from tsn_plugin.structures.list_text import first_repetition, read_list


class ListDataset(DependableDataset):
    """Base of data sets with a line per video.

    MMEngine pickles each record into one array, which loader processes share. Here the list's own text is that
    array: no record is made before it is asked for. Where a subclass makes or filters records itself
    (``load_data_list``, ``filter_data``), or ``serialize_data=False``, they are kept as MMEngine keeps them.
    """

    def line_form(self) -> LineForm | None:
        """How lines become records; None if another base reads the list."""
        raise NotImplementedError

    def label_limit(self) -> int | None:
        """Number of classes, if a video may have several.

        Raises:
            ValueError: if it is not known then.
        """
        if not self.multi_class:
            return None
        if self.num_classes is None:
            raise ValueError("multi_class=True needs num_classes")
        return self.num_classes

    def load_data_list(self) -> list[dict]:
        """One dictionary per video: path, numbers of the line, and ``label``."""
        records = self._read()
        return super().load_data_list() if records is None else list(records)

    def full_init(self) -> None:
        """Read the list."""
        if not self._fully_initialized and self.serialize_data and self._keeps_text():
            records = self._read()
            if records is not None:
                self.data_list = records
                if self._indices is not None:
                    self.data_list = self._get_unserialized_subset(self._indices)
                # MMEngine's word for what lies in data_list and is not pickled
                self.serialize_data = False
                self._fully_initialized = True
        super().full_init()

    def all_labels(self) -> Sequence[Any]:
        """The label of each item."""
        if isinstance(self.data_list, ListRecords) and self.data_list.lines.labels is not None:
            return self.data_list.lines.labels
        return super().all_labels()

    def place_of_item(self, idx: int) -> str:
        """The list, and the line where it is known."""
        return self.data_list.place(idx) if isinstance(self.data_list, ListRecords) else super().place_of_item(idx)

    def _keeps_text(self) -> bool:
        kind = type(self)
        return kind.load_data_list is ListDataset.load_data_list and kind.filter_data is BaseDataset.filter_data

    def _get_unserialized_subset(self, indices: Sequence[int] | int) -> ListRecords | list[dict]:
        if not isinstance(self.data_list, ListRecords) or isinstance(indices, int):
            return super()._get_unserialized_subset(indices)
        return self.data_list.chosen(indices)

    def _read(self) -> ListRecords | None:
        form = self.line_form()
        if form is None:
            return None
        lines = read_list(
            self.ann_file,
            form.labels,
            num_fields=len(form.fields),
            several_labels=self.multi_class,
            num_classes=form.num_classes,
        )
        repetition = first_repetition(lines)
        if repetition is not None:
            count, second, first = repetition
            text = f"{self.ann_file}: {count} lines stand there again, such as line {second}, which is line {first}"
            print_log(f"{text}: take them out, unless these videos are to count more", "current", logging.WARNING)
        return ListRecords(lines, form)
