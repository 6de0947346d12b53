import json
import math
import signal
import subprocess
import sys

import pytest

from tsn_plugin.preparation.executors import check_in, run_jobs

CRASH = "__import__('os')._exit(3)"


@pytest.mark.parametrize("workers", [0, 2])
def test_results_and_failures_keep_the_order_of_the_jobs(workers):
    report = run_jobs(math.sqrt, [9, -1, 4, 0], workers=workers, description="test")
    assert report.results == [(9, 3.0), (4, 2.0), (0, 0.0)]
    ((job, reason),) = report.failures
    assert job == -1
    assert reason.startswith("ValueError: ")


def test_a_crashing_job_costs_only_itself():
    report = run_jobs(eval, ["1 + 1", CRASH, "2 + 2", "3 + 3"], workers=2, description="test")
    assert [result for _, result in report.results] == [2, 4, 6]
    assert report.failures == [(CRASH, "its worker process died (a crash in a decoder, or out of memory)")]


def test_no_jobs_are_no_error():
    assert run_jobs(math.sqrt, [], workers=2, description="test").results == []


def test_a_negative_number_of_workers_is_refused():
    with pytest.raises(ValueError, match="workers=-1 must be 0"):
        run_jobs(math.sqrt, [1], workers=-1, description="test")


def test_check_in_outside_a_run_does_nothing():
    check_in(3)


SCRIPT = """
import json, sys
from tsn_plugin.preparation.executors import JobCancelled, check_in, run_jobs

def endless(path):
    print("started", flush=True)
    try:
        while True:
            check_in()
    except JobCancelled:
        open(path, "w").write("cleaned up")
        raise

if __name__ == "__main__":
    run_jobs(endless, json.loads(sys.argv[1]), workers=2, description="test")
"""


def test_ctrl_c_twice_lets_running_jobs_clean_up_and_starts_no_other(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    notes = [tmp_path / f"note{number}" for number in range(3)]
    arguments = json.dumps([str(note) for note in notes])
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py"), arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert [process.stdout.readline() for _ in range(2)] == ["started\n", "started\n"]
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=900)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert [note.exists() for note in notes] == [True, True, False]


def test_a_script_without_main_guard_is_told_so(tmp_path):
    call = "import math\nfrom tsn_plugin.preparation.executors import run_jobs\n"
    (tmp_path / "script.py").write_text(call + "run_jobs(math.sqrt, [1], workers=1, description='test')\n")
    run = subprocess.run([sys.executable, str(tmp_path / "script.py")], capture_output=True, text=True, timeout=900)
    assert "no worker process could be started" in run.stderr


@pytest.mark.parametrize("workers", [0, 1])
def test_a_full_disk_ends_the_run(workers):
    full = "[][:] if False else (_ for _ in ()).throw(OSError(28, 'No space left on device'))"
    report = run_jobs(eval, ["1 + 1", full, "2 + 2"], workers=workers, description="test")
    assert report.results == [("1 + 1", 2)]
    assert report.failures == [(full, "OSError: [Errno 28] No space left on device")]
    assert report.ended_by == "OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize("workers", [0, 2])
def test_results_are_told_as_they_come(workers):
    told = []
    run_jobs(math.sqrt, [9, -1, 4], workers=workers, description="test", on_result=lambda *pair: told.append(pair))
    assert sorted(told) == [(4, 2.0), (9, 3.0)]
