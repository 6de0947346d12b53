"""Jobs on an existing Dask cluster, for the machines that it spans.

Its workers need this package, and the files under the same names: a shared file system.
"""

from __future__ import annotations

import importlib
import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import cv2

from tsn_plugin import __version__
from tsn_plugin.preparation.channel import Channel, Units, check_in, joined

_CONNECT_S = 10
_POLL_S = 0.2  # between two looks at Ctrl-C
_STOP_EVERY_S = 1.0  # between two questions of a worker whether to stop
_JOBS_PER_THREAD = 3  # handed out at a time: enough to keep workers busy, few enough for a million jobs


class DaskPool:
    """Runs jobs on the workers of a cluster.

    Args:
        address: of the scheduler, such as ``tcp://host:8786``.
        function: what is called with each job.
        describe: makes text of an exception.

    Raises:
        RuntimeError: if Dask is not installed, no worker is there, or one lacks this package in this version.
        ConnectionError: if no scheduler answers.
    """

    def __init__(
        self, address: str, function: Callable[[Any], Any], *, describe: Callable[[BaseException], str]
    ) -> None:
        self._client = _connected(address)
        self._address, self._function, self._describe = address, function, describe
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._stop_name = f"tsn_plugin-stop-{uuid.uuid4().hex}"
        try:
            _require_package(self._client, address)
        except RuntimeError:
            self._client.close()
            raise

    def run(
        self,
        jobs: Sequence[Any],
        *,
        is_wanted: Callable[[], bool],
        on_result: Callable[[int, Any], None],
        on_failure: Callable[[int, str], None],
        on_units: Callable[[int], None],
    ) -> None:
        """Do the jobs; report each by its index.

        A job whose worker dies is done again by another one; after some such deaths (Dask's ``allowed-failures``) it
        counts as failed.

        Args:
            jobs: picklable.
            is_wanted: asked now and then; after False no job is handed out, and the running ones are told to stop.
            on_result: called with the index and what the function returned.
            on_failure: called with the index and the reason.
            on_units: called with the numbers of units of finished jobs.

        Raises:
            ConnectionError: if the scheduler is lost.
        """
        from distributed import CancelledError, Event
        from distributed.comm import CommClosedError

        waiting = deque(range(len(jobs)))
        running: dict[Any, int] = {}
        try:
            while waiting or running:
                if waiting and not is_wanted():
                    waiting.clear()
                if not is_wanted():
                    Event(self._stop_name, client=self._client).set()  # heard by running jobs, and by those in a queue
                self._hand_out(waiting, running, jobs)
                for future in self._finished():
                    self._report(running.pop(future), future, on_result, on_failure, on_units)
        except (CommClosedError, CancelledError) as error:  # in the middle of a request: nothing has told of it yet
            raise ConnectionError(self._lost()) from error
        finally:
            self._client.close()

    def _hand_out(self, waiting: deque[int], running: dict[Any, int], jobs: Sequence[Any]) -> None:
        room = _JOBS_PER_THREAD * max(1, sum(self._client.nthreads().values())) - len(running) if waiting else 0
        for _ in range(min(room, len(waiting))):
            index = waiting.popleft()
            arguments = (self._function, jobs[index], self._describe, self._stop_name)
            future = self._client.submit(_do, *arguments, pure=False)
            running[future] = index
            future.add_done_callback(self._ended.put)

    def _finished(self) -> list[Any]:
        """Jobs that have ended, after a short wait."""
        if self._client.status != "running":
            raise ConnectionError(self._lost())
        try:
            ended = [self._ended.get(timeout=_POLL_S)]
        except queue.Empty:
            return []
        return ended + [self._ended.get() for _ in range(self._ended.qsize())]

    def _report(
        self,
        index: int,
        future: Any,
        on_result: Callable[[int, Any], None],
        on_failure: Callable[[int, str], None],
        on_units: Callable[[int], None],
    ) -> None:
        if future.status in ("cancelled", "lost"):
            raise ConnectionError(self._lost())
        if future.status == "error":  # not the job's: those are told in words
            on_failure(index, self._describe(future.exception()))
            return
        is_done, value, units = future.result()
        on_units(units)
        (on_result if is_done else on_failure)(index, value)

    def _lost(self) -> str:
        return (
            f"the Dask scheduler at {self._address} was lost; what is finished is kept, and the same command goes on "
            "from there when the cluster is back"
        )


class _Stop:
    """The wish to stop, as jobs on a worker see it: asked for once a second."""

    def __init__(self, name: str) -> None:
        from distributed import Event

        self._event, self._asked_at, self._value = Event(name), 0.0, False

    @property
    def value(self) -> bool:
        if time.monotonic() - self._asked_at > _STOP_EVERY_S:
            self._value, self._asked_at = self._event.is_set(), time.monotonic()
        return self._value


def _do(
    function: Callable[[Any], Any], job: Any, describe: Callable[[BaseException], str], stop_name: str
) -> tuple[bool, Any, int]:
    """On a worker: whether the job was done, its result or the reason, and its units."""
    cv2.setNumThreads(1)  # the cluster has a thread per core already
    units = Units()
    with joined(Channel(units, _Stop(stop_name))):
        try:
            check_in(0)
            return True, function(job), units.total
        except Exception as error:
            return False, describe(error), units.total


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise RuntimeError(f"dask={address!r} needs Dask: pip install 'tsn_plugin[dask]'") from error
    try:
        return Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConnectionError(
            f"no Dask scheduler answers at {address!r} ({error}); start one with `dask scheduler`, or leave --dask out"
        ) from error


def _require_package(client: Any, address: str) -> None:
    versions = client.run(_package_version)
    if not versions:
        raise RuntimeError(f"the Dask scheduler at {address} has no worker; start some: dask worker {address}")
    wrong = {worker: version for worker, version in versions.items() if version != __version__}
    if wrong:
        told = ", ".join(f"{worker} has {version or 'none'}" for worker, version in wrong.items())
        raise RuntimeError(f"these Dask workers lack tsn_plugin {__version__}: {told}; install it there")


def _package_version() -> str | None:
    try:
        return importlib.import_module("tsn_plugin").__version__
    except ImportError:
        return None
