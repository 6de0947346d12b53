"""The tools as a user runs them: train, stop, resume, test, dump, fuse, on videos of a few frames."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tsn_plugin.__main__ import main as tsn
from tsn_plugin.evaluation.score_files import load_scores

ROOT = Path(__file__).resolve().parent.parent
CONFIG = str(ROOT / "tests" / "data" / "tiny_config.py")
VIDEOS = 5


@pytest.fixture(scope="module")
def data_root(tmp_path_factory, make_video):
    root = tmp_path_factory.mktemp("tiny")
    (root / "videos" / "a b").mkdir(parents=True)
    lines = []
    for number in range(VIDEOS):
        make_video(root / "videos" / f"clip_{number}.mp4", num_frames=6 + number, size=(48, 40))
        lines.append(f"clip_{number}.mp4 {number % 2}\n")
    (root / "list.txt").write_text("".join(lines))
    return root


def options(data_root, work_dir):
    return ["--data-root", str(data_root), "--work-dir", str(work_dir)]


@pytest.fixture(scope="module")
def trained(data_root, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp("trained")
    tsn(["train", CONFIG, "--seed", "0", *options(data_root, work_dir)])
    return work_dir


def test_checkpoints_load_without_the_plugin(trained):
    code = (
        "import sys; from mmengine.runner import CheckpointLoader\n"
        f"checkpoint = CheckpointLoader.load_checkpoint({str(trained / 'epoch_3.pth')!r})\n"
        "print(len(checkpoint['state_dict']), 'tsn_plugin' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    count, imported = result.stdout.split()[-2:]
    assert int(count) > 400, result.stderr
    assert imported == "False"


def test_partial_bn_kept_every_frozen_statistic_at_its_start(trained):
    state = torch.load(trained / "epoch_3.pth", weights_only=True)["state_dict"]
    first = "backbone.conv1_7x7_s2_bn"
    frozen = [key for key in state if key.endswith("running_mean") and not key.startswith(first)]
    assert len(frozen) == 68
    assert all(not state[key].any() for key in frozen)
    assert state[f"{first}.running_mean"].any()


def run_test(data_root, trained, work_dir, *extra):
    tsn(["test", CONFIG, str(trained / "epoch_3.pth"), *options(data_root, work_dir), *extra])


def test_test_prints_the_0x_lines_and_writes_every_kind_of_score_file(data_root, trained, tmp_path, capsys):
    metrics = ["--eval", "top_k_accuracy", "mean_class_accuracy"]
    for name in ("result.json", "scores.npz", "scores.pkl"):
        run_test(data_root, trained, tmp_path, *metrics, "--out", str(tmp_path / name))
    printed = capsys.readouterr().out
    assert "top1_acc: " in printed
    assert "mean_class_accuracy: " in printed
    raw = json.loads((tmp_path / "result.json").read_text())
    npz, pkl = load_scores(tmp_path / "scores.npz"), load_scores(tmp_path / "scores.pkl")
    assert np.shape(raw) == npz.scores.shape == (VIDEOS, 2)
    assert npz.names == pkl.names == tuple(f"clip_{number}" for number in range(VIDEOS))
    np.testing.assert_allclose(npz.scores, raw, rtol=1e-5)
    np.testing.assert_allclose(npz.scores, pkl.scores, rtol=1e-5)
    assert npz.labels.tolist() == [0, 1, 0, 1, 0]


def test_fusing_a_stream_with_itself_keeps_its_accuracy(data_root, trained, tmp_path, capsys):
    run_test(data_root, trained, tmp_path, "--out", str(tmp_path / "a.npz"))
    tsn(
        [
            "fuse",
            str(tmp_path / "a.npz"),
            str(tmp_path / "a.npz"),
            "--weights",
            "1",
            "1.5",
            "--out",
            str(tmp_path / "f.npz"),
        ]
    )
    np.testing.assert_allclose(
        load_scores(tmp_path / "f.npz").scores, 2.5 * load_scores(tmp_path / "a.npz").scores, rtol=1e-5
    )


def test_show_dir_gets_a_picture_per_video(data_root, trained, tmp_path):
    run_test(data_root, trained, tmp_path, "--show-dir", str(tmp_path / "pictures"))
    pictures = list((tmp_path / "pictures").rglob("*.png"))
    assert len(pictures) == VIDEOS


def test_folding_batch_normalisation_keeps_the_scores(data_root, trained, tmp_path):
    run_test(data_root, trained, tmp_path, "--out", str(tmp_path / "plain.npz"))
    run_test(data_root, trained, tmp_path, "--out", str(tmp_path / "folded.npz"), "--fuse-conv-bn")
    plain, folded = load_scores(tmp_path / "plain.npz"), load_scores(tmp_path / "folded.npz")
    np.testing.assert_allclose(folded.scores, plain.scores, rtol=1e-3, atol=1e-5)
    assert not np.array_equal(folded.scores, plain.scores)  # it did fold


def launch(script, *argv):
    command = [str(ROOT / "tools" / script), *argv]
    environment = dict(os.environ, OMP_NUM_THREADS="1", PYTHON=sys.executable)
    result = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment)
    assert result.returncode == 0, result.stderr[-3000:]


def test_two_processes_train(data_root, tmp_path):
    arguments = [CONFIG, "2", *options(data_root, tmp_path), "--seed", "0"]
    launch("dist_train.sh", *arguments, "--cfg-options", "train_cfg.max_epochs=1")
    state = torch.load(tmp_path / "epoch_1.pth", weights_only=True)["state_dict"]
    assert all(torch.isfinite(value).all() for value in state.values())
