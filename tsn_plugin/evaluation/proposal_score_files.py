"""Files of an SSN's scores of proposals, and of actionness: ours (``.npz``), and the original's pickles to read."""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from tsn_plugin.evaluation.npz_files import UNREADABLE, read_npz
from tsn_plugin.evaluation.safe_pickle import load_pickle
from tsn_plugin.evaluation.score_files import load_scores
from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.structures.proposals import ProposalScores

_Scores = TypeVar("_Scores")
_COLUMNS = ("proposals", "activity", "completeness", "regression")


def save_proposal_scores(path: str | Path, videos: Sequence[ProposalScores]) -> None:
    """Write the scores of all videos into one ``.npz`` of plain arrays, atomically.

    ``names`` has the videos, ``counts`` their numbers of proposals; ``proposals``, ``activity``, ``completeness`` and,
    if there is any, ``regression`` are those of :class:`ProposalScores`, one video after the other.

    Raises:
        ValueError: if there is no video, a score is not finite, or only some videos have regression.
    """
    if not videos:
        raise ValueError(f"{path}: there are no scores to write; check the list of the test data set")
    columns = [name for name in _COLUMNS if getattr(videos[0], name) is not None]
    arrays = {name: _joined(name, videos) for name in columns}
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            raise ValueError(f"{path}: {name} scores are not finite: the weights are broken")
    names = np.array([video.name for video in videos])
    counts = np.array([len(video.proposals) for video in videos])
    write_atomically(path, _npz_bytes(dict(names=names, counts=counts, **arrays)))


def load_proposal_scores(path: str | Path) -> list[ProposalScores]:
    """The scores in a file of ours, or in the original's pickle ``{video: (proposals, activity, completeness,
    regression)}``, of which nothing is executed.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds something else.
    """
    return _load(path, "proposals", _load_npz, _load_original)


def save_tick_scores(path: str | Path, scores: Mapping[str, np.ndarray]) -> None:
    """Write the actionness of each video's ticks, ``(T, 2)`` before softmax, into one ``.npz``, atomically.

    Raises:
        ValueError: if there is no video, or a score is not finite.
    """
    if not scores:
        raise ValueError(f"{path}: there are no scores to write; check the list of the test data set")
    values = np.concatenate(list(scores.values())).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError(f"{path}: scores are not finite: the weights are broken")
    counts = np.array([len(ticks) for ticks in scores.values()])
    write_atomically(path, _npz_bytes(dict(names=np.array(list(scores)), counts=counts, ticks=values)))


def load_tick_scores(path: str | Path) -> dict[str, np.ndarray]:
    """Actionness ``(T, 2)`` by video, from a file of ours or the original's pickle of ``(T, crops, 2)``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds something else.
    """
    return _load(path, "ticks", _load_npz_ticks, _load_original_ticks)


def load_video_scores(path: str | Path) -> dict[str, np.ndarray]:
    """Scores ``(K,)`` of whole videos by name: a score file of ours (or of MMAction2), or the pickle ``{path: scores}``
    of UntrimmedNets that the original takes.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds something else.
    """
    path = Path(path)
    if path.suffix not in (".npz", ".json"):
        content = _load(path, "videos", lambda _: None, _load_any_pickle)
        if isinstance(content, dict):
            return {_text(name): np.asarray(row, np.float64).ravel() for name, row in content.items()}
    scores = load_scores(path)
    return dict(zip(scores.names, scores.scores))


class ScoreParts:
    """Scores of single videos beside a score file that is yet to be written: an interrupted test goes on from them.

    Args:
        path: the score file.
    """

    def __init__(self, path: str | Path) -> None:
        self.folder = Path(f"{path}.parts")

    def names(self) -> list[str]:
        """The videos that are there."""
        return [name for file in self.files() for name in _names_in(file)]

    def add(self, name: str, write: Callable[[Path], None]) -> None:
        """Let ``write`` write the file of one video."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write(self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.npz")

    def remove(self) -> None:
        """Delete the parts: the score file is there."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def files(self) -> list[Path]:
        """One file per video."""
        return sorted(self.folder.glob("*.npz"))


def _names_in(path: Path) -> list[str]:
    try:
        return read_npz(path, keys=("names",))["names"].tolist()
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no part of an interrupted test ({error}): delete it") from error


def _npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _joined(name: str, videos: Sequence[ProposalScores]) -> np.ndarray:
    columns = [getattr(video, name) for video in videos]
    if any(column is None for column in columns):
        raise ValueError(f"only some of the {len(videos)} videos have {name}")
    return np.concatenate(columns).astype(np.float64 if name == "proposals" else np.float32)


def _load(
    path: str | Path, what: str, load_npz: Callable[[Path], _Scores], load_original: Callable[[Path], _Scores]
) -> _Scores:
    """The content of a file of ours or of the original's."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"score file {path} does not exist; tools/test.py CONFIG CHECKPOINT --out FILE writes it"
        )
    try:
        return load_npz(path) if zipfile.is_zipfile(path) else load_original(path)
    except (ValueError, AttributeError, pickle.UnpicklingError, *UNREADABLE) as error:
        raise ValueError(f"{path} holds no scores of {what} ({error})") from error


def _load_npz(path: Path) -> list[ProposalScores]:
    file = read_npz(path)
    counts = file["counts"]
    columns = {name: _split(file[name], counts) for name in _COLUMNS if name in file}
    return [ProposalScores(name, *values) for name, *values in zip(file["names"].tolist(), *columns.values())]


def _load_any_pickle(path: Path) -> object:
    with path.open("rb") as file:
        return load_pickle(file)


def _load_original(path: Path) -> list[ProposalScores]:
    content = _load_any_pickle(path)
    return [ProposalScores(_text(name), *map(np.asarray, values[:4])) for name, values in content.items()]


def _load_npz_ticks(path: Path) -> dict[str, np.ndarray]:
    file = read_npz(path)
    ticks = _split(file["ticks"], file["counts"])
    return {name: _ticks(values) for name, values in zip(file["names"].tolist(), ticks)}


def _load_original_ticks(path: Path) -> dict[str, np.ndarray]:
    return {_text(name): _original_ticks(values) for name, values in _load_any_pickle(path).items()}


def _split(values: np.ndarray, counts: np.ndarray) -> list[np.ndarray]:
    if counts.ndim != 1 or (counts < 0).any() or counts.sum() != len(values):
        raise ValueError(f"{len(values)} rows do not fill videos of {counts.tolist()[:5]}")
    return np.split(values, np.cumsum(counts)[:-1])


def _original_ticks(values: np.ndarray) -> np.ndarray:
    """Original scores ``(T, crops, classes)``: the mean over the crops, and background and action only."""
    values = np.asarray(values, np.float64)
    return _ticks((values.mean(axis=1) if values.ndim == 3 else values)[:, :2])


def _ticks(values: np.ndarray) -> np.ndarray:
    if values.ndim != 2 or values.shape[1] != 2:
        raise ValueError(f"scores of ticks have the shape (T, 2), not {values.shape}")
    return values


def _text(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name
