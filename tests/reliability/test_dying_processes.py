"""One of several processes dies: the job ends within a minute, and its reason can be found."""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from mmengine.runner import loops

from tsn_plugin.apis import failures
from tsn_plugin.evaluation.journal import read_journal

ROOT = Path(__file__).parents[2]
CONFIG = str(Path(__file__).with_name("small_config.py"))
WITHIN = 60  # seconds, a few of which pass on an idle machine
REASON = "the features of clip_4 do not fit"


def die(how):
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "stopped":
        os.kill(os.getpid(), signal.SIGSTOP)
    if how == "exits":
        os._exit(3)
    raise RuntimeError(REASON)


def dying(run_iter, how):
    """``run_iter`` that ends the process behind its first iteration."""

    def run_and_die(*args):
        run_iter(*args)
        die(how)

    return run_and_die


@pytest.fixture
def last_of_three_dies(ranks, run, trained, tmp_path):
    """Train or test in processes, the last one of which dies after an iteration."""

    def start(tool, how, *options, count=3):
        positional = [trained[0] / "epoch_6.pth"] if tool == "test" else []

        def one(rank):
            failures.GRACE_SECONDS = 0.5  # there is no launcher to wait for
            os.environ["TORCHELASTIC_ERROR_FILE"] = str(tmp_path / f"{rank}.json")
            if rank == count - 1:
                for loop in (loops.EpochBasedTrainLoop, loops.TestLoop):
                    loop.run_iter = dying(loop.run_iter, how)
            run(tool, tmp_path / "work", *positional, "--launcher", "pytorch", *options)

        return ranks(count, one)

    return start


@pytest.mark.parametrize(
    ("tool", "how", "status"), [("train", "killed", -9), ("train", "raises", 1), ("test", "exits", 3)]
)
def test_the_others_end_too_and_say_why(last_of_three_dies, tmp_path, tool, how, status):
    *others, last = last_of_three_dies(tool, how)
    assert last.end() == status  # how long it takes to get there says nothing
    for process in others:
        assert process.end_within(WITHIN) == 1
        assert "another process is gone; its own message tells why" in process.output()
    # what torchrun shows is the reason, never that a connection broke
    assert sorted(path.name for path in tmp_path.glob("*.json")) == (["2.json"] if how == "raises" else [])
    if how == "raises":
        assert REASON in last.output()
        assert "run_and_die" in json.loads((tmp_path / "2.json").read_text())["message"]["extraInfo"]["py_callstack"]


def test_torchrun_ends_the_job_and_shows_the_video(trained, data_root, tmp_path):
    root = shutil.copytree(data_root, tmp_path / "a b")
    (root / "videos" / "clip_5.mp4").write_bytes(b"no video")
    arguments = [CONFIG, str(trained[0] / "epoch_6.pth"), "2", "--data-root", str(root), "--out", "scores.npz"]
    environment = dict(os.environ, OMP_NUM_THREADS="1", PYTHON=sys.executable)
    command = [str(ROOT / "tools" / "dist_test.sh"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment, cwd=tmp_path)
    ended = datetime.now()
    assert result.returncode == 1
    _, cause = result.stderr.split("Root Cause (first observed failure):")
    assert "rank      : 1 (local_rank: 1)" in cause
    assert "videos/clip_5.mp4 cannot be read as a video" in " ".join(cause.split())
    failed = datetime.strptime(cause.split("time      : ")[1].split()[0], "%Y-%m-%d_%H:%M:%S")
    assert (ended - failed).total_seconds() < WITHIN
    # what it tested before is kept
    kept = {Path(sample["video_name"]).stem for sample in read_journal(tmp_path / "scores.npz.parts")}
    assert {"clip_1", "clip_3"} <= kept


def test_a_process_that_hangs_is_not_waited_for_beyond_the_timeout(last_of_three_dies):
    other, last = last_of_three_dies("train", "stopped", "--cfg-options", "env_cfg.dist_cfg.timeout=10", count=2)
    try:
        assert other.end_within(600) == 1  # half an hour without the setting
        assert "Timed out waiting 10000ms" in other.output()
    finally:
        assert last.end(kill_after=0) == -signal.SIGKILL


def test_only_a_broken_connection_counts_as_one():
    broken = RuntimeError("[gloo/transport/tcp/pair.cc:553] Connection closed by peer [127.0.0.1]:38633.")
    assert failures.lost_another_process(broken)
    assert not failures.lost_another_process(RuntimeError(REASON))
    assert not failures.lost_another_process(ConnectionResetError("Connection reset by peer"))  # of a file server


def test_a_process_alone_is_left_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    for name in ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(RuntimeError, match=REASON):
        failures.report_failure(die)("raises")
    assert not (tmp_path / "error.json").exists()
