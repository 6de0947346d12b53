"""A long training takes no more memory, files and shared memory at its end than at its start."""

import json
import os
from pathlib import Path

from mmengine.runner import EpochBasedTrainLoop

ITERATIONS = int(os.environ.get("TSN_ITERATIONS", 400))  # docs/reliability.md tells of more
REPEATED = 20  # how often the list holds each video
#: files through which batches that wait come from their loaders
IN_FLIGHT = 20
#: bytes; the log keeps a few numbers of each iteration, and the allocator does not give back what a validation took
GROWTH = 4e6 + 1e3 * ITERATIONS


def resources_in_use():
    """Memory of this process and its loaders in bytes, their open files, and segments of shared memory."""
    own = Path("/proc/self")
    children = (own / "task" / str(os.getpid()) / "children").read_text().split()
    processes = [own, *(Path("/proc", child) for child in children)]
    # resident pages: one that was shared with the process before the fork and is copied counts as before
    memory = os.sysconf("SC_PAGE_SIZE") * sum(int((process / "statm").read_text().split()[1]) for process in processes)
    files = sum(len(list((process / "fd").iterdir())) for process in processes)
    return dict(memory=memory, files=files, shared=len(list(Path("/dev/shm").glob("torch_*"))))


def measuring(run_iter, path):
    """``run_iter`` that notes after three quarters, when all had their turns, and at the end what is in use."""

    def run_and_measure(self, *args):
        run_iter(self, *args)
        if self.runner.iter in (ITERATIONS * 3 // 4, ITERATIONS - 1):
            with path.open("a") as file:
                file.write(json.dumps(resources_in_use()) + "\n")

    return run_and_measure


def test_nothing_grows(child, run, data_root, tmp_path):
    whole = (data_root / "list.txt").read_text() * REPEATED
    (tmp_path / "list.txt").write_text(whole)
    epochs = -(-2 * ITERATIONS // len(whole.splitlines()))

    def train():
        EpochBasedTrainLoop.run_iter = measuring(EpochBasedTrainLoop.run_iter, tmp_path / "used.txt")
        loader = ["num_workers=2", "persistent_workers=True", f"dataset.ann_file={tmp_path}/list.txt"]
        settings = [f"train_dataloader.{setting}" for setting in loader]
        run("train", tmp_path, "--cfg-options", *settings, f"train_cfg.max_epochs={epochs}")

    process = child(train)
    assert process.end() == 0, process.output()
    early, late = map(json.loads, (tmp_path / "used.txt").read_text().splitlines())
    assert late["files"] <= early["files"] + IN_FLIGHT
    assert late["shared"] <= early["shared"]
    assert late["memory"] - early["memory"] < GROWTH, (early, late)
