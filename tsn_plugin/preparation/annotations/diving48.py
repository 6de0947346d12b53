"""Diving48: JSON lists of dives that are cut already."""

from __future__ import annotations

from tsn_plugin.preparation.annotations.files import find_file, numbered, read_items, read_json
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest, class_file, zoo_file_names

_PATTERNS = {"train": ("Diving48_V2_train.json", "*train.json"), "val": ("Diving48_V2_test.json", "*test.json")}


def read_diving48(request: ListRequest) -> list[ListContent]:
    """One split of Diving48; ``val`` is the authors' test split, as in MMAction2's lists.

    The files, version 2 before version 1, hold dictionaries with ``vid_name`` and ``label``; ``start_frame`` and
    ``end_frame`` span the whole file. ``Diving48_vocab.json`` names the classes, each by its four elements.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for an item of another form, a label without class, or a class that comes twice.

    Source: the data set's own files; MMAction2 0.24.1 ``tools/data/parse_file_list.py``.
    """
    class_path = find_file(request.annotations, "Diving48_vocab.json", "*vocab.json")
    classes = tuple(
        " ".join(map(str, name)) if isinstance(name, list) else str(name) for name in read_json(class_path, kind=list)
    )
    numbered(classes, source=class_path)  # or an error: each class once
    entries = []
    path = find_file(request.annotations, *_PATTERNS[request.split])
    for place, item in read_items(path, keys={"vid_name": str, "label": int}):
        if not 0 <= item["label"] < len(classes):
            raise ValueError(f"{place}: label {item['label']} is none of the {len(classes)} classes of {class_path}")
        entries.append(Entry(item["vid_name"], (item["label"],)))
    names = zoo_file_names(request.dataset, request.split)
    return [ListContent(names, tuple(entries), classes, class_file(request.dataset, classes))]
