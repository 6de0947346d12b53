import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from distributed import Client
from distributed.comm import CommClosedError

from tsn_plugin.preparation.executors import run_jobs
from tsn_plugin.preparation.extraction import plan_extraction, run_extraction
from tsn_plugin.preparation.extraction_options import ExtractionOptions

# jobs are expressions: the workers cannot import the functions of a test module
PID = "__import__('os').getpid()"


def start(*arguments, log):
    return subprocess.Popen([sys.executable, "-m", "distributed.cli." + arguments[0], *arguments[1:]], stderr=log)


def wait_for(condition, seconds=600):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(condition)
        time.sleep(0.05)
    return found


class Cluster:
    """A scheduler and two workers of one thread each, as processes of their own."""

    def __init__(self, folder):
        self.log = open(folder / "log.txt", "w")  # noqa: SIM115
        self.scheduler_file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.scheduler_file)]
        self.processes = [start("dask_scheduler", *options, log=self.log)]
        self.address = wait_for(self._address)
        for _ in range(2):
            self.add_worker(folder)
        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=900)

    def _address(self):
        try:
            return json.loads(self.scheduler_file.read_text())["address"]
        except (OSError, ValueError):
            return None

    def add_worker(self, folder):
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder)]
        self.processes.append(start("dask_worker", self.address, *options, log=self.log))

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.close()


@pytest.fixture
def lost_cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


def run(jobs, cluster):
    return run_jobs(eval, jobs, workers=None, description="test", unit="frames", dask=cluster.address)


def test_results_and_failures_keep_the_order_of_the_jobs(cluster, capfd):
    units = "[__import__('tsn_plugin.preparation.channel').preparation.channel.check_in() for _ in range(7)]"
    report = run(["1 + 1", "{}['absent']", units, PID], cluster)
    assert [job for job, _ in report.results] == ["1 + 1", units, PID]
    assert report.results[0][1] == 2
    assert report.results[2][1] in {process.pid for process in cluster.processes[1:]}
    assert report.failures == [("{}['absent']", "KeyError: 'absent'")]
    assert "7 frames" in capfd.readouterr().err


def test_videos_are_extracted_as_here(cluster, tmp_path, write_video, monkeypatch):
    for number in range(3):
        write_video(tmp_path / "videos" / f"{number}.avi", 4 + number)
    (tmp_path / "videos" / "bad.avi").write_text("no video")
    monkeypatch.chdir(tmp_path)  # the workers stand elsewhere
    for out, dask in (("there", cluster.address), ("here", None)):
        jobs = plan_extraction("videos", out, ExtractionOptions(method="dis", pack=True))
        report = run_extraction(jobs, out, workers=0, dask=dask)
        assert [pairs for _, pairs in report.results] == [3, 4, 5]
        assert [job.video.name for job, _ in report.failures] == ["bad.avi"]
    for number in range(3):
        there, here = (tmp_path / out / f"{number}.zip" for out in ("there", "here"))
        assert there.read_bytes() == here.read_bytes()


def test_a_worker_that_is_killed_in_the_middle_costs_nothing(cluster, tmp_path):
    """One job notes its worker and waits until that is dead; the others go on, and it is done again."""
    note = tmp_path / "pid"
    wait = (
        f"(lambda path: (path.write_text(str({PID})), [__import__('time').sleep(0.05) for _ in iter(path.exists, 0)]) "
        f"if not path.with_name('again').exists() and not path.with_name('again').touch() else {PID})"
        f"(__import__('pathlib').Path({str(note)!r}))"
    )
    script = tmp_path / "run.py"
    script.write_text(
        "import json, sys\nfrom tsn_plugin.preparation.executors import run_jobs\n"
        "report = run_jobs(eval, json.loads(sys.argv[2]), workers=None, description='', dask=sys.argv[1])\n"
        "print(json.dumps([report.results, report.failures]))\n"
    )
    jobs = [wait, *map(str, range(40))]
    process = subprocess.Popen(
        [sys.executable, str(script), cluster.address, json.dumps(jobs)], stdout=subprocess.PIPE, text=True
    )
    victim = int(wait_for(lambda: note.exists() and note.read_text()))
    os.kill(victim, signal.SIGKILL)
    results, failures = json.loads(process.communicate(timeout=900)[0])
    assert failures == []
    assert [job for job, _ in results] == jobs
    assert [value for _, value in results[1:]] == list(range(40))
    survivors = {process.pid for process in cluster.processes[1:]} - {victim}
    assert results[0][1] in survivors
    cluster.add_worker(tmp_path)


def test_ctrl_c_lets_running_jobs_clean_up_and_keeps_the_cluster(cluster, tmp_path):
    endless = (
        "__import__('pathlib').Path({0!r}).touch() or [__import__('tsn_plugin.preparation.channel')"
        ".preparation.channel.check_in() or __import__('time').sleep(0.01) for _ in iter(int, 1)]"
    )
    notes = [tmp_path / f"note{number}" for number in range(20)]
    script = tmp_path / "run.py"
    script.write_text(
        "import json, sys\nfrom tsn_plugin.preparation.executors import run_jobs\n"
        "run_jobs(eval, json.loads(sys.argv[2]), workers=None, description='', dask=sys.argv[1])\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script), cluster.address, json.dumps([endless.format(str(note)) for note in notes])],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    wait_for(lambda: any(note.exists() for note in notes))
    process.send_signal(signal.SIGINT)
    errors = process.communicate(timeout=900)[1]
    assert "KeyboardInterrupt" in errors
    assert sum(note.exists() for note in notes) <= 2
    assert run(["1 + 1"], cluster).results == [("1 + 1", 2)]


def test_a_lost_scheduler_is_told(lost_cluster, tmp_path):
    kill = f"__import__('os').kill({lost_cluster.processes[0].pid}, 9) or __import__('time').sleep(1)"
    with pytest.raises(ConnectionError, match="was lost; what is finished is kept, and the same command goes on"):
        run([kill, "1"], lost_cluster)


def test_a_scheduler_that_is_lost_while_a_result_is_fetched_is_told(cluster, monkeypatch):
    from tsn_plugin.preparation import dask_pool

    def fetch(*_):
        raise CommClosedError("in the middle of a request")

    monkeypatch.setattr(dask_pool.DaskPool, "_report", fetch)
    with pytest.raises(ConnectionError, match="was lost; what is finished is kept"):
        run(["1"], cluster)


def test_no_scheduler_no_worker_and_no_dask_are_told(tmp_path, monkeypatch):
    from tsn_plugin.preparation import dask_pool

    monkeypatch.setattr(dask_pool, "_CONNECT_S", 0.5)
    with pytest.raises(ConnectionError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'.*leave --dask out"):
        run_jobs(eval, ["1"], workers=None, description="", dask="tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RuntimeError, match=re.escape("needs Dask: pip install 'tsn_plugin[dask]'")):
        run_jobs(eval, ["1"], workers=None, description="", dask="tcp://127.0.0.1:9")


def test_workers_of_another_version_are_named(cluster, monkeypatch):
    from tsn_plugin.preparation import dask_pool

    monkeypatch.setattr(dask_pool, "__version__", "99.0")
    with pytest.raises(RuntimeError, match=r"these Dask workers lack tsn_plugin 99\.0: tcp://127\.0\.0\.1:\d+ has 0"):
        run(["1"], cluster)
