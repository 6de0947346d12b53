"""THUMOS14's detection task: a text file per class and set, with intervals in seconds."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from tsn_plugin.preparation.annotations.files import converted, find_file, read_lines
from tsn_plugin.preparation.annotations.records import Entry, ListContent, ListRequest

#: official number, among the 101 classes of the recognition task, of the 20 classes with intervals
CLASSES = {
    "BaseballPitch": 7,
    "BasketballDunk": 9,
    "Billiards": 12,
    "CleanAndJerk": 21,
    "CliffDiving": 22,
    "CricketBowling": 23,
    "CricketShot": 24,
    "Diving": 26,
    "FrisbeeCatch": 31,
    "GolfSwing": 33,
    "HammerThrow": 36,
    "HighJump": 40,
    "JavelinThrow": 45,
    "LongJump": 51,
    "PoleVault": 68,
    "Shotput": 79,
    "SoccerPenalty": 85,
    "TennisSwing": 92,
    "ThrowDiscus": 93,
    "VolleyballSpiking": 97,
}
AMBIGUOUS = "Ambiguous"
#: subfolder of the intervals in SSN's repository, and where MMAction2's download script unpacks the authors' archives
_FOLDERS = ("temporal_annotations_{long}", "annotations_{short}")
#: ActivityNet's name of the subset, and THUMOS's two, by split: what THUMOS calls validation is there to train on
_SUBSETS = {"train": ("training", "validation", "val"), "test": ("testing", "test", "test")}


def read_thumos14(request: ListRequest) -> list[ListContent]:
    """The videos of one split that have instances, without labels, and a note ``thumos14.json`` with all intervals.

    ``train`` is THUMOS's validation set, the untrimmed videos one trains on; ``test`` its test set.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for a line of another form, or a video without duration.
    """
    database = read_thumos14_database(request.annotations)
    subset = _SUBSETS[request.split][0]
    entries = tuple(
        Entry(name)
        for name, video in database["database"].items()
        if video["subset"] == subset and video["annotations"]
    )
    names = {kind: f"thumos14_{kind}_{request.split}.txt" for kind in ("video", "rgb", "flow")}
    return [ListContent(names, entries, notes={"thumos14.json": json.dumps(database) + "\n"})]


def read_thumos14_database(annotations: Path) -> dict:
    """All intervals in ActivityNet's JSON format: ``version``, ``taxonomy``, ``database``.

    Each annotated video has ``subset`` (``training``, ``testing``), ``duration``, ``annotations`` with ``segment`` and
    ``label``, and ``ambiguous``: the segments of THUMOS's 21st file, which are no instances. The taxonomy's 20 leaves
    have the official numbers as ``nodeId``; sorted, as ActivityNet's readers number classes, they keep their order.
    Left out are the pairs of video and class of ``*_avoid_videos.txt`` and intervals that begin behind the video's
    end, as in SSN. Where diving from a cliff is annotated both as ``CliffDiving`` and ``Diving``, both stay.

    The files, as SSN has them in ``data/thumos_14``: ``temporal_annotations_validation/<class>_val.txt`` and
    ``temporal_annotations_test/<class>_test.txt`` (or ``annotations_val`` and ``annotations_test``, as MMAction2's
    download script calls the folders) with lines ``<video> <start> <end>``; ``validation_durations.txt``
    and ``test_durations.txt`` with a line for the file and one for its seconds; ``validation_avoid_videos.txt`` and
    ``test_avoid_videos.txt`` with lines ``<video> <class>``.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for a line of another form, or a video without duration.

    Source: readme and class list of THUMOS14; action-detection (SSN) ``ops/thumos_db.py``.
    """
    root = {"nodeId": 0, "nodeName": "Root", "parentId": None, "parentName": None}
    leaves = [
        {"nodeId": number, "nodeName": name, "parentId": 0, "parentName": "Root"} for name, number in CLASSES.items()
    ]
    folder = annotations.parent if annotations.is_file() else annotations
    database = {**_read_subset(folder, "train"), **_read_subset(folder, "test")}
    return {"version": "THUMOS14", "taxonomy": [root, *leaves], "database": database}


def _read_subset(folder: Path, split: str) -> dict[str, dict]:
    subset, long_name, short_name = _SUBSETS[split]
    durations = _read_durations(find_file(folder, f"{long_name}_durations.txt"))
    avoided = _read_avoided(find_file(folder, f"{long_name}_avoid_videos.txt"))
    subfolders = [folder / form.format(long=long_name, short=short_name) for form in _FOLDERS]
    subfolder = next(filter(Path.is_dir, subfolders), subfolders[0])
    instances, ambiguous = defaultdict(list), defaultdict(list)
    for name in (*CLASSES, AMBIGUOUS):
        path = find_file(subfolder, f"{name}_{short_name}.txt")
        for video, start, end in _read_intervals(path, durations):
            if start > durations[video] or (video, name) in avoided:
                continue
            if name == AMBIGUOUS:
                ambiguous[video].append([start, end])
            else:
                instances[video].append({"segment": [start, end], "label": name})
    return {
        video: {
            "subset": subset,
            "duration": durations[video],
            "annotations": sorted(instances[video], key=lambda item: item["segment"]),
            "ambiguous": sorted(ambiguous[video]),
        }
        for video in sorted({*instances, *ambiguous})
    }


def _read_intervals(path: Path, durations: dict[str, float]) -> list[tuple[str, float, float]]:
    intervals = []
    for place, line in read_lines(path):
        fields = line.split()
        if len(fields) != 3:
            raise ValueError(f"{place}: {line!r} is not '<video> <start> <end>'")
        if fields[0] not in durations:
            raise ValueError(f"{place}: there is no duration of video {fields[0]}")
        start, end = (converted(field, float, place=place, what="time") for field in fields[1:])
        intervals.append((fields[0], start, end))
    return intervals


def _read_durations(path: Path) -> dict[str, float]:
    lines = read_lines(path)
    if len(lines) % 2:
        raise ValueError(f"{path} has {len(lines)} lines: not one for the file and one for the seconds of each video")
    return {
        file.rpartition("/")[2].partition(".")[0]: converted(seconds, float, place=place, what="duration")
        for (_, file), (place, seconds) in zip(lines[::2], lines[1::2])
    }


def _read_avoided(path: Path) -> set[tuple[str, str]]:
    pairs = set()
    for place, line in read_lines(path):
        fields = line.split()
        if len(fields) != 2:
            raise ValueError(f"{place}: {line!r} is not '<video> <class>'")
        pairs.add((fields[0], fields[1]))
    return pairs
