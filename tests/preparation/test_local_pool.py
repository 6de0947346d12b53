import multiprocessing

import pytest

from tsn_plugin.preparation.executors import run_jobs
from tsn_plugin.preparation.local_pool import DIED, LocalPool

SPAWN = multiprocessing.get_context("spawn")


# jobs are expressions: a spawned process cannot import the functions of a test module
DIE = "__import__('os').kill(__import__('os').getpid(), 9)"
FAIL = "{}['absent']"


def run(jobs, *, workers=2, initialize=isinstance, is_wanted=lambda: True):
    results, failures, units = {}, {}, []
    # any function of two arguments serves to initialize: it is given the counter first
    pool = LocalPool(SPAWN, eval, describe=repr, initialize=initialize, arguments=(object,))
    pool.run(
        jobs,
        workers=workers,
        is_wanted=is_wanted,
        on_result=results.__setitem__,
        on_failure=failures.__setitem__,
        on_units=units.append,
    )
    return results, failures


def test_dead_workers_cost_their_jobs_alone():
    jobs = [DIE if number % 3 == 0 else str(number) for number in range(15)]
    results, failures = run(jobs, workers=3)
    assert results == {number: number for number in range(15) if number % 3}
    assert failures == dict.fromkeys(range(0, 15, 3), DIED)


def test_failures_and_results_that_cannot_travel_are_told():
    results, failures = run([FAIL, "lambda: 1", "len", "7"], workers=1)
    assert results == {2: len, 3: 7}
    assert failures[0] == "KeyError('absent')"
    assert "pickle" in failures[1]


def test_no_more_jobs_are_handed_out_than_wanted():
    answers = iter([True, True])  # asked before each round; the first is spent on starting the worker
    results, _ = run(list("123"), workers=1, is_wanted=lambda: next(answers, False))
    assert results == {0: 1}


def test_workers_that_never_get_ready_end_the_run():
    with pytest.raises(RuntimeError, match="no worker process could be started"):
        run(list("123"), initialize=len)  # which fails, given two arguments


def test_all_units_are_counted(capfd):
    counting = "[__import__('tsn_plugin.preparation.executors').preparation.executors.check_in() for _ in range({})]"
    report = run_jobs(
        eval, [counting.format(units) for units in (100, 20, 3)], workers=2, description="", unit="frames"
    )
    assert [len(result) for _, result in report.results] == [100, 20, 3]
    assert "123 frames" in capfd.readouterr().err
