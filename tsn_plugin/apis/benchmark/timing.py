"""Taking times in turns, so that what else the machine does falls on both sides."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.progress import track
from rich.table import Table

STOCK = "MMAction2"


@dataclass(frozen=True)
class Timing:
    """Median times of the same work done in several ways.

    Attributes:
        name: what was done, and on what.
        seconds: median by way.
        facts: what else was found, by way and then by name.
        baseline: the way that the others are compared with.
    """

    name: str
    seconds: Mapping[str, float]
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    baseline: str = STOCK

    def ratio(self, way: str) -> float | None:
        """How many times faster than the baseline this way is; None where that was not measured."""
        return self.seconds[self.baseline] / self.seconds[way] if self.baseline in self.seconds else None


def time_in_turns(ways: Mapping[str, Callable[[int], object]], *, rounds: int, text: str = "") -> dict[str, float]:
    """Median seconds of each way over ``rounds`` rounds, after one that does not count.

    Every round calls each way once with the number of the round, to be used as a seed; every second round goes
    through them backwards.

    Raises:
        ValueError: if ``rounds`` is not positive.
    """
    if rounds < 1:
        raise ValueError(f"rounds={rounds} must be positive")
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in track(range(rounds + 1), description=text, transient=True):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            start = time.perf_counter()
            ways[name](number)
            taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def timing_table(timings: Sequence[Timing], *, title: str = "") -> Table:
    """Table of milliseconds, and of how many times faster than the baseline each way is; medians below."""
    facts = list(dict.fromkeys(name for timing in timings for found in timing.facts.values() for name in found))
    table = Table("input", "way", "median ms", f"times {timings[0].baseline}", *facts, title=title)
    for timing in timings:
        for number, (way, seconds) in enumerate(timing.seconds.items()):
            found = timing.facts.get(way, {})
            cells = (f"{1e3 * seconds:.2f}", _rounded(timing.ratio(way)), *(found.get(name, "") for name in facts))
            table.add_row(timing.name if number == 0 else "", way, *cells)
        table.add_section()
    for way, ratio in median_ratios(timings).items() if len(timings) > 1 else ():
        table.add_row("median", way, "", f"{ratio:.2f}")
    return table


def median_ratios(timings: Sequence[Timing]) -> dict[str, float]:
    """How many times faster than the baseline each way is, the median over the inputs."""
    ratios: dict[str, list[float]] = {}
    for timing in timings:
        for way in timing.seconds:
            if way != timing.baseline and timing.baseline in timing.seconds:
                ratios.setdefault(way, []).append(timing.ratio(way))
    return {way: statistics.median(values) for way, values in ratios.items()}


def write_timings(path: str | Path, timings: Sequence[Timing]) -> None:
    """Write the timings as JSON; the file is complete or absent."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    partial.write_text(json.dumps([asdict(timing) for timing in timings], indent=2))
    os.replace(partial, path)


def _rounded(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
