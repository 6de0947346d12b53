"""A test that is killed goes on with the videos that are left."""

import os
import random
import shutil

import numpy as np
import pytest
from mmengine.runner import TestLoop

from tsn_plugin.evaluation import ResultJournal
from tsn_plugin.evaluation.journal import read_in_order
from tsn_plugin.evaluation.score_files import load_scores

KILLS = int(os.environ.get("TSN_KILLS", 3))  # docs/reliability.md tells of more


@pytest.fixture
def test_once(child, ranks, run, trained, tmp_path):
    """Test the trained weights in a process, which notes each video when it is tested, and may end behind some.

    With ``count`` it is that many processes.
    """

    def start(out, *options, stop=None, checkpoint=None, count=None):
        weights = checkpoint or trained[0] / "epoch_6.pth"
        options = [*options, "--out", out, "--eval", "top_k_accuracy", "mean_class_accuracy"]
        options += [] if count is None else ["--launcher", "pytorch"]

        def test(rank=0):
            ResultJournal.__init__.__kwdefaults__["interval"] = 1
            TestLoop.run_iter = noting(TestLoop.run_iter, tmp_path / "count.txt", stop)
            run("test", tmp_path, weights, *options, "--cfg-options", "test_dataloader.batch_size=1")

        return child(test) if count is None else ranks(count, test)

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
    assert same_scores(tmp_path / "whole.npz", tmp_path / "parts.npz")
    assert not (tmp_path / "parts.npz.parts").exists()


def end_well(processes):
    """What the first one said."""
    for process in processes:
        assert process.end() == 0, process.output()
    return processes[0]


def same_scores(first, second):
    """Whether two files hold the same videos in the same order, with the same scores and labels."""
    first, second = load_scores(first), load_scores(second)
    equal = np.array_equal(first.scores, second.scores) and np.array_equal(first.labels, second.labels)
    return first.names == second.names and equal


def test_processes_find_what_one_finds_and_no_video_twice(test_once, tmp_path):
    one = test_once(tmp_path / "one.npz")
    assert one.end() == 0, one.output()
    assert load_scores(tmp_path / "one.npz").names == tuple(f"clip_{number}" for number in range(7))
    for count in (2, 3):  # shares of 4 and 3 videos, filled up to 8 and 9
        several = end_well(test_once(tmp_path / f"{count}.npz", count=count))
        assert printed(several) == printed(one)
        assert same_scores(tmp_path / "one.npz", tmp_path / f"{count}.npz")


def test_other_numbers_of_processes_go_on(test_once, tmp_path):
    """Three end behind one video each, then two; one or three others test what is left."""
    one = test_once(tmp_path / "one.npz")
    assert one.end() == 0, one.output()
    for count in (3, 2):
        for process in test_once(tmp_path / "a.npz", count=count, stop=1):
            assert process.end() == 1
    shutil.copytree(tmp_path / "a.npz.parts", tmp_path / "b.npz.parts")
    alone = test_once(tmp_path / "a.npz")
    assert alone.end() == 0, alone.output()
    three = end_well(test_once(tmp_path / "b.npz", count=3))
    for process, name in ((alone, "a.npz"), (three, "b.npz")):
        assert "5 of 7 videos were tested before" in process.output()
        assert printed(process) == printed(one)
        assert same_scores(tmp_path / "one.npz", tmp_path / name)


def test_results_that_one_machine_does_not_see_are_not_left_out(tmp_path):
    journal = ResultJournal(tmp_path, interval=2)
    journal.process(None, [dict(video_name=name, score=number) for number, name in enumerate("cabc")])
    assert [sample["score"] for sample in read_in_order(tmp_path, ["a", "b", "c"])] == [1, 2, 0]
    with pytest.raises(RuntimeError, match=r"lacks 2 of 4 videos, such as a: can all machines write there"):
        read_in_order(tmp_path, ["a", "a", "b", "d"])


def test_results_of_other_weights_or_settings_are_not_mixed_in(test_once, trained, tmp_path):
    assert test_once(tmp_path / "a.npz", stop=3).end() == 1
    for options, checkpoint in (([], trained[0] / "epoch_5.pth"), (["--average-clips", "score"], None)):
        shutil.copytree(tmp_path / "a.npz.parts", tmp_path / "b.npz.parts")
        process = test_once(tmp_path / "b.npz", *options, checkpoint=checkpoint)
        assert process.end() == 0, process.output()
        assert "is of other weights or settings and is removed" in process.output()
        assert "were tested before" not in process.output()


def test_kills_lose_no_result(test_once, tmp_path):
    """Killed ``KILLS`` times: each test in the end has the scores of all videos, once."""
    rng, kills, finished = random.Random(0), 0, 0
    while kills < KILLS or not finished:
        out = tmp_path / f"{finished}.npz"
        process = test_once(out)
        status = process.end(kill_after=rng.uniform(0.1, 1.5) if kills < KILLS else None)
        assert status in (0, -9), process.output()
        kills += status == -9
        if out.exists():
            assert sorted(load_scores(out).names) == [f"clip_{number}" for number in range(7)]
            finished += 1
    assert kills == KILLS
