"""Unmodified configs of MMAction2 under our tools: only data, size and number of epochs are set, as options."""

import json

import numpy as np
import pytest
import torch

from tsn_plugin.evaluation.score_files import load_scores

RGB = "tsn_imagenet-pretrained-r50_8xb32-1x1x3-100e_kinetics400-rgb"
FLOW = "tsn_imagenet-pretrained-r50_8xb32_5x1x3-110e_kinetics400-flow"
TSM = "tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb"
NAMES = ("clip_0", "clip_1", "clip_2")


@pytest.fixture(scope="module", params=[RGB, FLOW, TSM], ids=["tsn-rgb", "tsn-flow", "tsm"])
def trained(request, tmp_path_factory, stock_config, video_root, flow_root, tiny, run_ours):
    """Config, options for tiny data, and work dir of one epoch trained with the published options of 0.x."""
    config, work_dir = stock_config(request.param), tmp_path_factory.mktemp("work")
    options = tiny(config, flow_root, img="flow") if request.param == FLOW else tiny(config, video_root, video="videos")
    published = ["--validate", "--seed", "0", "--deterministic", "--gpus", "1", "--test-best"]
    run_ours("train", config, "--work-dir", work_dir, *published, *options)
    return config, options, work_dir


def test_stock_config_trains_tests_and_keeps_scores(trained, tmp_path, run_ours, capsys):
    config, options, work_dir = trained
    state = torch.load(work_dir / "epoch_1.pth", weights_only=True)["state_dict"]
    assert all(torch.isfinite(value).all() for value in state.values())
    arguments = ["test", config, work_dir / "epoch_1.pth", "--work-dir", tmp_path]
    metrics = ["--eval", "top_k_accuracy", "mean_class_accuracy"]
    run_ours(*arguments, *metrics, "--out", tmp_path / "raw.json", *options)
    printed = capsys.readouterr().out
    assert all(f"{name}: " in printed for name in ("top1_acc", "top5_acc", "mean_class_accuracy"))
    run_ours(*arguments, "--dump", tmp_path / "named.npz", *options)
    raw, named = np.array(json.loads((tmp_path / "raw.json").read_text())), load_scores(tmp_path / "named.npz")
    assert raw.shape == (3, 7)
    assert not np.allclose(raw.sum(axis=1), 1)  # before softmax
    np.testing.assert_allclose(named.scores, raw, rtol=1e-5)
    assert named.names == NAMES
    assert named.labels.tolist() == [0, 1, 0]
