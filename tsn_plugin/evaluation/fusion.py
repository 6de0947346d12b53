"""Late fusion of streams: a weighted sum of their scores, matched by the videos' names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from tsn_plugin.evaluation.aggregation import reaggregate
from tsn_plugin.evaluation.names import match_names
from tsn_plugin.evaluation.score_files import load_scores
from tsn_plugin.structures.scores import ClassScores


def fuse_scores(
    streams: Sequence[ClassScores], weights: Sequence[float] | None = None, *, allow_probabilities: bool = False
) -> ClassScores:
    """Weighted sum of the streams' scores, in the order of the first stream.

    Names that differ in folders or extension only (``Class/video.avi`` and ``video``) are matched too; see
    :func:`~tsn_plugin.evaluation.names.match_names`.

    Args:
        streams: scores before softmax.
        weights: one per stream; default 1 each. The papers take 1 : 1.5 for RGB : flow, and 1 : 1 : 0.5 with warped
            flow.
        allow_probabilities: accept scores after softmax, if all streams have them.

    Raises:
        ValueError: if the streams do not cover the same videos, disagree in a label or in the number of classes, mix
            scores and probabilities, or the weights do not fit them.

    Source: Caffe TSN ``eval_scores.py``, which matches by position and never compares labels.
    """
    if not streams:
        raise ValueError("there is nothing to fuse: give at least one stream")
    weights = [1.0] * len(streams) if weights is None else list(weights)
    if len(weights) != len(streams) or not np.isfinite(weights).all():
        raise ValueError(f"weights={weights} must be {len(streams)} finite numbers, one per stream")
    _check_kind(streams, allow_probabilities)
    classes = sorted({stream.num_classes for stream in streams})
    if len(classes) > 1:
        raise ValueError(f"the streams differ in their number of classes: {classes}")
    keys = match_names([stream.names for stream in streams])
    ordered = [replace(stream, names=own).ordered_as(keys[0]) for stream, own in zip(streams, keys)]
    fused = sum(weight * stream.scores.astype(np.float64) for weight, stream in zip(weights, ordered))
    labels = _common_labels(ordered)
    return ClassScores(streams[0].names, fused, labels, are_probabilities=streams[0].are_probabilities)


def load_streams(
    paths: Sequence[str | Path],
    *,
    names_from: str | Path | None = None,
    labels_from: str | Path | None = None,
    crops: str | None = None,
    num_crops: int | None = None,
) -> dict[str, ClassScores]:
    """Streams by number and file name (``'1 rgb'``), as :func:`~tsn_plugin.evaluation.score_files.load_scores` reads.

    Args:
        paths: one score file per stream.
        names_from: list that was tested, for files without names.
        labels_from: list whose labels replace the files'.
        crops: ``'mean'``, ``'max'`` or ``'windows'`` to aggregate kept view scores anew; default: the files' scores.
        num_crops: crops of each frame, where the files do not know it.

    Raises:
        FileNotFoundError: if a file or list is missing.
        ValueError: if a file is no score file, does not fit a list or has no view scores to aggregate.
    """
    streams = {}
    for number, path in enumerate(paths, start=1):
        scores = load_scores(path, names_from=names_from, labels_from=labels_from)
        if crops is not None:
            scores = reaggregate(scores, crops=crops, num_crops=num_crops)
        streams[f"{number} {Path(path).stem}"] = scores
    return streams


def _check_kind(streams: Sequence[ClassScores], allow_probabilities: bool) -> None:
    kinds = [stream.are_probabilities for stream in streams]
    if any(kinds) and not (all(kinds) and allow_probabilities):
        which = [number for number, kind in enumerate(kinds, start=1) if kind]
        raise ValueError(
            f"stream {', '.join(map(str, which))} holds probabilities, but the papers fuse scores before softmax: test "
            "again with --out FILE.npz or with average_clips='score', or allow probabilities if all streams have them"
        )


def _common_labels(streams: Sequence[ClassScores]) -> np.ndarray | None:
    labelled = [stream for stream in streams if stream.labels is not None]
    if not labelled:
        return None
    first = labelled[0]
    for other in labelled[1:]:
        if other.labels.ndim != first.labels.ndim:
            raise ValueError("one stream has one label per video, another several; test them with the same list")
        differs = (other.labels != first.labels).reshape(len(other), -1).any(axis=1)
        if differs.any():
            name = first.names[np.flatnonzero(differs)[0]]
            raise ValueError(f"the streams disagree in the label of {name} and {differs.sum() - 1} others")
    return first.labels
