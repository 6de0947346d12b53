"""A test that is killed goes on with the videos that are left."""

import os
import random
import shutil

import numpy as np
import pytest
from mmengine.runner import TestLoop

from tsn_plugin.evaluation import ResultJournal
from tsn_plugin.evaluation.score_files import load_scores

KILLS = int(os.environ.get("TSN_KILLS", 6))  # docs/reliability.md tells of more


@pytest.fixture
def test_once(child, run, trained, tmp_path):
    """Test the trained weights in a process, which notes each video when it is tested, and may end behind some."""

    def start(out, *options, stop=None, checkpoint=None):
        weights = checkpoint or trained[0] / "epoch_6.pth"
        options = [*options, "--out", out, "--eval", "top_k_accuracy", "mean_class_accuracy"]

        def test():
            ResultJournal.__init__.__kwdefaults__["interval"] = 1
            TestLoop.run_iter = noting(TestLoop.run_iter, tmp_path / "count.txt", stop)
            run("test", tmp_path, weights, *options, "--cfg-options", "test_dataloader.batch_size=1")

        return child(test)

    return start


def noting(run_iter, path, stop):
    """``run_iter`` that writes a line into a file each time, and ends the process at the ``stop``-th."""

    def run_and_note(self, number, batch):
        run_iter(self, number, batch)
        with path.open("a") as file:
            file.write("video\n")
        if number + 1 == stop:
            raise SystemExit("stopped")

    return run_and_note


def printed(process):
    return [line for line in process.output().splitlines() if line.startswith(("top1_acc", "mean_class"))]


def test_what_was_tested_is_not_tested_again(test_once, tmp_path):
    whole = test_once(tmp_path / "whole.npz")
    assert whole.end() == 0, whole.output()
    assert not (tmp_path / "whole.npz.parts").exists()
    (tmp_path / "count.txt").unlink()
    assert test_once(tmp_path / "parts.npz", stop=3).end() == 1
    assert not (tmp_path / "parts.npz").exists()
    rest = test_once(tmp_path / "parts.npz")
    assert rest.end() == 0, rest.output()
    assert "3 of 7 videos were tested before" in rest.output()
    assert len((tmp_path / "count.txt").read_text().split()) == 7
    assert len(printed(whole)) == 2
    assert printed(rest) == printed(whole)
    first, second = (load_scores(tmp_path / f"{name}.npz") for name in ("whole", "parts"))
    order = [second.names.index(name) for name in first.names]
    np.testing.assert_array_equal(second.scores[order], first.scores)
    np.testing.assert_array_equal(second.labels[order], first.labels)
    assert not (tmp_path / "parts.npz.parts").exists()


def test_results_of_other_weights_or_settings_are_not_mixed_in(test_once, trained, tmp_path):
    assert test_once(tmp_path / "a.npz", stop=3).end() == 1
    for options, checkpoint in (([], trained[0] / "epoch_5.pth"), (["--average-clips", "score"], None)):
        shutil.copytree(tmp_path / "a.npz.parts", tmp_path / "b.npz.parts")
        process = test_once(tmp_path / "b.npz", *options, checkpoint=checkpoint)
        assert process.end() == 0, process.output()
        assert "is of other weights or settings and is removed" in process.output()
        assert "were tested before" not in process.output()


def test_kills_lose_no_result(test_once, tmp_path):
    rng, out = random.Random(0), tmp_path / "killed.npz"
    for _ in range(KILLS):
        process = test_once(out)
        process.end(kill_after=rng.uniform(0.1, 1.5))
        if out.exists():
            break
    if not out.exists():
        process = test_once(out)
        assert process.end() == 0, process.output()
    assert sorted(load_scores(out).names) == [f"clip_{number}" for number in range(7)]
