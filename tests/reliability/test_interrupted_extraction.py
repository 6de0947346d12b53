"""An extraction that is killed, interrupted, or out of room goes on where it stopped; nothing half-written is seen."""

import os
import random
import resource
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from tsn_plugin.__main__ import main as tsn
from tsn_plugin.preparation import extraction
from tsn_plugin.preparation.extraction import FAILED, plan_extraction, run_extraction, summary
from tsn_plugin.preparation.extraction_options import ExtractionOptions
from tsn_plugin.preparation.frame_stores import stored_frames
from tsn_plugin.preparation.partial import PARTIAL_MARK

KILLS = int(os.environ.get("TSN_KILLS", 4))  # docs/reliability.md tells of more
NAMES = ["a", "b", "class/c", "class/d", "e"]
WAYS = {"folders": (), "archives": ("--pack",)}


@pytest.fixture(scope="module")
def source(tmp_path_factory, make_video):
    """Five videos."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "class").mkdir()
    for number, name in enumerate(NAMES):
        make_video(folder / f"{name}.mp4", num_frames=14 + number)
    return folder


@pytest.fixture(scope="module")
def extract(child, source):
    """Start an extraction in a process of its own."""

    def start(out, *options, workers=0):
        arguments = [str(source), str(out), "--method", "dis", "--workers", str(workers), *options]
        return child(lambda: tsn(["extract-flow", *arguments]))

    return start


@pytest.fixture(scope="module")
def whole(extract, tmp_path_factory):
    """Files of an extraction that nothing interrupted by video, and how long it took, for each way to store them."""
    found = {}
    for way, options in WAYS.items():
        out, begin = tmp_path_factory.mktemp(way), time.monotonic()
        process = extract(out, *options)
        assert process.end() == 0, process.output()
        found[way] = contents(out), time.monotonic() - begin
        assert list(found[way][0]) == NAMES
    return found


def contents(out):
    """The bytes of all files of each video that is there."""
    stores = {name: stored_frames(out / name) for name in NAMES}
    return {name: {file: store.read(file) for file in store.names()} for name, store in stores.items() if store}


def marks(out):
    """What tells that a folder or archive has not been written anew."""
    paths = [path for name in NAMES for path in (out / name, out / f"{name}.zip") if path.exists()]
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}


def partial(out):
    return [path for path in out.rglob(f"*{PARTIAL_MARK}*") if PARTIAL_MARK not in path.parent.name]


def wait_for_begin(process, out):
    """Until the first worker has begun to write."""
    while is_running(process) and not partial(out):
        time.sleep(0.001)


def is_running(process):
    """Whether a child has not ended yet; how it did can still be asked for."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def wait_for_group(group):
    """Until all its processes have ended: the kernel takes a moment to end those that were killed."""
    while any(facts[2] == group and facts[0] != "Z" for facts in map(facts_of, Path("/proc").glob("[0-9]*"))):
        time.sleep(0.001)


def facts_of(process):
    """State, parent and group of a process."""
    try:
        state, parent, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return "Z", 0, 0
    return state, int(parent), int(group)


@pytest.mark.parametrize(("way", "workers"), [("folders", 0), ("archives", 0), ("folders", 1)])
def test_kills_leave_nothing_half_written_and_nothing_is_done_twice(extract, whole, tmp_path, way, workers):
    expected, duration = whole[way]
    rng, out, kept, rests, killed, restarts = random.Random(workers), tmp_path / "out", {}, 0, 0, 0
    for _ in range(KILLS if workers == 0 else -(-KILLS // 4)):
        process = extract(out, *WAYS[way], workers=workers)
        if workers:
            wait_for_begin(process, out)
        status = process.end(kill_after=rng.uniform(0, duration))
        wait_for_group(process.pid)
        killed += status == -signal.SIGKILL
        found = contents(out)
        assert found == {name: expected[name] for name in found}
        assert {path: mark for path, mark in marks(out).items() if path in kept} == kept
        kept, rests = marks(out), rests + len(partial(out))
        if status == 0:
            assert (found, partial(out)) == (expected, [])
            shutil.rmtree(out)
            kept, restarts = {}, restarts + 1
    process = extract(out, *WAYS[way])
    assert process.end() == 0, process.output()
    assert contents(out) == expected
    assert {path: marks(out)[path] for path in kept} == kept
    assert partial(out) == []
    assert not (out / FAILED).exists()
    print(f"{way}, {workers} workers: {killed} killed, {rests} rests removed, {restarts} complete before the kill")


def kill_at(step, folder):
    """Kill this process when it is about to rename or remove something below ``folder`` for the ``step``-th time."""
    left = [step]

    def watch(event, arguments):
        if event in ("os.rename", "os.remove", "os.rmdir", "shutil.rmtree") and str(folder) in str(arguments[0]):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


@pytest.mark.parametrize("was_packed", [False, True])
@pytest.mark.parametrize("pack", [False, True])
def test_images_outlive_a_kill_while_flow_is_added(child, tmp_path, make_video, was_packed, pack):
    video = make_video(tmp_path / "v.mp4", num_frames=3)
    jobs = plan_extraction(video, tmp_path / "first", ExtractionOptions(flow=False, pack=was_packed))
    run_extraction(jobs, tmp_path / "first", workers=0)
    images = stored_frames(tmp_path / "first" / "v")
    images = {name: images.read(name) for name in images.names()}
    video.unlink()  # from now on there are no other images than those
    make_video(tmp_path / "v.mp4", num_frames=3, size=(32, 32))
    options = ExtractionOptions(method="dis", rgb=False, pack=pack)
    for step in range(1, 50):
        out = shutil.copytree(tmp_path / "first", tmp_path / str(step))
        jobs = plan_extraction(video, out, options)
        process = child(lambda: kill_at(step, out) or run_extraction(jobs, out, workers=0))  # noqa: B023 ends in the loop
        status = process.end()
        run_extraction(jobs, out, workers=0)
        frames = stored_frames(out / "v")
        assert len(frames.names()) == 6
        assert {name: frames.read(name) for name in images} == images
        assert not (out / FAILED).exists()
        assert partial(out) == []
        if status == 0:
            break
        assert status == -signal.SIGKILL, process.output()
    assert 3 < step < 49


@pytest.fixture(scope="module")
def long_source(tmp_path_factory, make_video):
    """A video that takes a while, and two that do not."""
    folder = tmp_path_factory.mktemp("long")
    for name, count in (("a_long", 1200), ("b", 4), ("c", 4)):
        make_video(folder / f"{name}.mp4", num_frames=count)
    return folder


def start_long(child, source, out, *options):
    """An extraction that has begun to write the long video, the partial folder, and the process that writes it."""
    process = child(lambda: tsn(["extract-flow", str(source), str(out), "--method", "dis", *options]))
    while True:
        found = list(out.glob(f"a_long{PARTIAL_MARK}*"))
        if found:
            return process, found[0], int(found[0].name.rpartition("-")[2])
        assert is_running(process), process.output()
        time.sleep(0.001)


def test_a_killed_worker_costs_the_video_it_was_at(child, long_source, tmp_path):
    process, rest, worker = start_long(child, long_source, tmp_path / "out", "--workers", "2")
    assert worker != process.pid
    os.kill(worker, signal.SIGKILL)
    assert process.end() == 1
    assert "2 videos extracted (6 frame pairs)" in process.output()
    assert (tmp_path / "out" / FAILED).read_text().startswith(f"{long_source / 'a_long.mp4'}\tits worker process died")
    assert not rest.exists()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b", "c", "extraction.json", FAILED]


@pytest.mark.parametrize("workers", [0, 1])
def test_ctrl_c_leaves_nothing_half_written(child, long_source, tmp_path, workers):
    out = tmp_path / "out"
    process, rest, _ = start_long(child, long_source, out, "--rgb-only", "--workers", str(workers))
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    assert process.end() == 1
    assert "KeyboardInterrupt" in process.output()
    assert not rest.exists()
    assert [path.name for path in out.iterdir()] == ["extraction.json"]
    jobs = plan_extraction(long_source, out, ExtractionOptions(flow=False))
    assert [pairs for _, pairs in run_extraction(jobs, out, workers=0).results] == [1199, 3, 3]


def test_a_full_disk_ends_the_run_even_without_room_for_its_list(source, whole, tmp_path, monkeypatch):
    out, room, jpeg = tmp_path / "out", [100], extraction._jpeg

    def limited(*arguments):
        room[0] -= 1
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        return jpeg(*arguments)

    def no_room(path, content):
        raise OSError(28, "No space left on device", str(path))

    jobs = plan_extraction(source, out, ExtractionOptions(method="dis"))
    with monkeypatch.context() as full:
        full.setattr(extraction, "_jpeg", limited)
        full.setattr(extraction, "write_atomically", no_room)
        report = run_extraction(jobs, out, workers=0)
    assert list(contents(out)) == NAMES[:2]  # 13 and 14 frame pairs of three files: 81 of the 100
    assert len(report.failures) == 1
    assert f"No space left on device): make room for {out}, then the same command goes on" in summary(report, out)
    kept = marks(out)
    assert [pairs for _, pairs in run_extraction(jobs, out, workers=0).results] == [0, 0, 15, 16, 17]
    assert contents(out) == whole["folders"][0]
    assert {path: marks(out)[path] for path in kept} == kept
    assert partial(out) == []


def test_an_archive_that_cannot_be_closed_leaves_nothing(extract, tmp_path, monkeypatch):
    out = tmp_path / "out"

    def limit_files(folder, *args, **options):
        folder.mkdir()
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))  # what is buffered then cannot be written at the end

    with monkeypatch.context() as change:
        change.setattr(extraction, "claim_folder", limit_files)
        process = extract(out, "--pack")  # a fork: what is changed here is changed there
    assert process.end() == 1
    assert "5 videos failed" in process.output()
    assert "File too large" in (out / FAILED).read_text()
    assert [path.name for path in out.rglob("*")] == ["class", FAILED]
