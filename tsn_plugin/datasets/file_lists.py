"""MMAction2's data sets of videos and of frames, with lists whose names may hold anything."""

from __future__ import annotations

import os.path as osp
from typing import Any

from mmaction.datasets import RawframeDataset as _RawframeDataset
from mmaction.datasets import VideoDataset as _VideoDataset

from tsn_plugin.datasets.dependable import DependableDataset
from tsn_plugin.registry import DATASETS
from tsn_plugin.structures.list_lines import ListLine, read_lines

_NO_LABEL = -1


@DATASETS.register_module()
class VideoDataset(DependableDataset, _VideoDataset):
    """MMAction2's ``VideoDataset``; names may hold blanks, and a wrong line is named.

    See :mod:`tsn_plugin.structures.list_lines` for the lines; arguments are MMAction2's, and ``max_unreadable_share``.
    With a ``delimiter`` of one's own its way of reading stays.

    Raises:
        ValueError: for a line of another form.
    """

    def load_data_list(self) -> list[dict]:
        """One dictionary per video: ``filename`` and ``label``."""
        if getattr(self, "delimiter", " ") not in (" ", "\t"):
            return super().load_data_list()
        return [
            dict(filename=_joined(self.data_prefix["video"], line.path), label=_label(self, line, line.numbers))
            for line in read_lines(self.ann_file)
        ]


@DATASETS.register_module()
class RawframeDataset(DependableDataset, _RawframeDataset):
    """MMAction2's ``RawframeDataset``; names may hold blanks, and a wrong line is named.

    See :mod:`tsn_plugin.structures.list_lines` for the lines; arguments are MMAction2's, and ``max_unreadable_share``.

    Raises:
        ValueError: for a line of another form.
    """

    def load_data_list(self) -> list[dict]:
        """One dictionary per folder: ``frame_dir``, ``offset`` if asked for, ``total_frames`` and ``label``."""
        fields = ("offset", "total_frames") if self.with_offset else ("total_frames",)
        return [self._info(line, fields) for line in read_lines(self.ann_file)]

    def _info(self, line: ListLine, fields: tuple[str, ...]) -> dict[str, Any]:
        if len(line.numbers) < len(fields):
            raise ValueError(f"{self.ann_file}, line {line.line_number}: {line} lacks {' and '.join(fields)}")
        values = dict(zip(fields, line.numbers))
        label = _label(self, line, line.numbers[len(fields) :])
        return dict(frame_dir=_joined(self.data_prefix["img"], line.path), **values, label=label)


def _joined(prefix: str | None, path: str) -> str:
    return path if prefix is None else osp.join(prefix, path)


def _label(dataset: VideoDataset | RawframeDataset, line: ListLine, labels: tuple[int, ...]) -> int | list[int]:
    if dataset.multi_class:
        if dataset.num_classes is None:
            raise ValueError("multi_class=True needs num_classes")
        return list(labels)
    if len(labels) > 1:
        raise ValueError(
            f"{dataset.ann_file}, line {line.line_number}: {line} has the labels {labels}; set multi_class=True, or "
            "write tabs behind a path that ends in a number"
        )
    return labels[0] if labels else _NO_LABEL
