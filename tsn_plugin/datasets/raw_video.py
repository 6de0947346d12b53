"""Long videos that were cut into clips, some of which show the class."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from mmaction.datasets.base import BaseActionDataset

from tsn_plugin.datasets.dependable import MAX_UNREADABLE_SHARE, DependableDataset
from tsn_plugin.registry import DATASETS
from tsn_plugin.structures.list_lines import line_of_file
from tsn_plugin.structures.text_files import read_json, read_text

STRATEGIES = ("positive", "random")
_KEYS = ("video_dir", "label", "num_clips", "positive_clip_inds")


@DATASETS.register_module()
class RawVideoDataset(DependableDataset, BaseActionDataset):
    """Untrimmed videos as folders of clips; a sample is one clip of a video, another one each time.

    MMAction2 0.x's data set of this name, which 1.x dropped: OmniSource trains on it. A list has a line ``folder label
    clips number ...`` per video, where the numbers are those of its positive clips; JSON lists hold ``video_dir``,
    ``label``, ``num_clips`` and ``positive_clip_inds``.

    Args:
        ann_file: the list, ``.txt`` or ``.json``.
        pipeline: transforms.
        clipname_tmpl: file name of a clip in its video's folder, with a place for the number.
        sampling_strategy: ``'positive'`` takes clips that show the class, ``'random'`` any.
        data_root: folder that list and ``data_prefix`` start from.
        data_prefix: ``dict(video=...)``, folder of the videos' folders.
        test_mode: whether this is for a test.
        num_classes: number of classes, if it matters.
        max_unreadable_share: see :class:`~tsn_plugin.datasets.dependable.DependableDataset`.

    Raises:
        FileNotFoundError: if there is no such list.
        ValueError: for an unknown strategy, a template without a place for a number, or a line that does not parse;
            with ``'positive'`` also for a video without positive clips.
    """

    def __init__(
        self,
        ann_file: str,
        pipeline: list,
        clipname_tmpl: str = "part_{}.mp4",
        sampling_strategy: str = "positive",
        *,
        data_root: str = "",
        data_prefix: dict | None = None,
        test_mode: bool = False,
        num_classes: int | None = None,
        max_unreadable_share: float = MAX_UNREADABLE_SHARE,
    ) -> None:
        if sampling_strategy not in STRATEGIES:
            raise ValueError(f"sampling_strategy={sampling_strategy!r} is unknown; known: {', '.join(STRATEGIES)}")
        if clipname_tmpl.format(1) == clipname_tmpl.format(2):
            raise ValueError(
                f"clipname_tmpl={clipname_tmpl!r} has no place for a clip's number, such as 'part_{{}}.mp4'"
            )
        self.clipname_tmpl, self.sampling_strategy = clipname_tmpl, sampling_strategy
        super().__init__(
            ann_file,
            pipeline,
            data_prefix=dict(video="") if data_prefix is None else data_prefix,
            data_root=data_root,
            test_mode=test_mode,
            num_classes=num_classes,
            max_unreadable_share=max_unreadable_share,
        )

    def load_data_list(self) -> list[dict[str, Any]]:
        """One record per video, with its folder, label, number of clips and positive clips."""
        if Path(self.ann_file).suffix == ".json":
            items = read_json(self.ann_file, kind=list, what="list", missing="mend ann_file or data_root")
            return [self._of_item(item, f"{self.ann_file}, item {number}") for number, item in enumerate(items, 1)]
        text = read_text(self.ann_file, what="list", missing="mend ann_file or data_root")
        return [self._of_line(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]

    def prepare_data(self, idx: int) -> dict | None:
        """The result of the pipeline for one clip of the video."""
        info = self.get_data_info(idx)
        info["filename"] = str(Path(info["video_dir"], self.clipname_tmpl.format(self._draw_clip(info))))
        return self.pipeline(info)

    def _draw_clip(self, info: dict[str, Any]) -> int:
        if self.sampling_strategy == "positive":
            return random.choice(info["positive_clip_inds"])
        return random.randrange(info["num_clips"])

    def _of_line(self, text: str, number: int) -> dict[str, Any]:
        line = line_of_file(self.ann_file, number, text)
        place = f"{self.ann_file}, line {number}"
        has_blanks = line.path.split() != [line.path] and "\t" not in text
        if len(line.numbers) < 2 or has_blanks:
            raise ValueError(
                f"{place}: {text!r} needs 'folder label clips number ...', with tabs if the folder has blanks"
            )
        label, num_clips, *positive = line.numbers
        values = dict(video_dir=line.path, label=label, num_clips=num_clips, positive_clip_inds=positive)
        return self._checked(values, place)

    def _of_item(self, item: Any, place: str) -> dict[str, Any]:
        lacking = [key for key in _KEYS if key not in item] if isinstance(item, dict) else list(_KEYS)
        if lacking:
            raise ValueError(f"{place}: {item!r} lacks {', '.join(lacking)}")
        numbers = (item["label"], item["num_clips"], *item["positive_clip_inds"])
        if not all(isinstance(number, int) for number in numbers):
            raise ValueError(f"{place}: label, num_clips and positive_clip_inds must be whole numbers, got {numbers}")
        return self._checked(item, place)

    def _checked(self, record: dict[str, Any], place: str) -> dict[str, Any]:
        """A record with its folder's whole path, if its numbers make sense."""
        name, positive = record["video_dir"], record["positive_clip_inds"]
        if record["label"] < 0 or not all(0 <= number < record["num_clips"] for number in positive):
            raise ValueError(
                f"{place}: {name} has the label {record['label']}, {record['num_clips']} clips and the positive clips "
                f"{positive}: labels and clips count from 0"
            )
        if self.sampling_strategy == "positive" and not positive:
            raise ValueError(f"{place}: {name} has no positive clip; take it out or use sampling_strategy='random'")
        return {**record, "video_dir": str(Path(self.data_prefix["video"], name))}
