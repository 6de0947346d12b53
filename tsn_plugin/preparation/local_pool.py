"""Worker processes on this machine, of which each may die without harm to the others.

``concurrent.futures`` gives the whole pool up when a worker dies, and may wait for ever for one that was just starting
then. Here a dead worker costs the job it was at, and another takes its place.
"""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

DIED = "its worker process died (a crash in a decoder, or out of memory)"
_FALSE_STARTS = 3  # workers in a row that may die before they are ready
_PATIENCE_S = 10  # for a worker that was told to go
_UNITS_EVERY_S = 0.2
_READY, _UNITS, _DONE, _FAILED = "ready", "units", "done", "failed"


class UnitCounter:
    """Counts finished units in a worker and tells the parent now and then.

    A counter in shared memory would need a lock, which a worker that is killed while it holds it never gives back.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._units, self._told_at = pipe, 0, time.monotonic()

    def add(self, units: int) -> None:
        """Count ``units`` more."""
        self._units += units
        if time.monotonic() - self._told_at > _UNITS_EVERY_S:
            self.tell()

    def tell(self) -> None:
        """Send what has been counted since the last time."""
        if self._units:
            self._pipe.send((_UNITS, self._units))
        self._units, self._told_at = 0, time.monotonic()


class LocalPool:
    """Runs jobs in worker processes.

    Args:
        context: of the ``spawn`` kind: forked OpenCV and FFmpeg threads can deadlock.
        function: what is called with each job.
        describe: makes text of an exception, in the worker.
        initialize: called in each process before its first job, with a :class:`UnitCounter` and ``arguments``.
        arguments: picklable.
    """

    def __init__(
        self,
        context: BaseContext,
        function: Callable[[Any], Any],
        *,
        describe: Callable[[BaseException], str],
        initialize: Callable[..., None],
        arguments: tuple = (),
    ) -> None:
        self._context, self._work = context, (function, describe, initialize, arguments)
        self._team: list[_Worker] = []
        self._false_starts = 0

    def run(
        self,
        jobs: Sequence[Any],
        *,
        workers: int,
        is_wanted: Callable[[], bool],
        on_result: Callable[[int, Any], None],
        on_failure: Callable[[int, str], None],
        on_units: Callable[[int], None],
    ) -> None:
        """Do the jobs in order; report each by its index.

        Args:
            jobs: picklable.
            workers: processes.
            is_wanted: asked before each job is handed out; after False the running ones are waited for.
            on_result: called with the index and what the function returned.
            on_failure: called with the index and the reason.
            on_units: called with numbers of units that workers have counted.

        Raises:
            RuntimeError: if no worker process can be started.
        """
        waiting = deque(range(len(jobs)))
        listeners = {_DONE: on_result, _FAILED: on_failure, _UNITS: lambda _, units: on_units(units)}
        try:
            while True:
                if not is_wanted():
                    waiting.clear()
                self._hand_out(waiting, jobs, workers)
                if not any(worker.is_busy for worker in self._team) and not waiting:
                    return
                for worker in self._with_news():
                    self._hear(worker, listeners)
        finally:
            self._dismiss()

    def _hand_out(self, waiting: deque[int], jobs: Sequence[Any], workers: int) -> None:
        busy = sum(worker.is_busy for worker in self._team)
        while len(self._team) < min(workers, busy + len(waiting)):
            self._team.append(_Worker(self._context, self._work))
        for worker in self._team:
            if worker.is_ready and not worker.is_busy and waiting:
                worker.index = waiting.popleft()
                worker.send(jobs[worker.index])

    def _with_news(self) -> list[_Worker]:
        by_source = {worker.connection: worker for worker in self._team}
        by_source |= {worker.process.sentinel: worker for worker in self._team}
        return list(dict.fromkeys(by_source[source] for source in connection.wait(list(by_source))))

    def _hear(self, worker: _Worker, listeners: dict[str, Callable[[int, Any], None]]) -> None:
        message, index = worker.receive(), worker.index
        if message is None:
            self._bury(worker)
            if index is not None:
                listeners[_FAILED](index, DIED)
            return
        kind, value = message
        if kind == _READY:
            worker.is_ready, self._false_starts = True, 0
            return
        if kind != _UNITS:
            worker.index = None
        listeners[kind](index, value)

    def _bury(self, worker: _Worker) -> None:
        worker.end()
        self._team.remove(worker)
        if not worker.is_ready:
            self._false_starts += 1
        if self._false_starts == _FALSE_STARTS:
            raise RuntimeError(
                "no worker process could be started; call this from a script whose work stands under "
                "`if __name__ == '__main__':`, or use workers=0"
            )

    def _dismiss(self) -> None:
        for worker in self._team:
            worker.send(None)
        for worker in self._team:
            worker.end()


class _Worker:
    """One process and what it is at."""

    def __init__(self, context: BaseContext, work: tuple) -> None:
        self.connection, other_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(other_end, *work), daemon=True)
        self.process.start()
        other_end.close()
        self.is_ready = False
        self.index: int | None = None

    @property
    def is_busy(self) -> bool:
        return self.index is not None

    def send(self, job: Any) -> None:
        """Hand over a job in a tuple, or None for the end; a dead worker is noticed when it is heard."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(job if job is None else (job,))

    def receive(self) -> tuple[str, Any] | None:
        """The worker's message, None if it died."""
        try:
            return self.connection.recv() if self.connection.poll() else None
        except (EOFError, ConnectionResetError):
            return None

    def end(self) -> None:
        """Wait for the process, and kill it if it does not go."""
        self.process.join(_PATIENCE_S if self.is_ready and not self.is_busy else 0)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()


def _serve(
    pipe: Connection,
    function: Callable[[Any], Any],
    describe: Callable[[BaseException], str],
    initialize: Callable[..., None],
    arguments: tuple,
) -> None:
    counter = UnitCounter(pipe)
    initialize(counter, *arguments)
    pipe.send((_READY, None))
    while (message := pipe.recv()) is not None:
        outcome = _outcome(function, message[0], describe)
        counter.tell()
        pipe.send(outcome)


def _outcome(function: Callable[[Any], Any], job: Any, describe: Callable[[BaseException], str]) -> tuple[str, Any]:
    try:
        result = function(job)
        pickle.dumps(result)
    except Exception as error:
        return _FAILED, describe(error)
    return _DONE, result
