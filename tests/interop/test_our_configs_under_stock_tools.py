"""Our configs under MMAction2's own tools and inferencers, in processes that know the plugin only from the config."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from tsn_plugin.evaluation.functional import softmax
from tsn_plugin.evaluation.score_files import load_scores

ROOT = Path(__file__).resolve().parents[2]
LEAF = ROOT / "configs" / "recognition" / "tsn" / "tsn_r50_video_1x1x8_100e_kinetics400_rgb.py"
TINY = ROOT / "tests" / "data" / "tiny_config.py"

INFERENCE = """
import json, sys
from mmaction.apis import MMAction2Inferencer, inference_recognizer, init_recognizer
config, checkpoint, *videos = sys.argv[1:]
inferencer = MMAction2Inferencer(config, checkpoint, device="cpu")
model = init_recognizer(config, checkpoint, device="cpu")
scores = {
    "inferencer": [inferencer(video)["predictions"][0]["rec_scores"][0] for video in videos],
    "inference_recognizer": [inference_recognizer(model, video).pred_score.tolist() for video in videos],
}
print("SCORES", json.dumps(scores))
"""


@pytest.fixture(scope="module")
def leaf_options(tiny, video_root):
    return tiny(LEAF, video_root, video="videos")


@pytest.fixture(scope="module")
def tiny_options(video_root):
    loaders = ("train_dataloader", "val_dataloader", "test_dataloader")
    return ["--cfg-options", "train_cfg.max_epochs=1", *(f"{name}.dataset.data_root={video_root}" for name in loaders)]


@pytest.fixture(scope="module")
def leaf_checkpoint(tmp_path_factory, leaf_options, run_stock, stock_tool):
    """Weights of the leaf after one epoch and a resumed second one."""
    work_dir = tmp_path_factory.mktemp("leaf")
    command = [stock_tool("train"), LEAF, "--work-dir", work_dir, "--seed", "0"]
    run_stock(*command, *leaf_options, cwd=work_dir)
    assert not (work_dir / "epoch_2.pth").exists()
    run_stock(*command, "--resume", *leaf_options, "train_cfg.max_epochs=2", cwd=work_dir)
    return work_dir / "epoch_2.pth"


@pytest.fixture(scope="module")
def our_scores(tmp_path_factory, leaf_checkpoint, leaf_options, run_ours):
    """What our test tool gives for the leaf."""
    work_dir = tmp_path_factory.mktemp("ours")
    run_ours("test", LEAF, leaf_checkpoint, "--work-dir", work_dir, "--out", work_dir / "s.npz", *leaf_options)
    return load_scores(work_dir / "s.npz")


def dumped_by_stock(run_stock, stock_tool, folder, config, checkpoint, options):
    """Probabilities, labels and metrics of MMAction2's test tool."""
    command = [stock_tool("test"), config, checkpoint, "--work-dir", folder, "--dump", folder / "stock.pkl"]
    run_stock(*command, *options, cwd=folder)
    records = pickle.loads((folder / "stock.pkl").read_bytes())
    (log,) = (path for path in folder.glob("*/*.json"))
    labels = [int(record["gt_label"]) for record in records]
    return torch.stack([record["pred_score"] for record in records]).numpy(), labels, json.loads(log.read_text())


def test_stock_train_tool_resumes_our_leaf(leaf_checkpoint):
    checkpoint = torch.load(leaf_checkpoint, weights_only=True)
    assert (checkpoint["meta"]["epoch"], checkpoint["meta"]["iter"]) == (2, 4)  # 3 videos in batches of 2
    assert all(torch.isfinite(value).all() for value in checkpoint["state_dict"].values())


def test_stock_test_tool_gives_our_scores(tmp_path, leaf_checkpoint, leaf_options, our_scores, run_stock, stock_tool):
    stock, labels, metrics = dumped_by_stock(run_stock, stock_tool, tmp_path, LEAF, leaf_checkpoint, leaf_options)
    np.testing.assert_allclose(stock, softmax(our_scores.scores), atol=1e-6)
    assert labels == our_scores.labels.tolist()
    right = (our_scores.scores.argmax(axis=1) == our_scores.labels).mean()
    assert metrics["acc/top1"] == pytest.approx(right)


def test_inferencers_give_our_scores(
    tmp_path, leaf_checkpoint, leaf_options, our_scores, video_root, run_stock, configured
):
    config = configured(LEAF, leaf_options)
    config.test_pipeline = config.test_dataloader.dataset.pipeline  # where inference_recognizer looks
    config.dump(tmp_path / "leaf.py")
    videos = [video_root / "videos" / f"{name}.mp4" for name in our_scores.names]
    printed = run_stock("-c", INFERENCE, tmp_path / "leaf.py", leaf_checkpoint, *videos, cwd=tmp_path)
    scores = json.loads(printed.partition("SCORES")[2].splitlines()[0])
    for way in ("inferencer", "inference_recognizer"):
        np.testing.assert_allclose(scores[way], softmax(our_scores.scores), atol=1e-6, err_msg=way)


def test_an_experiment_with_our_hooks(tmp_path, tiny_options, run_stock, stock_tool, run_ours):
    run_stock(stock_tool("train"), TINY, "--work-dir", tmp_path, "--seed", "0", *tiny_options, cwd=tmp_path)
    checkpoint = tmp_path / "epoch_1.pth"
    frozen = torch.load(checkpoint, weights_only=True)["state_dict"]["backbone.conv2_3x3_bn.running_mean"]
    assert not frozen.any()  # PartialBNHook did its work
    run_ours("test", TINY, checkpoint, "--work-dir", tmp_path, "--dump", tmp_path / "ours.pkl", *tiny_options)
    assert len(load_scores(tmp_path / "ours.pkl")) == 3
