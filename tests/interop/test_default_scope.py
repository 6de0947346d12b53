"""``default_scope='tsn_plugin'``: an unmodified config of MMAction2 takes our components and gives the same results.

Scores are compared for RGB. Flow differs on purpose in mirrored crops, where MMAction2 forgets to negate x.
"""

import mmaction.models
import numpy as np
import pytest
from mmaction.registry import DATASETS, METRICS
from mmengine.registry import DefaultScope

from tsn_plugin.evaluation.metrics import AccMetric
from tsn_plugin.evaluation.score_files import load_scores
from tsn_plugin.models.data_preprocessor import ActionDataPreprocessor
from tsn_plugin.models.heads import TSNHead
from tsn_plugin.models.recognizers import Recognizer2D
from tsn_plugin.registry import MODELS, TRANSFORMS

RGB = "tsn_imagenet-pretrained-r50_8xb32-1x1x3-100e_kinetics400-rgb"
FLOW = "tsn_imagenet-pretrained-r50_8xb32_5x1x3-110e_kinetics400-flow"
TSM = "tsm_imagenet-pretrained-r50_8xb16-1x1x8-50e_kinetics400-rgb"


@pytest.fixture
def built(configured, stock_config, video_root, flow_root, tiny):
    """Model, metric and data sets that a runner builds from an unmodified config in a scope."""

    def build(name, scope):
        config, is_flow = stock_config(name), name == FLOW
        options = tiny(config, flow_root, img="flow") if is_flow else tiny(config, video_root, video="videos")
        config = configured(config, options)
        with DefaultScope.overwrite_default_scope(scope):
            sets = {split: DATASETS.build(config[f"{split}_dataloader"].dataset) for split in ("train", "val", "test")}
            return MODELS.build(config.model), METRICS.build(config.test_evaluator), sets

    return build


@pytest.mark.parametrize("name", [RGB, FLOW, TSM], ids=["tsn-rgb", "tsn-flow", "tsm"])
def test_every_name_we_share_is_ours(built, name):
    model, metric, sets = built(name, "tsn_plugin")
    assert type(model) is Recognizer2D
    assert type(model.data_preprocessor) is ActionDataPreprocessor
    assert type(model.cls_head) is (mmaction.models.TSMHead if name == TSM else TSNHead)
    assert type(metric) is AccMetric
    for dataset in sets.values():
        for transform in dataset.pipeline.transforms:
            kind = type(transform)
            assert (kind.__name__ in TRANSFORMS.module_dict) == kind.__module__.startswith("tsn_plugin."), kind


def test_mmaction_stays_mmaction(built):
    model, metric, sets = built(RGB, "mmaction")
    parts = [model, model.data_preprocessor, model.cls_head, metric, *sets["test"].pipeline.transforms]
    assert not [part for part in parts if type(part).__module__.startswith("tsn_plugin")]


@pytest.mark.parametrize("name", [RGB, FLOW, TSM], ids=["tsn-rgb", "tsn-flow", "tsm"])
@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_same_seed_samples_the_same_frames(built, name, split):
    sampled = []
    for scope in ("mmaction", "tsn_plugin"):
        dataset = built(name, scope)[2][split]
        np.random.seed(3)
        for index in range(len(dataset)):
            results = dataset.get_data_info(index)
            for transform in dataset.pipeline.transforms:
                results = transform(results)
                if "frame_inds" in results:
                    break
            sampled.append(np.array(results["frame_inds"]))
    half = len(sampled) // 2
    assert half == 3
    for stock, ours in zip(sampled[:half], sampled[half:]):
        np.testing.assert_array_equal(ours, stock)


@pytest.mark.parametrize("name", [RGB, TSM], ids=["tsn", "tsm"])
def test_both_scopes_give_the_same_scores(tmp_path, name, stock_config, video_root, tiny, run_ours):
    config = stock_config(name)
    options = tiny(config, video_root, video="videos")
    run_ours("train", config, "--work-dir", tmp_path, "--seed", "0", "--no-validate", *options)
    scores = []
    for scope in ("mmaction", "tsn_plugin"):
        arguments = ["--work-dir", tmp_path, "--out", tmp_path / f"{scope}.npz", *options, f"default_scope={scope}"]
        run_ours("test", config, tmp_path / "epoch_1.pth", *arguments)
        scores.append(load_scores(tmp_path / f"{scope}.npz"))
    stock, ours = scores
    assert ours.names == stock.names
    np.testing.assert_array_equal(ours.labels, stock.labels)
    np.testing.assert_allclose(ours.scores, stock.scores, atol=1e-5)
