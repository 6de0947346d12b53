"""What is wrong with one line of a list, against the files on disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from tsn_plugin.preparation.executors import check_in
from tsn_plugin.readers import FrameReader, open_frames, open_video
from tsn_plugin.structures.list_lines import ListLine

KINDS = ("video", "rgb", "flow")
DECODING = ("full", "ends", "none")
ERROR, WARNING = "error", "warning"
_HASHED_BYTES = 1 << 20  # of a video; two that agree in these and in size are taken for one
_MODALITIES = {"rgb": "RGB", "flow": "Flow"}


@dataclass(frozen=True)
class CheckOptions:
    """How lists are read and files are looked at.

    Attributes:
        kind: what the lists are of: one of :data:`KINDS`.
        root: folder that the paths are relative to.
        decode: of videos ``full``: to the end; ``ends``: the first and the last frame; of frames ``full``: every one,
            ``ends``: the first, the middle and the last; ``none``: nothing.
        num_classes: labels must be below it.
        template: of the frames' file names; default: the original's.
        start_index: number of the first frame.
        with_offset: lines of frames are of intervals, ``<path> <offset> <count> <label>``; a video may have several.

    Raises:
        ValueError: for an unknown ``kind`` or ``decode``, or videos ``with_offset``.
    """

    kind: str
    root: str | Path = "."
    decode: str = "full"
    num_classes: int | None = None
    template: str | None = None
    start_index: int = 1
    with_offset: bool = False

    def __post_init__(self) -> None:
        for name, known in (("kind", KINDS), ("decode", DECODING)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is unknown; known: {', '.join(known)}")
        if self.with_offset and self.kind == "video":
            raise ValueError("with_offset=True is for lists of frames: those of videos have no offsets")


@dataclass(frozen=True)
class LineJob:
    """One line to check."""

    list: str
    line: ListLine
    options: CheckOptions


Finding = tuple[str, str, str]  # kind, severity, message


def check_line(job: LineJob) -> tuple[list[Finding], str | None]:
    """What is wrong with one line, and a hash of what it names, if there is that."""
    findings = _label_findings(job)
    path = Path(job.options.root, job.line.path)
    try:
        reader = _open(path, job.options)
        with reader:
            findings += _count_findings(job, reader) + _frame_findings(job, reader)
            fingerprint = _fingerprint(path, reader, job.options)
    except FileNotFoundError as error:
        return [*findings, ("missing", ERROR, str(error))], None
    except (OSError, ValueError, IndexError) as error:
        return [*findings, ("unreadable", ERROR, f"{type(error).__name__}: {error}")], None
    check_in()
    return findings, fingerprint


def _open(path: Path, options: CheckOptions) -> FrameReader:
    strict = options.decode == "full"
    if options.kind == "video":
        return open_video(path, strict=strict)
    modality = _MODALITIES[options.kind]
    return open_frames(path, modality=modality, template=options.template, start=options.start_index, strict=strict)


def labels_of(job: LineJob) -> tuple[int, ...]:
    """The labels of a line."""
    return job.line.numbers if job.options.kind == "video" else job.line.numbers[1 + job.options.with_offset :]


def _label_findings(job: LineJob) -> list[Finding]:
    labels, limit = labels_of(job), job.options.num_classes
    if not labels:
        return [("no label", WARNING, f"{job.line.path} has no label")]
    wrong = [label for label in labels if label < 0 or (limit is not None and label >= limit)]
    return [("label out of range", ERROR, f"{job.line.path} has the label {label}") for label in wrong]


def _count_findings(job: LineJob, reader: FrameReader) -> list[Finding]:
    """Frames (or flow fields) of the list against those that the reader finds."""
    if job.options.kind == "video":
        return []
    if len(job.line.numbers) < 1 + job.options.with_offset:
        return [("no count", ERROR, f"{job.line.path} has no number of frames")]
    listed, present = sum(job.line.numbers[: 1 + job.options.with_offset]), len(reader)
    if job.options.with_offset and listed <= present:
        return []  # an interval need not reach the end
    message = f"{job.line.path} has {present} {_MODALITIES[job.options.kind]} frames, the list says {listed}"
    if listed > present:
        return [("too few frames", ERROR, message)]
    return [("more frames than listed", WARNING, message)] if listed < present else []


def _frame_findings(job: LineJob, reader: FrameReader) -> list[Finding]:
    options = job.options
    if options.decode == "none":
        return []
    if options.kind == "video" and options.decode == "full":
        return _decoded_to_the_end(job, reader)
    last = len(reader) - 1
    chosen = range(last + 1) if options.decode == "full" else sorted({0, last // 2, last})
    sizes = {reader.read([index])[0].shape for index in (chosen if options.kind != "video" else sorted({0, last}))}
    if len(sizes) > 1:
        return [("sizes differ", ERROR, f"{job.line.path} has frames of {sorted(sizes)}")]
    return []


def _decoded_to_the_end(job: LineJob, reader: FrameReader) -> list[Finding]:
    decoded = sum(1 for _ in reader.iter_frames())
    if decoded == len(reader):
        return []
    return [("frame count", ERROR, f"{job.line.path} says that it has {len(reader)} frames, {decoded} can be decoded")]


def _fingerprint(path: Path, reader: FrameReader, options: CheckOptions) -> str:
    if options.kind == "video":
        with open(path, "rb") as file:
            return f"{path.stat().st_size}-{hashlib.sha256(file.read(_HASHED_BYTES)).hexdigest()}"
    ends = reader.read([0, len(reader) // 2])
    return f"{len(reader)}-{hashlib.sha256(b''.join(frame.tobytes() for frame in ends)).hexdigest()}"
