"""Score files: written by testing, read by fusion. All hold scores before softmax unless they say otherwise.

========== ============================================================ ======== ============
suffix     content                                                      names    view scores
========== ============================================================ ======== ============
``.npz``   arrays ``names``, ``scores``, ``labels``, ``view_scores``    yes      yes
``.pkl``   list of dicts as MMAction2 1.x dumps, with two more keys     yes      no
``.json``  list of score lists as MMAction2 0.x wrote                   no       no
========== ============================================================ ======== ============

Also read: the original's ``.npz`` (pairs of ``(T, crops, K)`` scores and label) and MMAction2's own dumps, whose scores
are probabilities. Files without names take them from the list they were tested on (``names_from``).
"""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import torch

from tsn_plugin.evaluation.functional import softmax
from tsn_plugin.evaluation.safe_pickle import load_pickle
from tsn_plugin.structures.scores import ClassScores

_KEYS = ("labels", "view_scores")


def save_scores(path: str | Path, scores: ClassScores) -> None:
    """Write a score file; the suffix decides its kind. The file appears when it is complete.

    Raises:
        ValueError: for an unknown suffix.
    """
    path = Path(path)
    content = _by_suffix(path, _WRITERS)(scores)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def load_scores(path: str | Path, *, names_from: str | Path | None = None) -> ClassScores:
    """Read a score file.

    Args:
        path: the file.
        names_from: list file that was tested, for files without names: the first word of each line is a video.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no score file, is damaged, asks to run code, or lacks names.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"score file {path} does not exist; `tools/test.py ... --out {path}` writes it")
    reader = _by_suffix(path, _READERS)
    names = None if names_from is None else read_names(names_from)
    try:
        return reader(path, names)
    except (pickle.UnpicklingError, zipfile.BadZipFile, EOFError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is no score file that can be read: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_names(path: str | Path) -> tuple[str, ...]:
    """Video names of a list file: the first word of each line, without the extension of a video."""
    lines = (line.split() for line in Path(path).read_text(encoding="utf-8-sig").splitlines())
    return tuple(PurePosixPath(words[0]).with_suffix("").as_posix() for words in lines if words)


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


def _pkl_bytes(scores: ClassScores) -> bytes:
    probabilities = scores.scores if scores.are_probabilities else softmax(scores.scores)
    records: list[dict[str, Any]] = []
    for index, name in enumerate(scores.names):
        record = {"video_name": name, "pred_score": torch.from_numpy(probabilities[index]).float()}
        record["pred_label"] = record["pred_score"].argmax(dim=0, keepdim=True)
        if not scores.are_probabilities:
            record["scores"] = torch.from_numpy(np.ascontiguousarray(scores.scores[index])).float()
        if scores.labels is not None:
            record["gt_label"] = torch.from_numpy(np.atleast_1d(scores.labels[index]))
        records.append(record)
    return pickle.dumps(records)


def _json_bytes(scores: ClassScores) -> bytes:
    return json.dumps(scores.scores.tolist()).encode()


def _read_npz(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    with np.load(path, allow_pickle=False) as file:
        if "names" in file.files:
            arrays = {key: file[key] for key in _KEYS if key in file.files}
            known = tuple(file["names"].tolist())
            return ClassScores(known, file["scores"], **arrays, are_probabilities=bool(file["are_probabilities"]))
    return _read_original(path, names)


def _read_original(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    """The npz of the Caffe and PyTorch code: an object array of ``(scores (T, crops, K), label)`` pairs."""
    with zipfile.ZipFile(path) as archive, archive.open("scores.npy") as member:
        version = np.lib.format.read_magic(member)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        read_header(member)
        pairs = np.asarray(load_pickle(member), dtype=object)
    views = [np.asarray(pair[0], dtype=np.float64) for pair in pairs]
    labels = np.array([int(np.asarray(pair[1]).reshape(-1)[0]) for pair in pairs])
    flat = [view.reshape(-1, view.shape[-1]) if view.ndim < 3 else _crop_major(view) for view in views]
    same = len({view.shape for view in flat}) == 1
    scores = np.stack([view.mean(axis=0) for view in flat])
    return ClassScores(_named(names, len(scores)), scores, labels, np.stack(flat) if same else None)


def _crop_major(view: np.ndarray) -> np.ndarray:
    """``(T, crops, K)`` to ``(crops * T, K)``."""
    return view.transpose(1, 0, 2).reshape(-1, view.shape[-1])


def _read_pkl(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    with path.open("rb") as file:
        records = load_pickle(file)
    if not isinstance(records, list) or not records:
        raise ValueError("it holds no list of videos")
    if not isinstance(records[0], dict):  # MMAction2 0.x: one array of raw scores per video
        return ClassScores(_named(names, len(records)), np.stack([np.asarray(r, np.float64) for r in records]))
    raw = all("scores" in record for record in records)
    scores = np.stack([_array(record, "scores" if raw else "pred_score", "pred_scores") for record in records])
    labels = None
    if all("gt_label" in record or "gt_labels" in record for record in records):
        labels = np.stack([_array(record, "gt_label", "gt_labels") for record in records])
        labels = labels[:, 0] if labels.shape[1] == 1 else labels
    if all("video_name" in record for record in records):
        names = tuple(record["video_name"] for record in records)
    probabilities = not raw and bool(np.allclose(scores.sum(axis=1), 1, atol=1e-3) and (scores >= 0).all())
    return ClassScores(_named(names, len(records)), scores, labels, are_probabilities=probabilities)


def _array(record: dict, key: str, old_key: str) -> np.ndarray:
    """The value of ``key`` (MMAction2 1.2), or of ``old_key`` (1.1, inside ``item``), at least one-dimensional."""
    value = record[key] if key in record else record[old_key]["item"]
    return np.atleast_1d(np.asarray(value))


def _read_json(path: Path, names: tuple[str, ...] | None) -> ClassScores:
    scores = np.array(json.loads(path.read_text()), dtype=np.float64)
    return ClassScores(_named(names, len(scores)), scores)


def _named(names: tuple[str, ...] | None, count: int) -> tuple[str, ...]:
    if names is None:
        raise ValueError("it holds no video names; give the list it was tested on (--names-from LIST)")
    if len(names) != count:
        raise ValueError(f"it holds {count} videos, but the list has {len(names)}")
    return names


_WRITERS = {".npz": _npz_bytes, ".pkl": _pkl_bytes, ".pickle": _pkl_bytes, ".json": _json_bytes}
_READERS = {".npz": _read_npz, ".pkl": _read_pkl, ".pickle": _read_pkl, ".json": _read_json}
