"""The official train/test splits of UCF101 and HMDB51, as their authors' files give them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tsn_plugin.preparation.annotations.files import read_lines
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest

#: the numbers of the official splits, of both data sets
SPLITS = (1, 2, 3)


@dataclass(frozen=True)
class SplitVideo:
    """One video of a split: ``<class folder>/<file name without extension>``, and its 0-based label."""

    name: str
    label: int


@dataclass(frozen=True)
class Split:
    """The videos to train and to validate on, in the order of the official files."""

    train: tuple[SplitVideo, ...]
    val: tuple[SplitVideo, ...]


def read_split(dataset: str, annotations: str | Path, split: int, *, classes: dict[str, int] | None = None) -> Split:
    """Read one official split.

    Args:
        dataset: ``ucf101`` or ``hmdb51``.
        annotations: folder of the official files (``ucfTrainTestlist``, ``testTrainMulti_7030_splits``).
        split: 1, 2 or 3.
        classes: label by class, as :func:`read_classes` gives it; videos of other classes are left out. Default: all
            classes, in the order of the data set's own index.

    Raises:
        ValueError: for an unknown data set or split, a line of unknown form, or a class missing from the index.
        FileNotFoundError: if an official file is missing.
    """
    if dataset not in _READERS:
        raise ValueError(f"dataset={dataset!r} is unknown; known: {', '.join(_READERS)}")
    if split not in SPLITS:
        raise ValueError(f"split={split} is unknown; known: {', '.join(map(str, SPLITS))}")
    return _READERS[dataset](Path(annotations), split, classes)


def read_official_lists(request: ListRequest) -> list[ListContent]:
    """The training list and the validation list of one official split, ``<dataset>_<kind>_{train,val}_split_<n>.txt``.

    Raises:
        ValueError: as :func:`read_split`.
        FileNotFoundError: as :func:`read_split`.
    """
    label_of = None if request.label_of is None else dict(request.label_of)
    split = read_split(request.dataset, request.annotations, int(request.split), classes=label_of)
    contents = []
    for part, videos in (("train", split.train), ("val", split.val)):
        stem = f"{part}_split_{request.split}.txt"
        names = {kind: f"{request.dataset}_{kind}_{stem}" for kind in ("video", "rgb", "flow")}
        contents.append(ListContent(names, tuple(Entry(video.name, (video.label,)) for video in videos)))
    return contents


def read_classes(path: str | Path) -> dict[str, int]:
    """0-based label by class name, from lines ``<1-based number> <class>`` or, one class per line, ``<class>``.

    The order of the file counts: neither official index is sorted as Python sorts.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if there is no class, a number is below 1, or a class or a number stands there twice.
    """
    lines = [line for _, line in read_lines(Path(path))]
    pairs = [(line, index + 1) for index, line in enumerate(lines)]
    if all(re.match(r"\d+\s+\S", line) for line in lines):
        pairs = [(name, int(number)) for number, name in (line.split(None, 1) for line in lines)]
    labels = {name: number - 1 for name, number in pairs}
    if not labels or min(labels.values()) < 0:
        raise ValueError(f"{path} must have classes, and number them from 1, not from 0")
    if len(set(labels.values())) != len(lines):
        (twice, _), *_ = Counter(part for pair in pairs for part in pair).most_common(1)
        raise ValueError(f"{path} holds a class or a number twice: {twice}")
    return labels


def _read_ucf101(annotations: Path, split: int, classes: dict[str, int] | None) -> Split:
    """Lines ``<class>/<file> <label>`` (train) and ``<class>/<file>`` (test).

    The label is taken from the class folder's name, as the original does: the test list has none.
    """
    labels = classes if classes is not None else read_classes(annotations / "classInd.txt")

    def videos(file: str) -> Iterable[SplitVideo]:
        for place, line in read_lines(annotations / file):
            match = re.fullmatch(r"([^/]+)/(.+)\.\w+(?:\s+\d+)?", line)
            if match is None:
                raise ValueError(f"{place}: {line!r} is not '<class>/<video>.avi <label>'")
            if match[1] in labels:
                yield SplitVideo(f"{match[1]}/{match[2]}", labels[match[1]])
            elif classes is None:
                raise ValueError(f"{place}: class {match[1]!r} is not in {annotations / 'classInd.txt'}")

    return Split(tuple(videos(f"trainlist{split:02d}.txt")), tuple(videos(f"testlist{split:02d}.txt")))


def _read_hmdb51(annotations: Path, split: int, classes: dict[str, int] | None) -> Split:
    """One file per class and split, lines ``<file> <flag>``: 1 is train, 2 is test, 0 is in neither.

    The authors do not number the classes. ``class_list.txt`` is the TSN authors'; MMAction2 sorts the names instead,
    which exchanges four classes (its ``classInd.txt``, or the sorted names, serve as ``classes``).
    """
    labels = classes if classes is not None else _read_hmdb51_classes(annotations / "class_list.txt")
    parts: dict[str, list[SplitVideo]] = {"0": [], "1": [], "2": []}
    for name, label in labels.items():
        if "/" in name:
            raise ValueError(f"class {name!r} is no folder's name: correct the file of the classes")
        path = annotations / f"{name}_test_split{split}.txt"
        for place, line in read_lines(path):
            match = re.fullmatch(r"(.+)\.\w+\s+([012])", line)
            if match is None:
                raise ValueError(f"{place}: {line!r} is not '<video>.avi <0, 1 or 2>'")
            parts[match[2]].append(SplitVideo(f"{name}/{match[1]}", label))
    return Split(tuple(parts["1"]), tuple(parts["2"]))


def _read_hmdb51_classes(path: Path) -> dict[str, int]:
    try:
        return read_classes(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error}. The authors' archive has no class order: take "
            "https://github.com/yjxiong/temporal-segment-networks/blob/master/data/hmdb51_splits/class_list.txt, "
            "or give a file of the classes (--classes)"
        ) from None


_READERS: dict[str, Callable[[Path, int, dict[str, int] | None], Split]] = {
    "ucf101": _read_ucf101,
    "hmdb51": _read_hmdb51,
}
