"""What detections say: a file in ActivityNet's format, and a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.structures.proposals import Detections


def detections_by_video(
    found: Detections, names: Sequence[str], durations: Mapping[str, float], classes: Sequence[str]
) -> dict[str, list[dict]]:
    """Detections of each video, best first: ``label``, ``score`` and ``segment`` in seconds.

    Those that regression has moved out of the video, so that nothing is left of them, are not told.

    Args:
        found: with intervals as shares of the video.
        names: of the videos, by their index.
        durations: in seconds, by name.
        classes: names of the classes.

    Raises:
        ValueError: if a video has no duration, or a class no name.
    """
    lacking = [name for name in names if name not in durations]
    if lacking:
        raise ValueError(f"{len(lacking)} videos have no duration, the first is {lacking[0]}: give --database or --fps")
    if len(found) and found.labels.max() >= len(classes):
        raise ValueError(
            f"class {found.labels.max()} has no name among {len(classes)}: give the classes of the weights"
        )
    by_video: dict[str, list[dict]] = {name: [] for name in names}
    for index in np.argsort(-found.scores, kind="stable"):
        name = names[found.videos[index]]
        seconds = (found.intervals[index] * durations[name]).round(3).tolist()
        if seconds[0] == seconds[1]:
            continue
        label, score = classes[found.labels[index]], float(found.scores[index])
        by_video[name].append(dict(label=label, score=score, segment=seconds))
    return by_video


def write_detections(path: str | Path, by_video: Mapping[str, list[dict]]) -> None:
    """Write detections as the ActivityNet challenge takes them: ``version``, ``results``, ``external_data``."""
    content = dict(version="VERSION 1.3", results=by_video, external_data={})
    write_atomically(path, (json.dumps(content, ensure_ascii=False) + "\n").encode())


def precision_table(thresholds: Sequence[float], values: np.ndarray) -> str:
    """Mean average precision in percent at each threshold, and their mean, in two lines."""
    heads = [f"{threshold:.2f}" for threshold in thresholds] + ["mean"]
    cells = [f"{100 * value:.2f}" for value in (*values, values.mean())]
    widths = [max(len(head), len(cell)) for head, cell in zip(heads, cells)]
    rows = [("IoU", heads), ("mAP", cells)]
    return "\n".join(
        "  ".join([name, *(text.rjust(width) for text, width in zip(texts, widths))]) for name, texts in rows
    )
