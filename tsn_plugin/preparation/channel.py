"""What a job sees of the run that it is part of: where finished units are counted, and whether to stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


class JobCancelled(Exception):
    """Raised inside a job after Ctrl-C, so that the job can remove what it has half written."""


class Counter(Protocol):
    """Counts finished units."""

    def add(self, units: int) -> None:
        """Count ``units`` more."""


class Stop(Protocol):
    """The wish to stop."""

    value: bool


class Units:
    """The number of finished units."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, units: int) -> None:
        """Count ``units`` more."""
        self.total += units


@dataclass(frozen=True)
class Channel:
    """The way between a job and its run."""

    units: Counter
    stop: Stop


_channel: ContextVar[Channel | None] = ContextVar("channel", default=None)


def join(channel: Channel) -> None:
    """Let jobs in this thread use ``channel`` from now on."""
    _channel.set(channel)


@contextmanager
def joined(channel: Channel) -> Iterator[None]:
    """Let jobs in this thread use ``channel`` for the time of the block."""
    token = _channel.set(channel)
    try:
        yield
    finally:
        _channel.reset(token)


def check_in(units: int = 1) -> None:
    """Count ``units`` finished pieces of a job for the progress display; does nothing outside a run.

    A job calls it often (once per frame): it is also where a cancelled job stops.

    Raises:
        JobCancelled: after Ctrl-C in the parent process.
    """
    channel = _channel.get()
    if channel is None:
        return
    channel.units.add(units)
    if channel.stop.value:
        raise JobCancelled
