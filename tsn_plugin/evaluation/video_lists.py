"""Names and labels from the list that was tested, for score files that keep none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tsn_plugin.evaluation.names import match_names, without_extension
from tsn_plugin.structures.scores import ClassScores


def read_names(path: str | Path) -> tuple[str, ...]:
    """Video names of a list: the first word of each line, without the extension of a video.

    Raises:
        FileNotFoundError: if there is no such list.
    """
    return tuple(without_extension(words[0]) for words in _lines(path))


def read_labels(path: str | Path) -> np.ndarray | None:
    """Class indices ``(B,)`` of a list: the last word of each line; None if a line has no label.

    Raises:
        FileNotFoundError: if there is no such list.
    """
    lines = _lines(path)
    if all(len(words) > 1 and words[-1].isdecimal() for words in lines):
        return np.array([int(words[-1]) for words in lines])
    return None


def label_from_list(scores: ClassScores, path: str | Path) -> ClassScores:
    """``scores`` with the labels of the list at ``path``, matched by name.

    Raises:
        ValueError: if a line of the list has no label, or the list holds other videos.
    """
    labels = read_labels(path)
    if labels is None:
        raise ValueError(f"{path} is no list of labelled videos: the last word of each line must be a class index")
    try:
        own, listed = match_names([scores.names, read_names(path)])
    except ValueError as error:
        raise ValueError(f"{path} is not the list that was tested (stream 2 is the list): {error}") from error
    label_of = dict(zip(listed, labels))
    return replace(scores, labels=np.array([label_of[name] for name in own]))


def _lines(path: str | Path) -> list[list[str]]:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"list {path} does not exist; give the list of videos that was tested")
    lines = (line.split() for line in path.read_text(encoding="utf-8-sig").splitlines())
    return [words for words in lines if words]
