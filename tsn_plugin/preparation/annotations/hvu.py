"""Holistic Video Understanding: CSV files with the tags of each part of a YouTube video, and the tags' categories."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from tsn_plugin.preparation.annotations.files import Place, converted, find_file, read_csv, read_table
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest
from tsn_plugin.structures.tags import HVU_CATEGORIES

#: a list with the tags of all categories, or of one
FORMS = ("all", *HVU_CATEGORIES)
_PATTERNS = {"train": "hvu_train*.csv", "val": "hvu_val*.csv"}


def read_hvu(request: ListRequest) -> list[ListContent]:
    """One split of HVU, for :class:`tsn_plugin.datasets.hvu.HVUDataset`.

    ``HVU_Train_V1.0.csv`` has the columns ``Tags,youtube_id,time_start,time_end`` with tags separated by ``|``;
    ``HVU_Tags_Categories_V1.0.csv`` has ``Tag,Category``. A tag's number is its place among the sorted tags of its
    category, the first one if it stands there twice, as in MMAction2. A video is ``<id>_<start>_<end>`` with tenths of
    seconds of six digits, or only ``<id>`` where the file names no other part of the same video.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for a row of another form, or an unknown tag or category.

    Source: the HVU repository; MMAction2 0.24.1 ``tools/data/hvu``.
    """
    tag_path = find_file(request.annotations, "*categories*.csv")
    numbers = _read_tags(tag_path)
    columns = ("Tags", "youtube_id", "time_start", "time_end")
    rows = list(read_table(find_file(request.annotations, _PATTERNS[request.split]), columns=columns))
    parts_of = Counter(row["youtube_id"] for _, row in rows)
    entries = []
    for place, row in rows:
        video = row["youtube_id"]
        start, end = (int(converted(row[column], float, place=place, what=column) * 10) for column in columns[2:])
        tags = _tags(row["Tags"].split("|"), numbers, place=place, source=tag_path)
        others = (video,) if parts_of[video] == 1 else ()
        entries.append(Entry(f"{video}_{start:06d}_{end:06d}", other_names=others, tags=tags))
    return [_content(form, request.split, entries) for form in request.forms]


def _content(form: str, split: str, entries: Iterable[Entry]) -> ListContent:
    stem = f"hvu_{split}" if form == "all" else f"hvu_{form}_{split}"
    names = {"video": f"{stem}.json", "rgb": f"{stem}_rawframes.json", "flow": f"{stem}_flow.json"}
    if form != "all":
        entries = (
            Entry(entry.name, other_names=entry.other_names, tags={form: entry.tags[form]})
            for entry in entries
            if form in entry.tags
        )
    return ListContent(names, tuple(entries))


def _read_tags(path: Path) -> dict[str, tuple[str, int]]:
    """Category and number by tag."""
    tags_of = defaultdict(list)
    rows = read_csv(path, num_fields=2)
    next(rows, None)
    for place, (tag, category, *_) in rows:
        if category not in HVU_CATEGORIES:
            raise ValueError(f"{place}: category {category!r} is unknown; known: {', '.join(HVU_CATEGORIES)}")
        tags_of[category].append(tag)
    numbers = {}
    for category, tags in tags_of.items():
        # backwards, so that the first place of a tag stays
        numbers.update({tag: (category, number) for number, tag in reversed([*enumerate(sorted(tags))])})
    return numbers


def _tags(
    tags: Iterable[str], numbers: dict[str, tuple[str, int]], *, place: Place, source: Path
) -> dict[str, tuple[int, ...]]:
    found = defaultdict(list)
    for tag in tags:
        if tag not in numbers:
            raise ValueError(f"{place}: tag {tag!r} is not in {source}")
        category, number = numbers[tag]
        found[category].append(number)
    return {category: tuple(values) for category, values in found.items()}
