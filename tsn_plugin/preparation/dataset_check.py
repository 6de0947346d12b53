"""What is wrong with a data set: every line of its lists against the files on disk."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tsn_plugin.preparation.executors import JobReport, check_in, run_jobs
from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.readers import FrameReader, open_frames, open_video
from tsn_plugin.structures.list_lines import ListLine, read_lines

KINDS = ("video", "rgb", "flow")
DECODING = ("full", "ends", "none")
ERROR, WARNING = "error", "warning"
_HASHED_BYTES = 1 << 20  # of a video; two that agree in these and in size are taken for one
_MODALITIES = {"rgb": "RGB", "flow": "Flow"}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        kind: such as ``missing``; all problems of a kind are reported together.
        severity: ``error`` or ``warning``.
        list: the list.
        line: its 1-based line, 0 for the list as a whole.
        path: as written in the list.
        message: what is wrong.
    """

    kind: str
    severity: str
    list: str
    line: int
    path: str
    message: str


@dataclass
class CheckReport:
    """What was found.

    Attributes:
        lines: how many lines each list has.
        problems: in the order of lists and lines.
    """

    lines: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def num_errors(self) -> int:
        """How many problems are errors."""
        return sum(problem.severity == ERROR for problem in self.problems)


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

    Raises:
        ValueError: for an unknown ``kind`` or ``decode``.
    """

    kind: str
    root: str | Path = "."
    decode: str = "full"
    num_classes: int | None = None
    template: str | None = None
    start_index: int = 1

    def __post_init__(self) -> None:
        for name, known in (("kind", KINDS), ("decode", DECODING)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is unknown; known: {', '.join(known)}")


@dataclass(frozen=True)
class LineJob:
    """One line to check."""

    list: str
    line: ListLine
    options: CheckOptions


Finding = tuple[str, str, str]  # kind, severity, message


def check_lists(lists: Sequence[str | Path], options: CheckOptions, *, workers: int | None = None) -> CheckReport:
    """Check lists of one data set, such as those of training and of validation; a video may stand in one of them only.

    Args:
        lists: the lists.
        options: how to look at them.
        workers: processes; None: one per core, 0: this one.

    Raises:
        FileNotFoundError: if a list or the root folder does not exist.
        ValueError: for a line of another form.
    """
    if not Path(options.root).is_dir():
        raise FileNotFoundError(f"root {options.root} is no folder: give what the paths of the lists are relative to")
    jobs = [LineJob(str(path), line, options) for path in lists for line in read_lines(path)]
    report = CheckReport({str(path): sum(job.list == str(path) for job in jobs) for path in lists})
    outcomes = run_jobs(check_line, jobs, workers=workers, description="Checking", unit="lines")
    found, hashes = _found(jobs, outcomes)
    found += _duplicates(jobs, lambda job: job.line.path, "name") + _duplicates(
        [job for job in jobs if hashes.get(job)], hashes.__getitem__, "content"
    )
    found += _empty_classes(jobs, options)
    order = {job: number for number, job in enumerate(jobs)}
    report.problems = [_problem(job, finding) for job, finding in sorted(found, key=lambda item: order[item[0]])]
    return report


def check_line(job: LineJob) -> tuple[list[Finding], str | None]:
    """What is wrong with one line, and a hash of what it names, if there is that."""
    findings = _label_findings(job)
    path = Path(job.options.root, job.line.path)
    if job.options.kind == "video" and not path.is_file():
        return [*findings, ("missing", ERROR, f"{path} does not exist")], None
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


def write_report(report: CheckReport, path: str | Path) -> None:
    """Write the report as JSON: ``lines`` by list, ``errors``, ``warnings``, and ``problems`` with all their fields."""
    content = dict(
        lines=report.lines,
        errors=report.num_errors,
        warnings=len(report.problems) - report.num_errors,
        problems=[asdict(problem) for problem in report.problems],
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode())


def summary(report: CheckReport, *, examples: int = 3) -> str:
    """The problems by kind with the first few of each."""
    by_kind = defaultdict(list)
    for problem in report.problems:
        by_kind[problem.severity, problem.kind].append(problem)
    lines = [f"{path}: {count} lines" for path, count in report.lines.items()]
    for (severity, kind), problems in sorted(by_kind.items()):
        lines.append(f"{severity}: {kind}: {len(problems)}")
        lines += [f"  {each.list}, line {each.line}: {each.message}" for each in problems[:examples]]
        lines += ["  ..."] if len(problems) > examples else []
    return "\n".join([*lines, f"{report.num_errors} errors, {len(report.problems) - report.num_errors} warnings"])


def _open(path: Path, options: CheckOptions) -> FrameReader:
    if options.kind == "video":
        return open_video(path)
    modality = _MODALITIES[options.kind]
    return open_frames(path, modality=modality, template=options.template, start=options.start_index)


def _labels(job: LineJob) -> tuple[int, ...]:
    return job.line.numbers if job.options.kind == "video" else job.line.numbers[1:]


def _label_findings(job: LineJob) -> list[Finding]:
    labels, limit = _labels(job), job.options.num_classes
    if not labels:
        return [("no label", WARNING, f"{job.line.path} has no label")]
    wrong = [label for label in labels if label < 0 or (limit is not None and label >= limit)]
    return [("label out of range", ERROR, f"{job.line.path} has the label {label}") for label in wrong]


def _count_findings(job: LineJob, reader: FrameReader) -> list[Finding]:
    """Frames (or flow fields) of the list against those that the reader finds."""
    if job.options.kind == "video":
        return []
    if not job.line.numbers:
        return [("no count", ERROR, f"{job.line.path} has no number of frames")]
    listed, present = job.line.numbers[0], len(reader)
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


def _found(jobs: Sequence[LineJob], outcomes: JobReport) -> tuple[list[tuple[LineJob, Finding]], dict[LineJob, str]]:
    found, hashes = [], {}
    for job, (findings, fingerprint) in outcomes.results:
        found += [(job, finding) for finding in findings]
        if fingerprint is not None:
            hashes[job] = fingerprint
    found += [(job, ("unreadable", ERROR, reason)) for job, reason in outcomes.failures]
    return found, hashes


def _duplicates(jobs: Iterable[LineJob], key: Callable[[LineJob], str], what: str) -> list[tuple[LineJob, Finding]]:
    """Lines whose key an earlier line has; of the same content only where the names differ."""
    first: dict[str, LineJob] = {}
    found = []
    for job in jobs:
        earlier = first.setdefault(key(job), job)
        if earlier is job or (what == "content" and earlier.line.path == job.line.path):
            continue
        where = f"{earlier.list}, line {earlier.line.line_number} ({earlier.line.path})"
        across = earlier.list != job.list
        kind = f"in two lists, by {what}" if across else f"twice in a list, by {what}"
        found.append((job, (kind, ERROR if across else WARNING, f"{job.line.path} is {where} too")))
    return found


def _empty_classes(jobs: Sequence[LineJob], options: CheckOptions) -> list[tuple[LineJob, Finding]]:
    """Classes without a video in a list, told at its first line."""
    if options.num_classes is None:
        return []
    found = []
    for path in dict.fromkeys(job.list for job in jobs):
        members = [job for job in jobs if job.list == path]
        empty = sorted(set(range(options.num_classes)) - {label for job in members for label in _labels(job)})
        if empty:
            named = ", ".join(map(str, empty[:10])) + (", ..." if len(empty) > 10 else "")
            found.append((members[0], ("class without videos", WARNING, f"no video has the labels {named}")))
    return found


def _problem(job: LineJob, finding: Finding) -> Problem:
    kind, severity, message = finding
    return Problem(kind, severity, job.list, job.line.line_number, job.line.path, message)
