"""What every data set here does besides reading: repeatable random numbers, and training past unreadable videos."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log
from torch.utils.data import get_worker_info

from tsn_plugin.datasets.samplers import SeededIndex
from tsn_plugin.structures.list_text import NO_LABEL

MAX_UNREADABLE_SHARE = 0.01
_NAMED = 5


class DependableDataset(BaseDataset):
    """Base of data sets that skip unreadable videos in training, and draw random numbers by :class:`SeededIndex`.

    In training a video that cannot be read (``OSError``: damaged, missing, not permitted) is named in the log, and
    another one, drawn at random, takes its place; beyond ``max_unreadable_share`` training stops. The videos are
    counted over all loader processes of a training process. In testing the error stands: no video is dropped silently.

    It stands before MMAction2's class among the bases.

    Args:
        args: of the other base.
        max_unreadable_share: of the videos, in training; 0 stops at the first one.
        kwargs: of the other base.
    """

    _unreadable: torch.Tensor | None = None

    def __init__(self, *args: Any, max_unreadable_share: float = MAX_UNREADABLE_SHARE, **kwargs: Any) -> None:
        self.max_unreadable_share = max_unreadable_share
        super().__init__(*args, **kwargs)

    def full_init(self) -> None:
        """Read the list; from now on the loader's processes share which videos are unreadable.

        Raises:
            ValueError: if there is no video.
        """
        super().full_init()
        self._require_videos(BaseDataset.__len__(self))
        if self._unreadable is None and not self.test_mode:
            self._unreadable = torch.zeros(BaseDataset.__len__(self), dtype=torch.uint8).share_memory_()

    def _serialize_data(self) -> tuple[np.ndarray, np.ndarray]:
        """MMEngine's pickles, which cannot be of no record."""
        self._require_videos(len(self.data_list))
        return super()._serialize_data()

    def _require_videos(self, count: int) -> None:
        if not count:
            raise ValueError(f"{self.ann_file} holds no video, or none that is chosen: mend the list, or name another")

    def __getitem__(self, idx: int) -> dict:
        """The item, or in training another one for each that cannot be read.

        Raises:
            OSError: in testing, if a video cannot be read.
            RuntimeError: in training, if more than ``max_unreadable_share`` of the videos cannot be read.
        """
        if not isinstance(idx, SeededIndex):
            return self._item(int(idx))
        with _seeded(idx.seed):
            return self._item(int(idx))

    def _item(self, idx: int) -> dict:
        while True:
            try:
                return super().__getitem__(idx)
            except OSError as error:
                if self.test_mode:
                    raise
                self._skip(self.video_of_item(idx), error)
                idx = int(self._rand_another())

    def video_of_item(self, idx: int) -> int:
        """Number of the video that an item belongs to."""
        return idx

    def _skip(self, video: int, error: OSError) -> None:
        """Note that a video cannot be read.

        Raises:
            RuntimeError: if it is one too many.
        """
        is_known = bool(self._unreadable[video])
        self._unreadable[video] = 1
        numbers, total = self._unreadable.nonzero().ravel().tolist(), len(self._unreadable)
        if len(numbers) > self.max_unreadable_share * total:
            names = ", ".join(self.name_of_video(number) for number in numbers[:_NAMED])
            raise RuntimeError(
                f"{len(numbers)} of {total} videos cannot be read, more than max_unreadable_share="
                f"{self.max_unreadable_share} allows: {names}{', ...' if len(numbers) > _NAMED else ''}. "
                f"tools/check_dataset.py finds them all. The last one: {error}"
            ) from error
        if not is_known:
            text = f"a video is left out of training, the {len(numbers)}. of {total}: {error}"
            print_log(text, "current", logging.WARNING)

    def all_labels(self) -> Sequence[Any]:
        """The label of each record as its list has it; None where there is none."""
        return [BaseDataset.get_data_info(self, index).get("label") for index in range(BaseDataset.__len__(self))]

    def place_of_item(self, idx: int) -> str:
        """What messages call the place of a record."""
        return str(self.ann_file)

    def check_labels(self, num_classes: int, *, labelled: bool = True) -> None:
        """Compare the list with the model.

        Args:
            num_classes: of the model; labels must be below it.
            labelled: whether each video needs a label.

        Raises:
            ValueError: for the first record with a wrong label, or vectors of labels of another length.
        """
        if getattr(self, "multi_class", False) and self.num_classes != num_classes:
            raise ValueError(
                f"num_classes={self.num_classes} of the data set {self.ann_file} is not the model's {num_classes}: set "
                "both to the number of classes"
            )
        labels = self.all_labels()
        lowest = 0 if labelled else NO_LABEL
        if isinstance(labels, np.ndarray):
            wrong = np.flatnonzero((labels < lowest) | (labels >= num_classes))
        else:
            wrong = [number for number, own in enumerate(labels) if not _are_within(own, lowest, num_classes)]
        if len(wrong):
            raise ValueError(self._wrong_label(int(wrong[0]), labels[wrong[0]], num_classes, len(wrong) - 1))

    def _wrong_label(self, number: int, label: Any, num_classes: int, others: int) -> str:
        text = f"{self.place_of_item(number)}: {self.name_of_video(number)} has "
        if isinstance(label, (int, np.integer)) and label == NO_LABEL:
            text += "no label: write a class's number behind it, and a tab between if the name has blanks"
        else:
            text += (
                f"the label {label}, and the model has {num_classes} classes, 0 to {num_classes - 1}: mend the list, "
                "or set model.cls_head.num_classes"
            )
        return text + (f" ({others} more lines like it)" if others else "")

    def name_of_video(self, number: int) -> str:
        """What messages call a video."""
        info: dict[str, Any] = self.get_data_info(number)
        return str(info.get("filename") or info.get("frame_dir") or info.get("video_dir") or number)


def _are_within(label: Any, lowest: int, limit: int) -> bool:
    """Whether a label, or each of several, is in ``[lowest, limit)``; what is no number is not judged."""
    labels = label if isinstance(label, (list, tuple)) else [label]
    return all(lowest <= number < limit for number in labels if isinstance(number, int))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Random numbers of a seed, and those of before behind it: the model may draw in the same process.

    GPUs are left alone: a loader must not wake them.
    """
    is_loader = get_worker_info() is not None
    before = None if is_loader else (random.getstate(), np.random.get_state(), torch.default_generator.get_state())
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        if before is not None:
            random.setstate(before[0])
            np.random.set_state(before[1])
            torch.default_generator.set_state(before[2])
