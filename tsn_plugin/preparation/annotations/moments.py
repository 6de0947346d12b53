"""Moments in Time, one class per video, and Multi-Moments in Time, several."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from tsn_plugin.preparation.annotations.files import Place, converted, find_file, label_of, read_csv
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest, class_file, zoo_file_names

_PATTERNS = {"train": ("trainingSet.csv", "trainingSet.txt"), "val": ("validationSet.csv", "validationSet.txt")}
_CLASS_FILES = {"mit": ("moments_categories.txt",), "mmit": ("mmit_categories.txt", "moments_categories.txt")}


def read_moments(request: ListRequest) -> list[ListContent]:
    """One split of Moments (``mit``) or Multi-Moments (``mmit``).

    ``moments_categories.txt`` (or, for Multi-Moments, ``mmit_categories.txt``) has lines ``<class>,<label>``.
    ``trainingSet.csv`` and ``validationSet.csv`` (or ``.txt``) have rows
    ``<class>/<file>.mp4,<class>,<votes for>,<votes against>`` (Moments) and ``<class>/<file>.mp4,<label>,<label>,...``
    (Multi-Moments). A video is looked for below the folder of its class.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for a row of another form, or an unknown class or label.

    Source: the data sets' README; MMAction2 0.24.1 ``tools/data/parse_file_list.py``, which takes the class of Moments
    from the folder's name.
    """
    class_path = find_file(request.annotations, *_CLASS_FILES[request.dataset])
    labels = _read_labels(class_path)
    several = request.dataset == "mmit"
    entries = []
    for place, (path, *fields) in read_csv(find_file(request.annotations, *_PATTERNS[request.split]), num_fields=2):
        names = [*filter(None, fields)] if several else fields[:1]
        if not PurePosixPath(path).name or not names:
            raise ValueError(f"{place}: {','.join([path, *fields])!r} has no video or no class")
        numbers = tuple(_label(name, labels, place=place, source=class_path) for name in names)
        entries.append(Entry(str(PurePosixPath(path).with_suffix("")), tuple(dict.fromkeys(numbers))))
    classes = tuple(sorted(labels, key=labels.__getitem__))
    names = zoo_file_names(request.dataset, request.split)
    return [ListContent(names, tuple(entries), classes, class_file(request.dataset, classes))]


def _read_labels(path: Path) -> dict[str, int]:
    labels = {
        name: converted(number, int, place=place, what="label")
        for place, (name, number, *_) in read_csv(path, num_fields=2)
    }
    if not labels or sorted(labels.values()) != list(range(len(labels))):
        raise ValueError(f"{path}: its {len(labels)} classes are not numbered from 0 to {len(labels) - 1}")
    return labels


def _label(field: str, labels: dict[str, int], *, place: Place, source: Path) -> int:
    if field.isdecimal() and int(field) < len(labels):
        return int(field)
    return label_of(field, labels, place=place, source=source)
