"""Late fusion of streams: a weighted sum of their scores, matched by the videos' names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from tsn_plugin.structures.scores import ClassScores


def fuse_scores(
    streams: Sequence[ClassScores], weights: Sequence[float] | None = None, *, allow_probabilities: bool = False
) -> ClassScores:
    """Weighted sum of the streams' scores, in the order of the first stream.

    Names that differ in their folders only (``Class/video`` and ``video``) are matched by their last part, if that is
    unique in every stream.

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
    names = _common_names(streams)
    first = streams[0].names
    ordered = [ClassScores(keys, *_parts(s)).ordered_as(names[0]) for keys, s in zip(names, streams)]
    classes = {stream.scores.shape[1] for stream in ordered}
    if len(classes) > 1:
        raise ValueError(f"the streams differ in their number of classes: {sorted(classes)}")
    fused = sum(weight * stream.scores.astype(np.float64) for weight, stream in zip(weights, ordered))
    return ClassScores(first, fused, _common_labels(ordered), are_probabilities=streams[0].are_probabilities)


def _parts(stream: ClassScores) -> tuple:
    return stream.scores, stream.labels, None, stream.are_probabilities


def _check_kind(streams: Sequence[ClassScores], allow_probabilities: bool) -> None:
    kinds = [stream.are_probabilities for stream in streams]
    if any(kinds) and not (all(kinds) and allow_probabilities):
        which = [number for number, kind in enumerate(kinds, start=1) if kind]
        raise ValueError(
            f"stream {', '.join(map(str, which))} holds probabilities, but the papers fuse scores before softmax: test "
            "again with --out FILE.npz or with average_clips='score', or allow probabilities if all streams have them"
        )


def _common_names(streams: Sequence[ClassScores]) -> list[tuple[str, ...]]:
    """For each stream the key of each of its videos, such that equal keys mean the same video."""
    full = [stream.names for stream in streams]
    if all(set(names) == set(full[0]) for names in full):
        return full
    short = [tuple(PurePosixPath(name).name for name in names) for names in full]
    unique = all(len(set(names)) == len(names) for names in short)
    if unique and all(set(names) == set(short[0]) for names in short):
        return short
    raise ValueError(_difference(full))


def _difference(names: Sequence[tuple[str, ...]]) -> str:
    lines = ["the streams do not cover the same videos; test them with the same list:"]
    everything = set().union(*names)
    for number, own in enumerate(names, start=1):
        missing = sorted(everything - set(own))
        if missing:
            shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
            lines.append(f"stream {number} lacks {len(missing)} of {len(everything)}: {shown}")
    return "\n".join(lines)


def _common_labels(streams: Sequence[ClassScores]) -> np.ndarray | None:
    labelled = [stream for stream in streams if stream.labels is not None]
    if not labelled:
        return None
    for other in labelled[1:]:
        same = (other.labels == labelled[0].labels).reshape(len(other), -1).all(axis=1)
        if not same.all():
            name = labelled[0].names[np.flatnonzero(~same)[0]]
            raise ValueError(f"the streams disagree in the label of {name} and {(~same).sum() - 1} others")
    return labelled[0].labels
