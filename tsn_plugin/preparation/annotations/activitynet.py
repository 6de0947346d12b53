"""ActivityNet 1.2 and 1.3: one JSON file with the annotated intervals of untrimmed videos, in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tsn_plugin.preparation.annotations.activitynet_classes import MMACTION2_CLASSES
from tsn_plugin.preparation.annotations.files import find_file, numbered, read_json
from tsn_plugin.preparation.annotations.records import Clip, Entry, ListContent, ListRequest, class_file

#: whole videos; intervals of whole videos, by offset and count of frames; intervals as videos of their own
FORMS = ("videos", "clips", "trimmed")
SPLITS = {
    "train": ("training",),
    "val": ("validation",),
    "trainval": ("training", "validation"),
    "test": ("testing",),
}
_PREFIX = {"activitynet1.3": "anet", "activitynet1.2": "anet1.2"}


@dataclass(frozen=True)
class AnnotatedVideo:
    """A video and its intervals, ``(start_sec, end_sec, label)`` in the order of the file."""

    name: str
    duration_sec: float
    intervals: tuple[tuple[float, float, int], ...]

    def clips(self) -> Iterator[tuple[int, Clip, int]]:
        """Place in the file, interval and label of each interval that begins inside the video and has a length."""
        for index, (start, end, label) in enumerate(self.intervals):
            if start < self.duration_sec and start < end:
                yield index, Clip(start, end, self.duration_sec), label


def read_activitynet(request: ListRequest) -> list[ListContent]:
    """One split of ActivityNet, as whole videos, intervals by offset, and trimmed intervals.

    Classes are the leaves of the taxonomy. Those of version 1.3 have MMAction2's numbers, as its published weights
    want them; others are numbered as sorted, and so are the TSN authors' in both versions (for 1.3 give a file of the
    sorted names as ``classes``). A whole video has the class of its first interval, as in MMAction2; labelled splits
    leave out videos without one. The testing videos have no labels and no intervals. A trimmed interval is called
    ``<id>_<number>``, counted from 0 over all intervals of the video; intervals that begin behind the video's end or
    have no length are left out. The TSN authors' first split is ``train`` and ``val``, their second one ``trainval``
    and ``test``.

    Videos may be called ``<id>`` or ``v_<id>``.

    Raises:
        FileNotFoundError: if ``activity_net.v1-3.min.json`` (``v1-2``) is missing.
        ValueError: for a file of another form, or if intervals of the testing videos are wanted.

    Source: temporal-segment-networks ``pyActionRecog/anet_db.py``; MMAction2 0.24.1
    ``tools/data/activitynet/generate_rawframes_filelist.py`` and ``action_name.csv``.
    """
    version = request.dataset.removeprefix("activitynet").replace(".", "-")
    given = request.annotations
    path = given if given.is_file() else find_file(given, f"activity_net.v{version}*.json")
    content = read_json(path, kind=dict)
    classes = _leaf_classes(content, path)
    videos = _read_videos(content, SPLITS[request.split], numbered(classes, source=path), path)
    prefix = _PREFIX[request.dataset]
    forms = [form for form in request.forms if form == "videos" or request.split != "test"]
    if not forms:
        raise ValueError(f"the testing videos have no intervals, hence no {' or '.join(request.forms)}: take videos")
    notes = class_file(prefix, classes)
    return [
        ListContent(_file_names(prefix, request.split, form), tuple(_ENTRIES[form](videos)), classes, notes)
        for form in forms
    ]


def _file_names(prefix: str, split: str, form: str) -> dict[str, str]:
    if form == "trimmed":
        return {kind: f"{prefix}_{kind}_{split}_trimmed.txt" for kind in ("video", "rgb", "flow")}
    unit = form.removesuffix("s")
    names = {"rgb": f"{prefix}_{split}_{unit}.txt", "flow": f"{prefix}_flow_{split}_{unit}.txt"}
    return {**names, "video": f"{prefix}_{split}_video_files.txt"} if form == "videos" else names


def _leaf_classes(content: dict, path: Path) -> tuple[str, ...]:
    try:
        parents = {node["parentName"] for node in content["taxonomy"]}
        leaves = {node["nodeName"] for node in content["taxonomy"]} - parents
        return MMACTION2_CLASSES if leaves == {*MMACTION2_CLASSES} else tuple(sorted(leaves))
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} has no taxonomy of nodes with nodeName and parentName ({error!r})") from None


def _read_videos(content: dict, subsets: tuple[str, ...], labels: dict[str, int], path: Path) -> list[AnnotatedVideo]:
    if not isinstance(content.get("database"), dict):
        raise ValueError(f"{path} has no 'database' of videos")
    videos = []
    for name, video in content["database"].items():
        try:
            if video["subset"] in subsets:
                intervals = tuple(_interval(item, labels) for item in video.get("annotations", ()))
                videos.append(AnnotatedVideo(name, float(video["duration"]), intervals))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}, video {name}: unknown class, or wrong or missing value ({error!r})") from None
    return videos if "testing" in subsets else [video for video in videos if video.intervals]


def _interval(item: dict, labels: dict[str, int]) -> tuple[float, float, int]:
    start, end = map(float, item["segment"])
    return start, end, labels[item["label"]]


def _whole(videos: list[AnnotatedVideo]) -> Iterator[Entry]:
    for video in videos:
        yield Entry(video.name, tuple(label for *_, label in video.intervals[:1]), (f"v_{video.name}",))


def _by_offset(videos: list[AnnotatedVideo]) -> Iterator[Entry]:
    for video in videos:
        for _, clip, label in video.clips():
            yield Entry(video.name, (label,), (f"v_{video.name}",), clip)


def _trimmed(videos: list[AnnotatedVideo]) -> Iterator[Entry]:
    for video in videos:
        for index, _, label in video.clips():
            yield Entry(f"{video.name}_{index}", (label,), (f"v_{video.name}_{index}",))


_ENTRIES = {"videos": _whole, "clips": _by_offset, "trimmed": _trimmed}
