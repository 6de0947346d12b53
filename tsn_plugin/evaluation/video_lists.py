"""Names and labels from the list that was tested, for score files that keep none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tsn_plugin.evaluation.names import match_names, without_extension
from tsn_plugin.structures.list_lines import ListLine, read_lines
from tsn_plugin.structures.scores import ClassScores


def read_names(path: str | Path) -> tuple[str, ...]:
    """Video names of a list: the path of each line, without the extension of a video.

    Raises:
        FileNotFoundError: if there is no such list.
    """
    return tuple(without_extension(line.path) for line in read_lines(path))


def read_labels(path: str | Path) -> np.ndarray | None:
    """Class indices ``(B,)`` of a list: the last number of each line; None if a line has no label.

    Raises:
        FileNotFoundError: if there is no such list.
    """
    lines = list(read_lines(path))
    if all(map(_has_label, lines)):
        return np.array([line.numbers[-1] for line in lines])
    return None


def label_from_list(scores: ClassScores, path: str | Path) -> ClassScores:
    """``scores`` with the labels of the list at ``path``, matched by name.

    Raises:
        ValueError: if a line of the list has no label, or the list holds other videos.
    """
    labels = read_labels(path)
    if labels is None or not len(labels):
        number = next((line.line_number for line in read_lines(path) if not _has_label(line)), 1)
        raise ValueError(
            f"{path} is no list of labelled videos: each line must end in a class index, and line {number} does not"
        )
    try:
        own, listed = match_names([scores.names, read_names(path)])
    except ValueError as error:
        raise ValueError(f"{path} is not the list that was tested (stream 2 is the list): {error}") from error
    label_of = dict(zip(listed, labels))
    return replace(scores, labels=np.array([label_of[name] for name in own]))


def _has_label(line: ListLine) -> bool:
    return bool(line.numbers) and line.numbers[-1] >= 0
