"""Many independent jobs at once, here or on a Dask cluster, with progress, failures kept apart and a clean Ctrl-C.

The seam for other engines is :func:`run_jobs`: a picklable function, a list of picklable jobs, a report.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import connection
from typing import Any

import cv2
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from tsn_plugin.preparation.channel import Channel, JobCancelled, Units, check_in, join, joined
from tsn_plugin.preparation.dask_pool import DaskPool
from tsn_plugin.preparation.local_pool import LocalPool, UnitCounter

__all__ = ["JobCancelled", "JobReport", "check_in", "run_jobs"]

_SPAWN = multiprocessing.get_context("spawn")  # forked OpenCV and FFmpeg threads can deadlock
_INTERRUPTED, _ENDED = 1, 2  # why the jobs are asked to stop: Ctrl-C, or one of them cannot go on
_DISK_FULL = tuple(f"[Errno {number}]" for number in (errno.ENOSPC, errno.EDQUOT))  # the second: of the user's share


@dataclass
class JobReport:
    """What became of the jobs, each list in the order of the jobs.

    Attributes:
        results: ``(job, what the function returned)``.
        failures: ``(job, reason)``.
        ended_by: why the run ended before all jobs were tried, such as a full disk.
    """

    results: list[tuple[Any, Any]] = field(default_factory=list)
    failures: list[tuple[Any, str]] = field(default_factory=list)
    ended_by: str | None = None


def run_jobs(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    *,
    workers: int | None,
    description: str,
    unit: str = "units",
    dask: str | None = None,
    on_result: Callable[[Any, Any], None] | None = None,
) -> JobReport:
    """Call ``function`` on every job and report results and failures; one failing job does not stop the others.

    A worker process that dies (a decoder that crashes, memory that runs out) costs only the job it was at. A full disk
    ends the run: the other jobs would meet it too.

    Args:
        function: picklable: a function at the top level of an importable module.
        jobs: picklable.
        workers: processes; None: one per core that this process may use; 0: the jobs run in this process.
        description: stands before the progress bar.
        unit: what :func:`check_in` counts, in the plural.
        dask: address of the scheduler of a Dask cluster that does the jobs in place of processes on this machine; see
            :mod:`tsn_plugin.preparation.dask_pool`.
        on_result: called with each job and its result, in the order in which they end.

    Raises:
        ValueError: if ``workers`` is negative.
        RuntimeError: if no worker process can be started, or the cluster's workers lack this package.
        ConnectionError: if the cluster's scheduler does not answer, or is lost.
        KeyboardInterrupt: after Ctrl-C, when the running jobs have cleaned up.
    """
    workers = _available_cores() if workers is None else workers
    if workers < 0:
        raise ValueError(f"workers={workers} must be 0 (this process) or the number of processes")
    channel = Channel(Units(), _SPAWN.RawValue("b", 0))
    with _progress(channel.units, unit) as progress:
        task = progress.add_task(description, total=len(jobs))
        run = _Run(function, jobs, channel, lambda: progress.advance(task), on_result)
        if dask is None and workers == 0:
            run.in_this_process()
        else:
            with _interrupt_stops(channel):
                run.in_processes(workers) if dask is None else run.on_dask(dask)
    return run.report()


class _Run:
    """The state of one :func:`run_jobs` call: outcomes by the job's index."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        jobs: Sequence[Any],
        channel: Channel,
        on_job_end: Callable[[], None],
        on_result: Callable[[Any, Any], None] | None,
    ) -> None:
        self.function, self.jobs, self.channel = function, jobs, channel
        self.on_job_end, self.on_result = on_job_end, on_result
        self.results: dict[int, Any] = {}
        self.failures: dict[int, str] = {}
        self.ended_by: str | None = None

    def in_this_process(self) -> None:
        """Run job after job here; Ctrl-C is raised inside the job."""
        with joined(self.channel):
            for index, job in enumerate(self.jobs):
                if self.ended_by is not None:
                    return
                try:
                    result = self.function(job)
                except Exception as error:
                    self._fail(index, _reason(error))
                else:
                    self._succeed(index, result)

    def in_processes(self, workers: int) -> None:
        """Run the jobs in worker processes."""
        pool = LocalPool(
            _SPAWN, self.function, describe=_reason, initialize=_start_worker, arguments=(self.channel.stop,)
        )
        self._in_pool(partial(pool.run, workers=workers))

    def on_dask(self, address: str) -> None:
        """Run the jobs on a Dask cluster."""
        self._in_pool(DaskPool(address, self.function, describe=_reason).run)

    def _in_pool(self, run: Callable[..., None]) -> None:
        run(
            self.jobs,
            is_wanted=lambda: not self.channel.stop.value,
            on_result=self._succeed,
            on_failure=self._fail,
            on_units=self.channel.units.add,
        )

    def _succeed(self, index: int, result: Any) -> None:
        self.results[index] = result
        if self.on_result is not None:
            self.on_result(self.jobs[index], result)
        self.on_job_end()

    def _fail(self, index: int, reason: str) -> None:
        if reason.startswith(JobCancelled.__name__):
            return  # not the job's fault: it is tried again by the next run
        self.failures[index] = reason
        if any(number in reason for number in _DISK_FULL) and self.ended_by is None:
            self.ended_by, self.channel.stop.value = reason, _ENDED
        self.on_job_end()

    def report(self) -> JobReport:
        """The outcomes in the order of the jobs."""
        return JobReport(
            [(self.jobs[index], self.results[index]) for index in sorted(self.results)],
            [(self.jobs[index], self.failures[index]) for index in sorted(self.failures)],
            self.ended_by,
        )


@contextmanager
def _interrupt_stops(channel: Channel) -> Iterator[None]:
    """Let Ctrl-C ask the workers to stop and raise KeyboardInterrupt when they have.

    Raised at once, a second Ctrl-C could break into the pool's own cleaning up, which then waits for ever.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or not _in_main_thread():
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: setattr(channel.stop, "value", _INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if channel.stop.value == _INTERRUPTED:
        raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _available_cores() -> int:
    """Cores this process may run on, which a batch system may have restricted."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _reason(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _start_worker(counter: UnitCounter, stop: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; the channel tells
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)  # one process per core already
    join(Channel(counter, stop))


def _end_with_parent() -> None:
    """Without this, the workers of a killed parent would wait for jobs for ever."""
    connection.wait([multiprocessing.parent_process().sentinel])
    os._exit(1)


class _RateColumn(ProgressColumn):
    """Finished units and units per second."""

    def __init__(self, units: Units, unit: str) -> None:
        super().__init__()
        self.units, self.unit = units, unit

    def render(self, task: Task) -> Text:
        units = self.units.total
        return Text(f"{units} {self.unit}, {units / max(task.elapsed or 0, 1e-3):.1f}/s")


def _progress(units: Units, unit: str) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(units, unit),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        speed_estimate_period=3600,  # rich forgets jobs that ended longer ago, and one job may take minutes
    )
