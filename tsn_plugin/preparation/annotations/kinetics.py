"""Kinetics-400, 600 and 700: CSV files ``label,youtube_id,time_start,time_end,split[,is_cc]``, one per split."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tsn_plugin.preparation.annotations.files import Place, converted, find_file, label_of, read_table
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest, class_file, zoo_file_names

_PATTERNS = {
    "train": ("*train.csv",),
    "val": ("*val.csv", "*validate.csv", "*validation.csv"),
    "test": ("*test.csv",),
}
_COLUMNS = ("youtube_id", "time_start", "time_end")


def read_kinetics(request: ListRequest) -> list[ListContent]:
    """One split of Kinetics.

    Labels number the class names of the training file, sorted with ``_`` for blanks and without double quotes, as
    MMAction2 does; the order of the files does not count. Without a training file the validation file's names are
    taken. A test file without labels gives a list without labels.

    A video is ``<id>_<start>_<end>`` with seconds of six digits, in a folder of its class (with blanks or ``_``) or
    elsewhere, or only ``<id>`` where the file names no other part of the same video.

    Raises:
        FileNotFoundError: if a CSV file is missing.
        ValueError: for a row of another form, or a class that the training file does not have.

    Source: README of the data sets' archives; MMAction2 0.24.1 ``tools/data/parse_file_list.py``.
    """
    path = find_file(request.annotations, *_PATTERNS[request.split])
    class_path = find_file(request.annotations, *_PATTERNS["train"], *_PATTERNS["val"])
    classes = tuple(sorted({_class_name(row["label"]) for _, row in read_table(class_path, columns=["label"])}))
    labels = {name: label for label, name in enumerate(classes)}
    rows = list(read_table(path, columns=_COLUMNS if request.split == "test" else ("label", *_COLUMNS)))
    parts_of = Counter(row["youtube_id"] for _, row in rows)
    entries = []
    for place, row in rows:
        start, end = (int(converted(row[column], float, place=place, what=column)) for column in _COLUMNS[1:])
        names = [f"{row['youtube_id']}_{start:06d}_{end:06d}"]
        if parts_of[row["youtube_id"]] == 1:
            names.append(row["youtube_id"])
        entries.append(_entry(names, row.get("label", ""), labels, place=place, source=class_path))
    return [
        ListContent(
            zoo_file_names(request.dataset, request.split),
            tuple(entries),
            classes,
            class_file(request.dataset, classes),
        )
    ]


def _entry(names: list[str], label: str, labels: dict[str, int], *, place: Place, source: Path) -> Entry:
    if not label:
        return Entry(names[0], (), tuple(names[1:]))
    number = label_of(_class_name(label), labels, place=place, source=source)
    folders = dict.fromkeys((_class_name(label), label.replace('"', "")))
    all_names = [f"{folder}/{name}" for name in names for folder in folders] + names
    return Entry(all_names[0], (number,), tuple(all_names[1:]))


def _class_name(label: str) -> str:
    return label.replace('"', "").replace(" ", "_")
