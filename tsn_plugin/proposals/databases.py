"""Annotations of untrimmed videos in ActivityNet's JSON format, which THUMOS14's are converted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tsn_plugin.structures.text_files import read_json


@dataclass(frozen=True)
class DatabaseVideo:
    """What is annotated of a video.

    Attributes:
        name: of the video.
        duration: in seconds.
        subset: such as ``training``.
        instances: in seconds, ``(G, 2)``.
        labels: of the instances, from 1 on, ``(G,)``.
    """

    name: str
    duration: float
    subset: str
    instances: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Database:
    """Annotated videos.

    Attributes:
        classes: their names, in the order of the labels.
        videos: by name.
    """

    classes: tuple[str, ...]
    videos: dict[str, DatabaseVideo]

    def subset(self, names: Sequence[str]) -> list[DatabaseVideo]:
        """The videos of some subsets, such as ``('training', 'validation')``.

        Raises:
            ValueError: if there is none; tells which subsets there are.
        """
        chosen = [video for video in self.videos.values() if video.subset in names]
        if not chosen:
            known = sorted({video.subset for video in self.videos.values()})
            raise ValueError(f"no video is in the subsets {', '.join(names)}; known: {', '.join(known)}")
        return chosen


def read_database(path: str | Path) -> Database:
    """Annotations in ``activity_net.v1-2.min.json`` or the like, or ``thumos14.json`` of ``tools/build_file_list.py``.

    Classes are the leaves of the taxonomy, or without one those that occur, sorted by name, as SSN numbers them.
    Instances keep the order of the file.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file of another form.

    Source: SSN ``ops/anet_db.py``, ``ops/thumos_db.py``.
    """
    missing = "tools/build_file_list.py thumos14 writes thumos14.json"
    content = read_json(path, kind=dict, what="annotations", missing=missing)
    entries = content.get("database")
    if not isinstance(entries, dict) or not entries:
        raise ValueError(f"{path} is no file of ActivityNet's form: it has no 'database' of videos, got {[*content]}")
    try:
        classes = _classes(content)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(
            f"{path} is no file of ActivityNet's form: its taxonomy needs nodes with nodeName and parentName, its "
            f"videos annotations with labels ({error!r})"
        ) from None
    numbers = {name: number for number, name in enumerate(classes, start=1)}
    return Database(classes, {name: _video(name, entry, numbers, path) for name, entry in entries.items()})


def _classes(content: dict) -> tuple[str, ...]:
    if content.get("taxonomy"):
        parents = {node["parentName"] for node in content["taxonomy"]}
        return tuple(sorted({node["nodeName"] for node in content["taxonomy"]} - parents))
    entries = content["database"].values()
    return tuple(sorted({item["label"] for entry in entries for item in entry.get("annotations", ())}))


def _video(name: str, entry: dict, numbers: dict[str, int], path: str | Path) -> DatabaseVideo:
    try:
        items = entry.get("annotations", ())
        instances = np.array([item["segment"] for item in items], np.float64).reshape(-1, 2)
        labels = np.array([numbers[item["label"]] for item in items], np.int64)
        duration = float(entry["duration"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path}, video {name}: needs a duration, and of each annotation a segment of two numbers and a label of "
            f"the taxonomy ({error!r})"
        ) from None
    if not (np.isfinite(instances).all() and duration > 0):
        raise ValueError(f"{path}, video {name}: has the duration {duration} or a time that is no number: mend it")
    return DatabaseVideo(name, duration, entry.get("subset", ""), instances, labels)
