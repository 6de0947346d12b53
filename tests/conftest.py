"""Videos and frame folders whose pixels tell the number of the frame."""

import copy
import functools
import gc
import importlib.util
import itertools
import os
import signal
import socket
import sys
import time
import traceback
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import runner

import tsn_plugin  # noqa: F401  before mmaction, which 1.2.0 cannot be imported without

# how fast a machine is says nothing about the code, and a test that fails fails again
settings.register_profile("any machine", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_finish():
    """Let the garbage collector, which MMEngine calls for each data set, pass over all that was imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_default_scope(monkeypatch):
    """Every test starts without MMEngine's default scope, which a runner of an earlier test may have left behind."""
    monkeypatch.setattr(DefaultScope, "_instance_dict", OrderedDict())


def declare_torchvision_operators():
    """Let a torchvision that was built for another torch be imported: it misses two of its own operators."""
    if importlib.util.find_spec("torchvision") is None:
        return
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        OPERATORS.append(torch.library.Library("torchvision", "DEF"))
        for name in ("nms", "qnms"):
            OPERATORS[0].define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")


#: what was declared vanishes with the object that declared it
OPERATORS = []
sys.path.append(str(Path(sys.prefix) / "backbones"))  # see backbones.txt
declare_torchvision_operators()


def level_of(number):
    """Grey level of frame ``number``: far apart for neighbours, unique up to 60 frames."""
    return 8 + 4 * number % 240


def write_video(
    path,
    *,
    num_frames,
    size=(64, 48),
    fps=25,
    codec="mpeg4",
    gop=12,
    b_frames=0,
    pix_fmt="yuv420p",
    times=None,
    colorspace=None,
    options=None,
):
    """A video whose frame ``n`` is grey with level ``level_of(n)``, with a brighter right half.

    ``times`` are milliseconds, for a variable rate; ``colorspace`` is FFmpeg's number; ``options`` go to the encoder.
    """
    width, height = size
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=1000 if times else fps)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        context = stream.codec_context
        context.gop_size, context.max_b_frames, context.bit_rate = gop, b_frames, 2_000_000
        context.colorspace = context.colorspace if colorspace is None else colorspace
        context.options = options or {}
        for number in range(num_frames):
            image = np.full((height, width, 3), level_of(number), np.uint8)
            image[:, width // 2 :] += 4
            image[: height // 3, : width // 3, 0] = 200  # a red corner: shows colour and orientation
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return Path(path)


@pytest.fixture(scope="session")
def make_video():
    """Factory of tiny videos; see :func:`write_video`."""
    return write_video


@pytest.fixture(scope="session")
def frame_level():
    """The grey level of a frame by its number; see :func:`level_of`."""
    return level_of


@pytest.fixture(scope="session")
def read_config():
    """``Config.fromfile`` that parses each file once; what it gives may be changed."""
    known = {}

    def read(path):
        if str(path) not in known:
            known[str(path)] = Config.fromfile(path)
        return copy.deepcopy(known[str(path)])

    return read


SRUN = """#!/usr/bin/env bash
# starts its tasks here, and ends all when one fails, as --kill-on-bad-exit=1 does
printf '%s\\n' "$@" > "$(dirname "$0")/arguments.txt"
while [[ $1 == -* ]]; do
    [[ $1 != --ntasks=* ]] || tasks=${1#*=}
    shift
done
for ((task = 0; task < tasks; task++)); do
    SLURM_PROCID=$task SLURM_LOCALID=$task SLURM_NTASKS=$tasks SLURM_NODELIST='stub[1-2]' "$@" &
done
for ((task = 0; task < tasks; task++)); do
    wait -n || { status=$?; kill $(jobs -p) 2> /dev/null; break; }
done
wait
exit ${status:-0}
"""
SCONTROL = """#!/usr/bin/env bash
[[ "$*" == "show hostname stub[1-2]" ]] && printf '%s\\n' 127.0.0.1 other-machine
"""


def free_port():
    """A port that nobody has taken yet."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def unused_port():
    """Factory of ports that nobody has taken yet."""
    return free_port


@pytest.fixture
def slurm(tmp_path_factory, monkeypatch):
    """Puts an ``srun`` and a ``scontrol`` before others; their folder, where ``srun`` leaves its ``arguments.txt``."""
    folder = tmp_path_factory.mktemp("slurm")
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("MASTER_PORT", str(free_port()))
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    return folder


def shrunk_size(value):
    if isinstance(value, (tuple, list)):
        return tuple(shrunk_size(side) for side in value)
    return value * 2 // 7 if value > 0 else value


@pytest.fixture(scope="session")
def shrink_pipeline():
    """Function that makes the images of a config's pipeline smaller, in place: 224 pixels become 64."""

    def shrink(pipeline):
        for transform in pipeline:
            for key in {"scale", "crop_size", "input_size", "size"} & set(transform):
                transform[key] = shrunk_size(transform[key])

    return shrink


@pytest.fixture(scope="session")
def make_frame_folder():
    """Factory of folders with ``img_``, ``flow_x_`` and ``flow_y_`` pictures numbered from 1."""

    def make(folder, *, num_frames, size=(64, 48), templates=("img_{:05d}.jpg", "flow_{}_{:05d}.jpg")):
        folder = Path(folder)
        folder.mkdir(parents=True)
        width, height = size
        for number in range(1, num_frames + 1):
            level = level_of(number)
            image = np.full((height, width, 3), (level, level // 2, 255 - level), np.uint8)
            cv2.imwrite(str(folder / templates[0].format(number)), image)
            for axis, value in (("x", level), ("y", 255 - level)):
                cv2.imwrite(str(folder / templates[1].format(axis, number)), np.full((height, width), value, np.uint8))
        return folder

    return make


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
