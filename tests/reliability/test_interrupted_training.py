"""A training that is killed, or meets a full disk, goes on as if nothing had happened."""

import os
import random
import resource
import shutil

import pytest
import torch

from tsn_plugin.apis.resuming import is_whole, latest_checkpoint

KILLS = int(os.environ.get("TSN_KILLS", 3))  # docs/reliability.md tells of more
LAST = "epoch_6.pth"


def same_weights(first, second):
    first, second = (torch.load(path, weights_only=True) for path in (first, second))
    weights = [content["state_dict"] for content in (first, second)]
    assert weights[0].keys() == weights[1].keys()
    momenta = [content["optimizer"]["state"] for content in (first, second)]
    pairs = [(weights[0][key], weights[1][key]) for key in weights[0]]
    pairs += [(momenta[0][key]["momentum_buffer"], momenta[1][key]["momentum_buffer"]) for key in momenta[0]]
    return all(torch.equal(*pair) for pair in pairs)


@pytest.mark.parametrize("workers", [0, 2])
def test_two_runs_and_a_resumed_one_are_equal_bit_by_bit(child, run, trained, tmp_path, workers):
    loader = ["--cfg-options", f"train_dataloader.num_workers={workers}"]

    def interrupted():
        run("train", tmp_path, "--seed", 0, *loader, "train_cfg.max_epochs=3")

    def resumed():
        run("train", tmp_path, "--seed", 0, *loader, "--resume")

    for function in (interrupted, resumed):
        process = child(function)
        assert process.end() == 0, process.output()
    assert "Epoch(train) [4]" in process.output()
    assert "Epoch(train) [3]" not in process.output()
    assert same_weights(tmp_path / LAST, trained[0] / LAST)
    resumed, whole = (torch.load(folder / LAST, weights_only=True) for folder in (tmp_path, trained[0]))
    assert resumed["param_schedulers"] == whole["param_schedulers"]
    assert resumed["meta"]["iter"] == whole["meta"]["iter"]
    for key in ("train/loss", "train/lr"):
        assert torch.equal(resumed["log_history"][key]["values"], whole["log_history"][key]["values"])


def test_a_run_without_a_seed_goes_on_with_its_own(child, run, tmp_path):
    process = child(lambda: run("train", tmp_path / "whole"))
    assert process.end() == 0, process.output()
    (tmp_path / "parts").mkdir()
    shutil.copy(tmp_path / "whole" / "epoch_4.pth", tmp_path / "parts")
    process = child(lambda: run("train", tmp_path / "parts", "--resume"))
    assert process.end() == 0, process.output()
    assert same_weights(tmp_path / "parts" / LAST, tmp_path / "whole" / LAST)


def test_kills_at_random_moments_cost_nothing_but_time(child, run, trained, tmp_path):
    """Killed ``KILLS`` times: each training in the end has the weights of the one that was not interrupted."""
    reference, seconds = trained
    rng, kills, finished = random.Random(0), 0, 0
    while kills < KILLS or not finished:
        work_dir = tmp_path / str(finished)
        process = child(lambda: run("train", work_dir, "--seed", 0, "--resume"))  # noqa: B023  it runs at once
        status = process.end(kill_after=rng.uniform(0, 1.2 * seconds) if kills < KILLS else None)
        assert status in (0, -9), process.output()
        kills += status == -9
        for path in work_dir.glob("*.pth"):
            assert is_whole(path)
        if (work_dir / LAST).exists():
            assert same_weights(work_dir / LAST, reference / LAST)
            finished += 1
    assert kills == KILLS


def test_two_processes_go_on_as_if_nothing_had_happened(ranks, run, tmp_path):
    def train(folder, epochs, *options):
        options = ("--launcher", "pytorch", "--seed", 0, "--no-validate", *options)
        options += ("--cfg-options", f"train_cfg.max_epochs={epochs}")
        processes = ranks(2, lambda rank: run("train", tmp_path / folder, *options))
        for process in processes:
            assert process.end() == 0, process.output()
        return processes[0].output()

    train("whole", 3)
    train("parts", 1)
    assert "resumed epoch: 1" in train("parts", 3, "--resume")
    assert same_weights(tmp_path / "parts" / "epoch_3.pth", tmp_path / "whole" / "epoch_3.pth")


def test_all_processes_go_on_from_the_checkpoint_of_the_first(ranks, run, trained, tmp_path):
    def other_machine(rank):
        run("train", tmp_path / f"{rank}", "--launcher", "pytorch", "--resume", "--no-validate")

    shutil.copytree(trained[0], tmp_path / "0")  # the second process has a folder of its own, which is empty
    for name in (LAST, "last_checkpoint"):
        (tmp_path / "0" / name).unlink()
    first, second = ranks(2, other_machine)
    assert first.end() == second.end() == 0, second.output()
    assert "resumed epoch: 5" in first.output()


def test_half_a_checkpoint_is_never_loaded(child, run, trained, tmp_path):
    work_dir = shutil.copytree(trained[0], tmp_path / "copy")
    whole = (work_dir / LAST).read_bytes()
    (work_dir / LAST).write_bytes(whole[: len(whole) // 2])  # as another tool may leave it
    (work_dir / "epoch_7.pth.partial-1").write_bytes(b"rest")
    (work_dir / "last_checkpoint").write_text("")
    with pytest.warns(UserWarning, match="epoch_6.pth is damaged"):
        assert latest_checkpoint(work_dir) == str(work_dir / "epoch_5.pth")
    process = child(lambda: run("train", work_dir, "--seed", 0, "--resume"))
    assert process.end() == 0, process.output()
    assert "resumed epoch: 5" in process.output()
    assert same_weights(work_dir / LAST, trained[0] / LAST)
    assert not list(work_dir.glob("*.partial-*"))


def test_a_moved_folder_is_resumed_and_an_empty_one_begins(trained, tmp_path):
    work_dir = shutil.copytree(trained[0], tmp_path / "copy")
    (work_dir / "last_checkpoint").write_text("/gone/before/epoch_6.pth")
    assert latest_checkpoint(work_dir) == str(work_dir / LAST)
    assert latest_checkpoint(tmp_path) is None


@pytest.mark.parametrize("kept", [1, 3])
def test_a_full_disk_keeps_the_last_good_checkpoint(child, run, trained, tmp_path, kept):
    def fill_after_two_epochs():
        size = (trained[0] / LAST).stat().st_size
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, hard))
        run("train", tmp_path, "--seed", 0, "--resume")

    settings = ["--cfg-options", f"default_hooks.checkpoint.max_keep_ckpts={kept}", "train_cfg.max_epochs=2"]
    process = child(lambda: run("train", tmp_path, "--seed", 0, *settings))
    assert process.end() == 0, process.output()
    before = sorted(path.name for path in tmp_path.glob("*.pth"))
    process = child(fill_after_two_epochs)
    assert process.end() == 1
    assert "epoch_3.pth cannot be written" in process.output()
    assert "those before it are kept" in process.output()
    assert sorted(path.name for path in tmp_path.iterdir() if ".pth" in path.name) == before
    process = child(lambda: run("train", tmp_path, "--seed", 0, "--resume"))
    assert process.end() == 0, process.output()
    assert same_weights(tmp_path / LAST, trained[0] / LAST)
