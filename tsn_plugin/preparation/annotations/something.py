"""Something-Something v1 and v2, and Jester: numbered videos, each with the text of a template."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tsn_plugin.preparation.annotations.files import (
    Place,
    converted,
    find_file,
    label_of,
    numbered,
    read_items,
    read_json,
    read_lines,
)
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest, class_file, zoo_file_names

#: id and template of the videos of a file, and where they stand; no template for unlabelled ones
Rows = Iterator[tuple[Place, str, str]]


@dataclass(frozen=True)
class _Format:
    """How the files of one data set are called and read."""

    prefix: str
    suffix: str
    read_classes: Callable[[Path], tuple[str, ...]]
    read_rows: Callable[[Path, bool], Rows]

    def find(self, annotations: Path, part: str) -> Path:
        return find_file(annotations, f"{self.prefix}*{part}{self.suffix}", f"{part}{self.suffix}")


def read_something(request: ListRequest) -> list[ListContent]:
    """One split of Something-Something v1 or v2, or of Jester; the test split has no labels.

    v1 and Jester: ``something-something-v1-train.csv`` (``jester-v1-train.csv``) with lines ``<id>;<class>``, and
    ``...-labels.csv`` with a class per line; the line's number is the label. v2: ``something-something-v2-train.json``
    (or ``train.json``), a list of dictionaries with ``id`` and ``template``, and ``...-labels.json``, label by class.
    The brackets of ``[something]`` do not count.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for a line or item of another form, or an unknown class.

    Source: the data sets' own files; MMAction2 0.24.1 ``tools/data/parse_file_list.py``.
    """
    form = _FORMATS[request.dataset]
    class_path = form.find(request.annotations, "labels")
    classes = form.read_classes(class_path)
    labels = numbered(classes, source=class_path)
    path = form.find(request.annotations, {"val": "validation"}.get(request.split, request.split))
    entries = []
    for place, name, template in form.read_rows(path, request.split != "test"):
        known = (label_of(_plain(template), labels, place=place, source=class_path),) if template else ()
        entries.append(Entry(name, known))
    names = zoo_file_names(request.dataset, request.split)
    return [ListContent(names, tuple(entries), classes, class_file(request.dataset, classes))]


def _csv_classes(path: Path) -> tuple[str, ...]:
    return tuple(_plain(line) for _, line in read_lines(path))


def _csv_rows(path: Path, labelled: bool) -> Rows:
    for place, line in read_lines(path):
        name, _, template = line.partition(";")
        if not name or (labelled and not template):
            raise ValueError(f"{place}: {line!r} is not '<id>;<class>'")
        yield place, name.strip(), template if labelled else ""


def _json_classes(path: Path) -> tuple[str, ...]:
    content = read_json(path, kind=dict)
    labels = {
        _plain(name): converted(label, int, place=Place(path, number, "item"), what="label")
        for number, (name, label) in enumerate(content.items(), start=1)
    }
    if sorted(labels.values()) != list(range(len(content))):
        raise ValueError(f"{path}: its {len(content)} labels are not 0 to {len(content) - 1}")
    return tuple(sorted(labels, key=labels.__getitem__))


def _json_rows(path: Path, labelled: bool) -> Rows:
    keys = {"id": str, "template": str} if labelled else {"id": str}
    for place, item in read_items(path, keys=keys):
        yield place, item["id"], item.get("template", "")


def _plain(template: str) -> str:
    return template.strip().strip('"').replace("[", "").replace("]", "")


_FORMATS = {
    "sthv1": _Format("something-something-v1", ".csv", _csv_classes, _csv_rows),
    "sthv2": _Format("something-something-v2", ".json", _json_classes, _json_rows),
    "jester": _Format("jester-v1", ".csv", _csv_classes, _csv_rows),
}
