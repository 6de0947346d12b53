"""Score files: written by testing, read by fusion. All hold scores before softmax unless they say otherwise.

========== ============================================================ ======== ============
suffix     content                                                      names    view scores
========== ============================================================ ======== ============
``.npz``   arrays ``names``, ``scores``, ``labels``, ``view_scores``    yes      yes
``.pkl``   list of dicts as MMAction2 1.1 and 1.2 dump, and raw scores  yes      no
``.json``  list of score lists as MMAction2 0.x wrote                   no       no
========== ============================================================ ======== ============

Also read: the original's ``.npz`` (pairs of ``(T, crops, K)`` scores and label), which ``layout="tsn"`` writes, and
MMAction2's own dumps (1.1, 1.2), whose scores are probabilities by default. Rows that are not negative and sum to 1 are
taken for probabilities. Files without names take them, and labels if they have none, from the list they were tested on
(``names_from``).
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tsn_plugin.evaluation.aggregation import aggregate_views, crop_major, frame_major
from tsn_plugin.evaluation.functional import softmax, stack_labels
from tsn_plugin.evaluation.npz_files import UNREADABLE, check_members, read_header, read_npz
from tsn_plugin.evaluation.safe_pickle import load_pickle
from tsn_plugin.evaluation.video_lists import label_from_list, read_labels, read_names
from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.structures.scores import ClassScores
from tsn_plugin.structures.text_files import read_json

_KEYS = ("labels", "view_scores", "num_crops")
_UNREADABLE = (pickle.UnpicklingError, AttributeError, *UNREADABLE)


def save_scores(path: str | Path, scores: ClassScores, *, layout: str = "tsn_plugin") -> None:
    """Write a score file; the suffix decides its kind. The file appears when it is complete.

    Args:
        path: the file.
        scores: what it will hold.
        layout: ``'tsn_plugin'``; or ``'tsn'`` for an ``.npz`` that the original's tools read too, with
            ``np.load(path, allow_pickle=True)``: pairs of ``(T, crops, K)`` scores and label.

    Raises:
        ValueError: for an unknown suffix or layout, or if ``'tsn'`` lacks view scores, their number of crops or labels.
    """
    path = Path(path)
    content = _writer(path, layout)(scores)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, content)


def check_score_path(path: str | Path, *, layout: str = "tsn_plugin") -> None:
    """Check before a long test that its scores can be written in this form.

    Raises:
        ValueError: for an unknown suffix or layout.
    """
    _writer(Path(path), layout)


def load_scores(
    path: str | Path, *, names_from: str | Path | None = None, labels_from: str | Path | None = None
) -> ClassScores:
    """Read a score file.

    Args:
        path: the file.
        names_from: list file that was tested, for files without names: the first word of each line is a video. If the
            file has no labels either, the last words are the labels.
        labels_from: list file whose labels replace the file's, matched by name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no score file, is damaged, asks to run code, lacks names or does not fit a list.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"score file {path} does not exist; `tools/test.py ... --out {path}` writes it")
    reader = _by_suffix(path, _READERS)
    names = None if names_from is None else read_names(names_from)
    try:
        scores = reader(path, names)
        if scores.labels is None and scores.names == names:
            scores = replace(scores, labels=read_labels(names_from))
    except _UNREADABLE as error:
        raise ValueError(f"{path} is no score file that can be read: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return scores if labels_from is None else label_from_list(scores, labels_from)


def _writer(path: Path, layout: str) -> Callable[[ClassScores], bytes]:
    if layout not in _WRITERS:
        raise ValueError(f"layout={layout!r} is unknown; known: {', '.join(_WRITERS)}")
    return _by_suffix(path, _WRITERS[layout])


def _by_suffix(path: Path, table: dict[str, Callable]) -> Callable:
    if path.suffix not in table:
        raise ValueError(f"{path}: scores are kept in {', '.join(table)}; choose one of these suffixes")
    return table[path.suffix]


def _npz_bytes(scores: ClassScores) -> bytes:
    arrays = {key: getattr(scores, key) for key in _KEYS if getattr(scores, key) is not None}
    buffer = io.BytesIO()
    np.savez(
        buffer,
        names=np.array(scores.names, dtype=np.str_),
        scores=scores.scores,
        are_probabilities=np.array(scores.are_probabilities),
        **arrays,
    )
    return buffer.getvalue()


def _original_npz_bytes(scores: ClassScores) -> bytes:
    """The original's layout; ``names``, which the original ignores, let us read it without a list."""
    if scores.view_scores is None or scores.num_crops is None:
        raise ValueError("layout='tsn' holds the scores of single views: test with keep_view_scores=True")
    if scores.labels is None or scores.labels.ndim != 1:
        raise ValueError("layout='tsn' holds one label per video; use layout='tsn_plugin'")
    pairs = np.empty((len(scores), 2), dtype=object)
    for pair, views, label in zip(pairs, scores.view_scores, scores.labels):
        pair[0], pair[1] = frame_major(views, scores.num_crops), int(label)
    buffer = io.BytesIO()
    np.savez(buffer, scores=pairs, labels=scores.labels, names=np.array(scores.names, dtype=np.str_))
    return buffer.getvalue()


def _pkl_bytes(scores: ClassScores) -> bytes:
    probabilities = scores.scores if scores.are_probabilities else softmax(scores.scores)
    records: list[dict[str, Any]] = []
    for index, name in enumerate(scores.names):
        record = {"video_name": name, "pred_score": _float_tensor(probabilities[index])}
        record["pred_label"] = record["pred_score"].argmax(dim=0, keepdim=True)
        if not scores.are_probabilities:
            record["scores"] = _float_tensor(scores.scores[index])
        if scores.labels is not None:
            record["gt_label"] = torch.from_numpy(np.atleast_1d(scores.labels[index]).astype(np.int64))
            record["gt_labels"] = {"item": record["gt_label"]}
        record["pred_scores"] = {"item": record["pred_score"]}  # as 1.1 reads it
        records.append(record)
    return pickle.dumps(records, protocol=4)


def _float_tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _json_bytes(scores: ClassScores) -> bytes:
    return json.dumps(scores.scores.tolist()).encode()


def _read_npz(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    file = read_npz(path, keys=("names", "are_probabilities"))
    if "names" in file:
        names = tuple(file["names"].tolist())
    if "are_probabilities" not in file:
        return _read_original(path, names)
    arrays = dict(read_npz(path, keys=("scores", *_KEYS)))
    crops = arrays.pop("num_crops", None)
    return ClassScores(
        names,
        arrays.pop("scores"),
        **arrays,
        are_probabilities=bool(file["are_probabilities"]),
        num_crops=None if crops is None else int(crops),
    )


def _read_original(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    """The npz of the Caffe and PyTorch code: an object array of ``(scores (T, crops, K), label)`` pairs."""
    with zipfile.ZipFile(path) as archive, archive.open("scores.npy") as member:
        check_members(archive, path)
        _, dtype = read_header(member)
        if not dtype.hasobject:
            raise ValueError("its scores are neither ours (with names) nor the original's (an array of objects)")
        pairs = np.asarray(load_pickle(member), dtype=object)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise ValueError(f"it should hold a pair of scores and label for each video, not {pairs.shape} objects")
    views = [np.asarray(view, dtype=np.float64) for view in pairs[:, 0]]
    if any(view.ndim != 3 for view in views):
        raise ValueError("the scores of each video should have the shape (frames, crops, classes)")
    labels = np.array([int(np.asarray(label).reshape(-1)[0]) for label in pairs[:, 1]])
    scores = np.stack([aggregate_views(view) for view in views])
    named = _unlabelled(names, scores)
    if len({view.shape for view in views}) > 1:
        return replace(named, labels=labels)
    return replace(
        named, labels=labels, view_scores=np.stack([crop_major(view) for view in views]), num_crops=views[0].shape[1]
    )


def _read_pkl(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    with path.open("rb") as file:
        records = load_pickle(file)
    if not isinstance(records, list) or not records:
        raise ValueError("it holds no list of videos")
    if not isinstance(records[0], dict):  # MMAction2 0.x: one array per video
        return _unlabelled(names, np.stack([_vector(record) for record in records]))
    raw = all("scores" in record for record in records)
    scores = np.stack([_vector(_value(record, "scores" if raw else "pred_score", "pred_scores")) for record in records])
    labels = None
    if all("gt_label" in record or "gt_labels" in record for record in records):
        labels = stack_labels(
            [_vector(_value(r, "gt_label", "gt_labels")).astype(int) for r in records], scores.shape[1]
        )
    if all("video_name" in record for record in records):
        names = tuple(record["video_name"] for record in records)
    named = replace(_unlabelled(names, scores), labels=labels)
    return replace(named, are_probabilities=False) if raw else named


def _read_json(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    return _unlabelled(names, np.array(read_json(path), dtype=np.float64))


def _value(record: dict, key: str, old_key: str) -> Any:
    """The value of ``key`` (MMAction2 1.2), or of ``old_key`` (1.1, inside ``item``)."""
    return record[key] if key in record else record[old_key]["item"]


def _vector(value: Any) -> np.ndarray:
    """An array or list as float64 ``(K,)``; MMAction2 dumps ``(1, K)`` for one view."""
    array = np.asarray(value, np.float64)
    return np.atleast_1d(array[0] if array.ndim == 2 and len(array) == 1 else array)


def _unlabelled(names: tuple[str, ...] | None, scores: np.ndarray) -> ClassScores:
    """Scores that do not say what they are, named by the list."""
    scores = ClassScores(_named(names, len(scores)), scores)
    sums_to_one = np.allclose(scores.scores.sum(axis=1), 1, atol=1e-2)  # as exact as bfloat16 is
    return replace(scores, are_probabilities=bool(sums_to_one and (scores.scores >= 0).all()))


def _named(names: tuple[str, ...] | None, count: int) -> tuple[str, ...]:
    if names is None:
        raise ValueError("it holds no video names; give the list it was tested on (--names-from LIST)")
    if len(names) != count:
        raise ValueError(f"it holds {count} videos, but the list has {len(names)}")
    return names


_WRITERS = {
    "tsn_plugin": {".npz": _npz_bytes, ".pkl": _pkl_bytes, ".pickle": _pkl_bytes, ".json": _json_bytes},
    "tsn": {".npz": _original_npz_bytes},
}
_READERS = {".npz": _read_npz, ".pkl": _read_pkl, ".pickle": _read_pkl, ".json": _read_json}
