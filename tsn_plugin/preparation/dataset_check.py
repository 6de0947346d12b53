"""What is wrong with a data set: every line of its lists against the files on disk."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, astuple, dataclass, field
from pathlib import Path
from typing import Any

from tsn_plugin.preparation.executors import JobReport, run_jobs
from tsn_plugin.preparation.journal import Journal
from tsn_plugin.preparation.line_check import ERROR, WARNING, CheckOptions, Finding, LineJob, check_line, labels_of
from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.structures.list_lines import read_lines


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


def check_lists(
    lists: Sequence[str | Path],
    options: CheckOptions,
    *,
    workers: int | None = None,
    journal: str | Path | None = None,
) -> CheckReport:
    """Check lists of one data set, such as those of training and of validation; a video may stand in one of them only.

    Args:
        lists: the lists.
        options: how to look at them.
        workers: processes; None: one per core, 0: this one.
        journal: file that keeps which lines are sound, so that an interrupted check goes on from there; it is deleted
            at the end.

    Raises:
        FileNotFoundError: if a list or the root folder does not exist.
        ValueError: for a line of another form.
    """
    if not Path(options.root).is_dir():
        raise FileNotFoundError(f"root {options.root} is no folder: give what the paths of the lists are relative to")
    jobs = [LineJob(str(path), line, options) for path in lists for line in read_lines(path)]
    report = CheckReport({str(path): sum(job.list == str(path) for job in jobs) for path in lists})
    outcomes = _check_lines(jobs, workers) if journal is None else _check_with_journal(jobs, workers, journal, options)
    found, hashes = _found(jobs, outcomes)
    found += _duplicates(jobs, lambda job: job.line.path, "name") + _duplicates(
        [job for job in jobs if hashes.get(job)], hashes.__getitem__, "content"
    )
    found += _empty_classes(jobs, options)
    order = {job: number for number, job in enumerate(jobs)}
    report.problems = [_problem(job, finding) for job, finding in sorted(found, key=lambda item: order[item[0]])]
    return report


def default_journal(lists: Sequence[str | Path], options: CheckOptions) -> Path | None:
    """A journal beside the first list, of its own for each way to check; None where nothing can be written."""
    first = Path(lists[0])
    if not os.access(first.parent, os.W_OK):
        return None
    way = json.dumps([*map(str, lists), _settings(options)], sort_keys=True)
    return first.with_name(f"{first.name}.check-{hashlib.sha256(way.encode()).hexdigest()[:8]}.partial")


def _settings(options: CheckOptions) -> dict[str, Any]:
    return {**asdict(options), "root": str(Path(options.root).resolve())}


def _check_lines(
    jobs: Sequence[LineJob], workers: int | None, on_result: Callable[[LineJob, Any], None] | None = None
) -> JobReport:
    return run_jobs(check_line, jobs, workers=workers, description="Checking", unit="lines", on_result=on_result)


def _check_with_journal(
    jobs: Sequence[LineJob], workers: int | None, path: str | Path, options: CheckOptions
) -> JobReport:
    journal = Journal(path, _settings(options))
    with closing(journal):
        found = {job: journal.found[key] for job in jobs if (key := _key(job)) in journal.found}
        outcomes = _check_lines(
            [job for job in jobs if job not in found],
            workers,
            lambda job, result: journal.add(_key(job), result[1]) if not result[0] else None,
        )
    journal.remove()
    return JobReport([(job, ([], mark)) for job, mark in found.items()] + outcomes.results, outcomes.failures)


def _key(job: LineJob) -> str:
    return json.dumps([job.list, *astuple(job.line)], ensure_ascii=False)


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
        if job.options.with_offset and not across:
            continue  # several intervals of one video
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
        empty = sorted(set(range(options.num_classes)) - {label for job in members for label in labels_of(job)})
        if empty:
            named = ", ".join(map(str, empty[:10])) + (", ..." if len(empty) > 10 else "")
            found.append((members[0], ("class without videos", WARNING, f"no video has the labels {named}")))
    return found


def _problem(job: LineJob, finding: Finding) -> Problem:
    kind, severity, message = finding
    return Problem(kind, severity, job.list, job.line.line_number, job.line.path, message)
