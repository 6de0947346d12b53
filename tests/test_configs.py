"""Every shipped config loads, builds its model, and the model takes what the config's own pipelines make."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from tsn_plugin.modality import get_modality
from tsn_plugin.models.flow_from_frames import TENSOR_FLOW_METHODS
from tsn_plugin.ops.tvl1 import TVL1Parameters, dual_tvl1
from tsn_plugin.registry import DATASETS, HOOKS, METRICS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
LEAVES = sorted(path for path in CONFIGS.rglob("*.py") if not {"_base_", "recognition"} & set(path.parts))
LEAVES = [path for path in LEAVES if not path.stem.startswith(("ssn_", "tag_"))]  # tests/test_detection_configs.py
VARIANTS = [path for path in LEAVES if "_split" in path.stem]
WHOLE = [path for path in LEAVES if path not in VARIANTS]
NUM_FRAMES = 40
#: images as large as configured: one config of each network; the others' are shrunk
FULL_SIZE = {"tsn_bninception_ucf101_rgb", "tsn_googlenet_ucf101_rgb", "tsn_r50_ucf101_rgb", "tsn_vgg16_ucf101_rgb"}


def by_name(path):
    return path.stem


@pytest.fixture(scope="module")
def data_root(tmp_path_factory, make_video):
    """One video of 40 frames and flow fields under every frame folder that a modality may name, and as a file."""
    root = tmp_path_factory.mktemp("data")
    (root / "videos").mkdir()
    make_video(root / "videos" / "video.mp4", num_frames=NUM_FRAMES, size=(80, 60))
    (root / "videos.txt").write_text("video.mp4 1\n")
    rng = np.random.default_rng(0)
    for folder in ("rawframes", "rawframes_warped"):
        video = root / folder / "video"
        video.mkdir(parents=True)
        for number in range(1, NUM_FRAMES + 1):
            image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
            cv2.imwrite(str(video / f"img_{number:05d}.jpg"), image)
            for axis in "xy":
                cv2.imwrite(str(video / f"flow_{axis}_{number:05d}.jpg"), image[..., 0])
    (root / "list.txt").write_text(f"video {NUM_FRAMES} 1\n")
    return root


@pytest.fixture(autouse=True)
def coarse_flow(monkeypatch):
    """TV-L1 that stops early, for the time it takes."""
    coarse = TVL1Parameters(warpings_number=1, outer_iterations=1, inner_iterations=2)
    monkeypatch.setitem(TENSOR_FLOW_METHODS, "tvl1", partial(dual_tvl1, parameters=coarse))


@pytest.fixture
def dataset(data_root, shrink_pipeline):
    """Factory of a config's data set of a phase with the one video."""

    def build(config, phase, *, full_size):
        cfg = config[f"{phase}_dataloader"].dataset
        name = "videos.txt" if cfg.type == "tsn_plugin.VideoDataset" else "list.txt"
        cfg.update(data_root=str(data_root), ann_file=name)
        if not full_size:
            shrink_pipeline(cfg.pipeline)
        for transform in cfg.pipeline:
            if transform.type.endswith("SampleFrames") and phase == "test":
                transform.num_clips = 2  # instead of 25, for the time it takes
        return DATASETS.build(cfg)

    return build


@pytest.mark.parametrize("path", WHOLE, ids=by_name)
def test_a_config_trains_and_tests_on_its_own_pipelines(path, dataset, read_config):
    config = read_config(path)
    init_default_scope(config.default_scope)
    config.model.backbone.pop("init_cfg", None)  # weights come from the network
    if config.model.backbone.type == "tsn_plugin.VGG":  # 134 million parameters: a small one
        config.model.backbone.update(depth=11, width=16)
        config.model.cls_head.in_channels = 16
    model = MODELS.build(config.model)
    # those of 96 pixels are small already
    full_size = path.stem in FULL_SIZE or "toy" in path.stem or "5class" in path.stem

    batch = pseudo_collate([dataset(config, "train", full_size=full_size)[0]])
    losses = model(**model.data_preprocessor(batch, training=True), mode="loss")
    assert torch.isfinite(losses["loss_cls"])

    model.eval()
    for phase in ("val", "test"):
        batch = pseudo_collate([dataset(config, phase, full_size=full_size)[0]])
        with torch.no_grad():
            (sample,) = model.test_step(batch)
        assert sample.scores.shape == (config.num_classes,)
        assert sample.pred_score.sum().item() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("path", WHOLE, ids=by_name)
def test_a_config_builds_its_optimizer_hooks_and_metrics(path, read_config):
    config = read_config(path)
    init_default_scope(config.default_scope)
    for hook in (*config.default_hooks.values(), *config.get("custom_hooks", [])):
        HOOKS.build(hook)
    METRICS.build(config.test_evaluator)
    constructor = config.optim_wrapper.pop("constructor", None)
    if constructor is not None:
        OPTIM_WRAPPER_CONSTRUCTORS.build(
            dict(
                type=constructor,
                optim_wrapper_cfg=config.optim_wrapper,
                paramwise_cfg=config.optim_wrapper.pop("paramwise_cfg", None),
            )
        )


@pytest.mark.parametrize("path", VARIANTS, ids=by_name)
def test_another_split_differs_in_its_lists_only(path, read_config):
    name, split = path.stem.rsplit("_split", 1)
    first = read_config(path.with_name(f"{name}.py")).to_dict()
    other = read_config(path).to_dict()
    for phase in ("train", "val", "test"):
        ours = first[f"{phase}_dataloader"]["dataset"].pop("ann_file")
        theirs = other[f"{phase}_dataloader"]["dataset"].pop("ann_file")
        assert theirs == ours.replace("split_1", f"split_{split}")
    assert first == other


@pytest.mark.parametrize("path", WHOLE, ids=by_name)
def test_modality_and_model_agree(path, read_config):
    config = read_config(path)
    facts = get_modality(config.modality)
    assert config.model.backbone.in_channels == config.in_channels == facts.in_channels
    assert config.model.data_preprocessor.modality == facts.name
    for phase in ("train", "val", "test"):
        data = config[f"{phase}_dataloader"].dataset
        assert data.modality == facts.name
        if data.type == "tsn_plugin.RawframeDataset":
            assert data.filename_tmpl == facts.filename_tmpl
            assert data.data_prefix.img == facts.frame_folder


@pytest.mark.parametrize("path", LEAVES, ids=by_name)
def test_leaves_stay_short(path):
    assert len(path.read_text().splitlines()) < 15


def epochs(iterations, videos, batch):
    return iterations / (videos / batch)


@pytest.mark.parametrize(
    ("name", "videos", "batch", "lr", "clip", "steps", "last"),
    [  # iterations of the Caffe solvers, and of the paper (section 4.1)
        ("ucf101_rgb", 9537, 128, 0.001, 40, (1500, 3000), 3500),
        ("ucf101_flow", 9537, 128, 0.005, 20, (10000, 16000), 18000),
        ("hmdb51_rgb", 3570, 128, 0.001, 40, (1000, 2000), 2500),
        ("hmdb51_flow", 3570, 128, 0.005, 20, (4000, 6000), 7000),
        ("ucf101_rgb_paper", 9537, 256, 0.001, 40, (2000, 4000), 4500),
        ("ucf101_flow_paper", 9537, 256, 0.005, 20, (12000, 18000), 20000),
    ],
)
def test_schedules_are_the_published_ones_in_epochs(name, videos, batch, lr, clip, steps, last, read_config):
    config = read_config(CONFIGS / f"tsn_bninception_{name}.py")
    assert config.optim_wrapper.optimizer.lr == lr
    assert config.optim_wrapper.clip_grad.max_norm == clip
    assert config.optim_wrapper.optimizer.weight_decay == 5e-4
    assert config.param_scheduler.milestones == [round(epochs(step, videos, batch)) for step in steps]
    assert config.train_cfg.max_epochs == round(epochs(last, videos, batch))
    hooks = {hook.type: hook for hook in config.custom_hooks}
    assert hooks["tsn_plugin.EffectiveBatchHook"].batch_size == batch
    first_conv = config.optim_wrapper.get("paramwise_cfg", {}).get("first_conv_lr_mult", 1)
    assert first_conv == (5 if "flow" in name else 1)


def test_bases_set_disjoint_keys():
    """Two bases that set the same key would make MMEngine refuse the config; say which before a user finds out."""
    axes = {axis: sorted((CONFIGS / "_base_" / axis).glob("*.py")) for axis in ("models", "modalities", "datasets")}
    keys = {}
    for axis, files in axes.items():
        for file in files:
            keys.setdefault(axis, set()).update(Config.fromfile(file).keys())
    assert not keys["models"] & keys["modalities"]
    assert not keys["models"] & keys["datasets"]
    assert not keys["modalities"] & keys["datasets"]
