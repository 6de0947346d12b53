"""Proposal lists, in the text form of SSN: read, write, and turn shares of a video into frames."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsn_plugin.structures.proposals import VideoProposals
from tsn_plugin.structures.text_files import read_text

#: no number in a list is larger: at 25 frames per second a video of four days
MAX_FRAMES = 10**7
_COUNT = re.compile(r"[0-9]{1,9}")


class ProposalListError(ValueError):
    """A line of a proposal list that does not parse; the message names file, line and what was expected."""


@dataclass(frozen=True)
class _Line:
    number: int
    text: str


def read_proposals(path: str | Path) -> list[VideoProposals]:
    """The videos of a proposal list, normalised or in frames.

    A record is a line with ``#``, the video's name, a number of units and one of frames per unit (their product is the
    number of frames; both are 1 in a normalised list), the number of instances with a line ``class start end`` each,
    the number of proposals with a line ``class best_iou overlap_self start end`` each. Names may hold blanks. Classes
    count from 1; 0 stands for background.

    Raises:
        FileNotFoundError: if there is no such list.
        ProposalListError: for a line of another form, or a second record of a video.
        ValueError: for a file that is no text.

    Source: SSN ``ops/io.py`` (``load_proposal_file``).
    """
    text = read_text(path, what="proposal list", missing="mend ann_file or the path")
    videos: dict[str, VideoProposals] = {}
    for record in (_Record(Path(path), lines) for lines in _records(text.split("\n"))):
        video = record.parse()
        if video.name in videos:
            raise record.error(0, "another video: this one has a record already")
        videos[video.name] = video
    return list(videos.values())


def format_proposals(videos: Iterable[VideoProposals], *, first_number: int | None = None) -> str:
    """The text of a proposal list, in the form of the published ones.

    Args:
        videos: all normalised, or all in frames.
        first_number: of the records; default: 1 if normalised, else 0, as the published lists have it.

    Raises:
        ValueError: for a name that no list can hold.
    """
    videos = list(videos)
    if first_number is None:
        first_number = int(bool(videos) and videos[0].is_normalized)
    return "".join(_format_record(number, video) for number, video in enumerate(videos, first_number))


def denormalized(video: VideoProposals, num_frames: int, *, name: str | None = None) -> VideoProposals:
    """A normalised record in frames: starts and ends are cut down to whole frames.

    Args:
        video: normalised record.
        num_frames: of the video.
        name: what the record is called then, such as the folder of the frames.

    Raises:
        ValueError: if the record is in frames already or in seconds, or the video has no frame.

    Source: SSN ``ops/io.py`` (``process_proposal_list``).
    """
    if not video.is_normalized:
        raise ValueError(f"{video.name} has {video.length:g} frames: its record is not normalised")
    if num_frames < 1:
        raise ValueError(f"{video.name} has {num_frames} frames: extract them, or take the video out of the list")
    starts = np.concatenate([video.instances, video.proposals])[:, 0]
    if (starts > 1).any():
        raise ValueError(f"{video.name}: {starts.max():g} is no share of the video; a normalised list has 0 to 1")
    return replace(
        video,
        name=video.name if name is None else name,
        length=num_frames,
        instances=np.trunc(video.instances * num_frames),
        proposals=np.trunc(video.proposals * num_frames),
    )


def denormalize_all(
    videos: Iterable[VideoProposals], frame_counts: Mapping[str, tuple[str, int]]
) -> tuple[list[VideoProposals], list[str]]:
    """The records whose videos are there, in frames, and the names of the others.

    Args:
        videos: normalised records.
        frame_counts: folder (or file) and number of frames by the name of the video.
    """
    found, missing = [], []
    for video in videos:
        if video.name in frame_counts and frame_counts[video.name][1] > 0:
            path, count = frame_counts[video.name]
            found.append(denormalized(video, count, name=path))
        else:
            missing.append(video.name)
    return found, missing


def _records(lines: list[str]) -> Iterator[list[_Line]]:
    """The lines of each record; those that begin with ``#`` stand between them."""
    record: list[_Line] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            if record:
                yield record
            record = []
        elif line.strip():
            record.append(_Line(number, line.strip()))
    if record:
        yield record


class _Record:
    """Reads one record line by line."""

    def __init__(self, path: Path, lines: list[_Line]) -> None:
        self._path, self._lines, self._place = path, lines, 0

    def parse(self) -> VideoProposals:
        name = self._next("the video's name").text
        units, rate = self._numbers(1, "number of units")[0], self._numbers(1, "frames per unit")[0]
        instances = self._table(3, "instances, 'class start end'", first_class=1)
        proposals = self._table(5, "proposals, 'class best_iou overlap_self start end'", first_class=0)
        if self._place < len(self._lines):
            raise self.error(self._place, "the next record to begin with '#'")
        if not 1 <= units * rate <= MAX_FRAMES:
            raise self.error(1, f"a number of frames from 1 to {MAX_FRAMES}: extract the frames of this video")
        length = int(units * rate)
        return VideoProposals(
            name,
            length,
            instances[:, 1:],
            instances[:, 0].astype(np.int64),
            proposals[:, 3:],
            proposals[:, 0].astype(np.int64),
            proposals[:, 1],
            proposals[:, 2],
        )

    def error(self, place: int, expected: str) -> ProposalListError:
        """What to raise for the line at ``place`` of the record."""
        line = self._lines[place]
        return ProposalListError(f"{self._path}, line {line.number}: {line.text!r}: expected {expected}")

    def _table(self, columns: int, what: str, *, first_class: int) -> np.ndarray:
        line = self._next(f"the number of {what}")
        if not _COUNT.fullmatch(line.text):
            raise self._last_error(f"the number of {what}")
        rows = [self._row(columns, f"one of {line.text} {what}", first_class) for _ in range(int(line.text))]
        return np.array(rows, dtype=np.float64).reshape(-1, columns)

    def _row(self, columns: int, what: str, first_class: int) -> list[float]:
        values = self._numbers(columns, what)
        if values[0] < first_class or values[0] % 1:
            raise self._last_error(f"{what}, with a whole class from {first_class} on: classes count from 1")
        return values

    def _numbers(self, count: int, what: str) -> list[float]:
        fields = self._next(what).text.split()
        try:
            values = [float(field) for field in fields]
        except ValueError:
            raise self._last_error(what) from None
        if len(values) != count or not all(abs(value) <= MAX_FRAMES for value in values):
            raise self._last_error(what)
        return values

    def _next(self, what: str) -> _Line:
        if self._place >= len(self._lines):
            raise self.error(-1, f"{what} behind it")
        self._place += 1
        return self._lines[self._place - 1]

    def _last_error(self, expected: str) -> ProposalListError:
        """What to raise for the line that was read last."""
        return self.error(self._place - 1, expected)


def _format_record(number: int, video: VideoProposals) -> str:
    if video.name != video.name.strip() or re.match("#|$", video.name) or re.search("[\r\n]", video.name):
        raise ValueError(f"video {video.name!r} begins with '#' or a blank, or holds a line end: rename it")
    place = "{:.4f} {:.4f}" if video.is_normalized else "{:.0f} {:.0f}"
    lines = [f"# {number}", video.name, f"{video.length:g}" if video.length < 1e6 else str(int(video.length)), "1"]
    lines += [str(len(video.instances))]
    lines += [
        f"{label} {place.format(*interval)}" for label, interval in zip(video.instance_labels, video.instances.tolist())
    ]
    lines += [str(len(video.proposals))]
    columns = zip(video.labels, video.best_iou, video.overlap_self, video.proposals.tolist())
    lines += [f"{label} {iou:.4f} {inside:.4f} {place.format(*interval)}" for label, iou, inside, interval in columns]
    return "\n".join(lines) + "\n"
