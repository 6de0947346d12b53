"""A small training, and ways to run and kill one."""

import time
from pathlib import Path

import pytest
from mmengine.registry import DefaultScope

import tsn_plugin.apis.testing
import tsn_plugin.datasets
import tsn_plugin.engine
import tsn_plugin.models
import tsn_plugin.transforms
import tsn_plugin.visualization  # noqa: F401  what is here need not be imported in each process
from tsn_plugin.__main__ import main as tsn

CONFIG = str(Path(__file__).with_name("small_config.py"))
VIDEOS = 7


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
