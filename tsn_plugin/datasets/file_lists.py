"""MMAction2's data sets of videos and of frames, with lists whose names may hold anything."""

from __future__ import annotations

from mmaction.datasets import RawframeDataset as _RawframeDataset
from mmaction.datasets import VideoDataset as _VideoDataset

from tsn_plugin.datasets.list_dataset import ListDataset
from tsn_plugin.datasets.list_records import LineForm
from tsn_plugin.registry import DATASETS


@DATASETS.register_module()
class VideoDataset(ListDataset, _VideoDataset):
    """MMAction2's ``VideoDataset``; names may hold blanks, and a wrong line is named.

    See :mod:`tsn_plugin.structures.list_lines` for the lines; arguments are MMAction2's, and ``max_unreadable_share``.
    With a ``delimiter`` of one's own its way of reading stays.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: for a line of another form, or a list without videos.
    """

    def line_form(self) -> LineForm | None:
        """Lines ``<file> [label ...]``; None with a delimiter of one's own."""
        if getattr(self, "delimiter", " ") not in (" ", "\t"):
            return None
        return LineForm("filename", (), self.data_prefix["video"], self.ann_file, self.label_limit())


@DATASETS.register_module()
class RawframeDataset(ListDataset, _RawframeDataset):
    """MMAction2's ``RawframeDataset``; names may hold blanks, and a wrong line is named.

    See :mod:`tsn_plugin.structures.list_lines` for the lines; arguments are MMAction2's, and ``max_unreadable_share``.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: for a line of another form, or a list without videos.
    """

    def line_form(self) -> LineForm:
        """Lines ``<folder> [offset] <frames> [label ...]``."""
        fields = ("offset", "total_frames") if self.with_offset else ("total_frames",)
        return LineForm("frame_dir", fields, self.data_prefix["img"], self.ann_file, self.label_limit())
