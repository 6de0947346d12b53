"""The Holistic Video Understanding data set: videos with tags of up to six categories."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from os.path import join
from typing import Any

from mmaction.datasets import BaseActionDataset
from mmaction.datasets.transforms import LoadHVULabel
from mmengine.logging import print_log

from tsn_plugin.datasets.dependable import DependableDataset
from tsn_plugin.registry import DATASETS
from tsn_plugin.structures.tags import tag_counts
from tsn_plugin.structures.text_files import read_json

#: by the key of a record's path: the key of ``data_prefix``, and the number of the first frame
KINDS = {"filename": ("video", 0), "frame_dir": ("img", 1)}


@DATASETS.register_module()
class HVUDataset(DependableDataset, BaseActionDataset):
    """HVU with the tags of all categories or of some, from MMAction2's JSON lists.

    A list holds one record per video: ``filename``, or ``frame_dir`` and ``total_frames``; and ``label``, a dictionary
    of tags by category, ``{"action": [180], "scene": [206, 3]}``. In a list for a single category
    (``hvu_action_train.json``) it may be the list of tags. Videos without tags of the wanted categories are left out:
    they have nothing to learn from, and ``HVULoss`` with masks would divide by zero for them. So are the videos of the
    other categories that MMAction2's ``generate_sub_file_list.py`` leaves in the lists that it writes.

    Args:
        ann_file: the JSON list.
        pipeline: transforms.
        tag_categories: the categories to use, in the order of the scores; default HVU's six.
        tag_category_nums: numbers of their tags; default HVU's.
        filename_tmpl: template of the frames' names, for lists of frame folders.
        data_prefix: ``dict(video=FOLDER)`` or, for frame folders, ``dict(img=FOLDER)``.
        multi_class: whether samples hold ``label (num_tags,)``, ``mask (num_tags,)`` and
            ``category_mask (num_categories,)``, 1 where the video has the tag or its category. Otherwise they hold what
            the transform ``LoadHVULabel`` needs to make these.
        start_index: number of the first frame; default 0 for videos, 1 for frame folders (in 0.x always 0).
        modality: as in MMAction2.
        test_mode: as in MMAction2.
        **kwargs: ``max_unreadable_share``, and MMEngine's arguments of ``BaseDataset``.

    Raises:
        ValueError: for a list that is no JSON list of such records, or a tag outside its category.

    Source: ``HVUDataset`` of MMAction2 0.x.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list[dict | Callable],
        tag_categories: Sequence[str] | None = None,
        tag_category_nums: Sequence[int] | None = None,
        *,
        filename_tmpl: str = "img_{:05}.jpg",
        data_prefix: dict | None = None,
        multi_class: bool = False,
        start_index: int | None = None,
        modality: str = "RGB",
        test_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        self.tag_counts = tag_counts(tag_categories, tag_category_nums)
        self.filename_tmpl = filename_tmpl
        self.makes_tensors = multi_class
        super().__init__(
            ann_file,
            pipeline=pipeline,
            data_prefix=data_prefix or dict(video="", img=""),
            test_mode=test_mode,
            start_index=start_index,
            modality=modality,
            **kwargs,
        )

    def load_data_list(self) -> list[dict]:
        """The records of the videos that have tags of the wanted categories, with whole paths."""
        if not str(self.ann_file).endswith(".json"):
            raise ValueError(f"ann_file={self.ann_file!r} must be a .json file with a list of videos")
        records = read_json(self.ann_file, kind=list, what="list", missing="mend ann_file or data_root")
        data_list = [self._record(record, number) for number, record in enumerate(records, start=1)]
        used = [record for record in data_list if record["label"]]
        if not used:
            raise ValueError(f"no video of ann_file={self.ann_file!r} has tags of {', '.join(self.tag_counts)}")
        if len(used) < len(data_list):
            message = f"{self.ann_file}: left out {len(data_list) - len(used)} of {len(data_list)} videos"
            print_log(f"{message} without tags of {', '.join(self.tag_counts)}", "current", logging.INFO)
        return used

    def get_data_info(self, idx: int) -> dict:
        """What the pipeline gets of one video."""
        info = super().get_data_info(idx)
        _, first_frame = KINDS["filename" if "filename" in info else "frame_dir"]
        info["start_index"] = first_frame if self.start_index is None else self.start_index
        if "frame_dir" in info:
            info["filename_tmpl"] = self.filename_tmpl
        info.update(categories=list(self.tag_counts), category_nums=list(self.tag_counts.values()))
        return LoadHVULabel().transform(info) if self.makes_tensors else info

    def _record(self, record: Any, number: int) -> dict:
        place = f"{self.ann_file}, item {number}"
        keys = [key for key in KINDS if key in record] if isinstance(record, dict) else []
        if len(keys) != 1 or "label" not in record or (keys == ["frame_dir"] and "total_frames" not in record):
            raise ValueError(
                f"{place}: a video needs 'label' and either 'filename' or 'frame_dir' and 'total_frames', got "
                f"{sorted(record) if isinstance(record, dict) else record!r}"
            )
        prefix_key, _ = KINDS[keys[0]]
        if prefix_key not in self.data_prefix:
            prefixes = dict(self.data_prefix)
            raise ValueError(f"data_prefix={prefixes} needs {prefix_key!r}: {self.ann_file} has {keys[0]!r}")
        path = join(self.data_prefix[prefix_key], record[keys[0]])
        return {**record, keys[0]: path, "label": self._tags(record["label"], f"{place}: {path}")}

    def _tags(self, label: Any, video: str) -> dict[str, list[int]]:
        """The tags of the wanted categories."""
        if isinstance(label, list):
            if len(self.tag_counts) > 1:
                raise ValueError(
                    f"{video} has tags of one category: name it in tag_categories, which has "
                    f"{', '.join(self.tag_counts)}"
                )
            label = {category: label for category in self.tag_counts}
        if not isinstance(label, dict):
            raise ValueError(f"{video} has the label {label!r}: lists of tags by category are needed")
        tags = {category: label[category] for category in self.tag_counts if category in label}
        for category, numbers in tags.items():
            count = self.tag_counts[category]
            numbers = numbers if isinstance(numbers, list) else [numbers]
            outside = [number for number in numbers if not (isinstance(number, int) and 0 <= number < count)]
            if outside or numbers is not tags[category]:
                raise ValueError(
                    f"{video} has tag {[*outside, *numbers][0]!r} of {count} in {category!r}: a list of numbers from 0 "
                    f"to {count - 1} is needed"
                )
        return tags
