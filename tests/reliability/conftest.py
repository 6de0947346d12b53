"""A small training, and ways to run and kill one."""

import functools
import itertools
import os
import signal
import sys
import time
import traceback
from pathlib import Path

import pytest
from mmengine.registry import DefaultScope
from mmengine.runner import runner

import tsn_plugin.apis.testing
import tsn_plugin.datasets
import tsn_plugin.engine
import tsn_plugin.models
import tsn_plugin.transforms
import tsn_plugin.visualization  # noqa: F401  what is here need not be imported in each process
from tsn_plugin.__main__ import main as tsn

CONFIG = str(Path(__file__).with_name("small_config.py"))
VIDEOS = 7


class Child:
    """A process forked from this one, which has imported everything, with its output in a file."""

    def __init__(self, function, log):
        self.log = log
        self.pid = os.fork()
        if self.pid == 0:
            self._run(function)
        os.setpgid(self.pid, self.pid)  # here and there, whoever comes first: its processes are killed with it

    def _run(self, function):
        status = 1
        try:
            os.setpgid(0, 0)
            runner.collect_env = dict  # which compiler there is takes seconds to find out
            with Path(self.log).open("w", buffering=1) as sys.stdout:
                sys.stderr = sys.stdout
                function()
                status = 0
        except BaseException:
            with Path(self.log).open("a") as file:
                traceback.print_exc(file=file)
        finally:
            os._exit(status)

    def end(self, *, kill_after=None):
        """Status of the process: 0, 1, or minus the signal that ended it, as after so many seconds."""
        if kill_after is not None:
            time.sleep(kill_after)
            os.killpg(self.pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end_within(self, seconds):
        """Status of the process, or None if it must be killed then, since it goes on."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None

    def output(self):
        return Path(self.log).read_text(errors="replace")


@pytest.fixture(scope="session")
def mutated():
    """Change bytes: ``mutated(data, random generator)``."""
    return changed_bytes


def changed_bytes(data, rng):
    """Bytes that are cut off, flipped, zeroed, lost, doubled, or a head that lies."""
    data = bytearray(data)
    kind, place, length = rng.integers(6), rng.integers(len(data)), rng.integers(1, 200)
    if kind == 0:
        del data[place:]
    elif kind == 1:
        for flipped in rng.integers(len(data), size=rng.integers(1, 10)):
            data[flipped] ^= 1 << rng.integers(8)
    elif kind == 2:
        data[place : place + length] = bytes(len(data[place : place + length]))
    elif kind == 3:
        del data[place : place + length]
    elif kind == 4:
        data[place:place] = data[place : place + length]
    else:
        place %= 400
        data[place : place + 8] = rng.bytes(8)
    return bytes(data)


@pytest.fixture(scope="session")
def child(tmp_path_factory):
    """Start a function in a process of its own."""
    folder, numbers = tmp_path_factory.mktemp("logs"), itertools.count()
    return lambda function: Child(function, folder / f"{next(numbers)}.log")


@pytest.fixture(scope="session")
def ranks(child, unused_port, tmp_path_factory):
    """Start a function in several processes as ``--launcher pytorch`` wants it, but nobody ends them with each other.

    ``ranks(3, function)`` calls ``function(rank)`` in each.
    """

    folder = tmp_path_factory.mktemp("ranks")

    def start(count, function):
        environment = dict(WORLD_SIZE=str(count), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(unused_port()))

        def one(rank):
            os.chdir(folder)  # MMEngine's processes exchange their results in files there
            os.environ.update(environment, RANK=str(rank), LOCAL_RANK=str(rank))
            function(rank)

        return [child(functools.partial(one, rank)) for rank in range(count)]

    return start


@pytest.fixture(scope="session")
def data_root(tmp_path_factory, make_video):
    """Seven videos and their list."""
    root = tmp_path_factory.mktemp("data")
    (root / "videos").mkdir()
    for number in range(VIDEOS):
        make_video(root / "videos" / f"clip_{number}.mp4", num_frames=6 + number, size=(48, 40))
    (root / "list.txt").write_text("".join(f"clip_{number}.mp4 {number % 2}\n" for number in range(VIDEOS)))
    return root


@pytest.fixture(scope="session")
def run(data_root):
    """Run a tool on the small config: ``run("train", work_dir, "--resume")``."""

    def tool(name, work_dir, *options):
        DefaultScope._instance_dict.clear()
        positional = [CONFIG, str(options[0])] if name == "test" else [CONFIG]
        options = options[1:] if name == "test" else options
        tsn([name, *positional, "--data-root", str(data_root), "--work-dir", str(work_dir), *map(str, options)])

    return tool


@pytest.fixture(scope="session")
def trained(child, run, tmp_path_factory):
    """Folder of a training that was not interrupted, and how long it took."""
    work_dir = tmp_path_factory.mktemp("trained")
    start = time.monotonic()
    process = child(lambda: run("train", work_dir, "--seed", 0))
    assert process.end() == 0, process.output()
    return work_dir, time.monotonic() - start
