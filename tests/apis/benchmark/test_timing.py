import io
import json
import time

import pytest
from rich.console import Console

from tsn_plugin.apis.benchmark.timing import STOCK, Timing, median_ratios, time_in_turns, timing_table, write_timings


def test_ways_take_turns_and_the_first_round_does_not_count(monkeypatch):
    calls, clock = [], iter(range(1000))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    seconds = time_in_turns({"a": lambda n: calls.append(("a", n)), "b": lambda n: calls.append(("b", n))}, rounds=2)
    # backwards in every second round, the uncounted round 0 included
    assert calls == [("b", 0), ("a", 0), ("a", 1), ("b", 1), ("b", 2), ("a", 2)]
    assert seconds == {"a": 1, "b": 1}  # each call lies between two ticks


def test_the_median_is_taken(monkeypatch):
    ticks = iter([0, 90, 100, 101, 200, 207, 300, 302])  # 90 (does not count), 1, 7, 2
    monkeypatch.setattr(time, "perf_counter", lambda: next(ticks))
    assert time_in_turns({"a": lambda _: None}, rounds=3) == {"a": 2}


def test_rounds_must_be_positive():
    with pytest.raises(ValueError, match="rounds=0 must be positive"):
        time_in_turns({}, rounds=0)


TIMINGS = [
    Timing("one.mp4", {STOCK: 0.010, "ours": 0.005}, {"ours": {"class": "3"}}),
    Timing("two.mp4", {STOCK: 0.012, "ours": 0.003}),
    Timing("alone", {"ours": 0.5}),
]


def test_ratios_are_against_mmaction2():
    assert [timing.ratio("ours") for timing in TIMINGS] == [2, 4, None]
    assert median_ratios(TIMINGS) == {"ours": 3}


def test_the_table_holds_times_ratios_and_facts():
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(timing_table(TIMINGS))
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in console.export_text().splitlines()]
    assert ["one.mp4", STOCK, "10.00", "1.00", ""] in rows
    assert ["", "ours", "5.00", "2.00", "3"] in rows
    assert ["alone", "ours", "500.00", "", ""] in rows
    assert ["median", "ours", "", "3.00", ""] in rows


def test_the_baseline_is_named_in_the_table():
    timing = Timing("a", {"slow": 1.0, "quick": 0.25}, baseline="slow")
    table = timing_table([timing])
    assert [column.header for column in table.columns][3] == "times slow"
    assert timing.ratio("quick") == 4


def test_numbers_are_written_as_json(tmp_path):
    write_timings(tmp_path / "new" / "times.json", TIMINGS)
    written = json.loads((tmp_path / "new" / "times.json").read_text())
    assert written[0] == {
        "name": "one.mp4",
        "seconds": {STOCK: 0.01, "ours": 0.005},
        "facts": {"ours": {"class": "3"}},
        "baseline": STOCK,
    }
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["times.json"]
