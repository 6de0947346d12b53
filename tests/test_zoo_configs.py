"""Every config of the MMAction2 zoo loads, builds, steps on synthetic input, and is what the published table says."""

import importlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope

from tsn_plugin.bundle import find_config
from tsn_plugin.registry import DATASETS, HOOKS, METRICS, MODELS

ROOT = Path(__file__).resolve().parent.parent
CONFIGS = sorted((ROOT / "configs" / "recognition" / "tsn").glob("*.py"))
ROWS = [
    [cell.strip() for cell in line.split("|")]
    for line in (ROOT / "tests" / "data" / "zoo_rows.txt").read_text().splitlines()
    if not line.startswith("#")
]
NUM_FRAMES = 30


JSON_LISTS = {"tsn_plugin.HVUDataset": "hvu.json", "tsn_plugin.RawVideoDataset": "uncut.json"}


def by_name(path):
    return path.stem


@pytest.fixture(scope="module")
def data_root(tmp_path_factory, make_video):
    """One video as file, as frames and as flow under all file names of the zoo, numbered from 0 on, and its lists."""
    root = tmp_path_factory.mktemp("zoo")
    make_video(root / "video.mp4", num_frames=NUM_FRAMES, size=(80, 60))
    (root / "video").mkdir()
    rng = np.random.default_rng(0)
    for number in range(NUM_FRAMES + 1):
        image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
        for template in ("img_{:05d}.jpg", "image_{:05d}.jpg", "{:05d}.jpg"):
            cv2.imwrite(str(root / "video" / template.format(number)), image)
        for axis in "xy":
            for template in ("{}_{:05d}.jpg", "flow_{}_{:05d}.jpg"):
                cv2.imwrite(str(root / "video" / template.format(axis, number)), image[..., 0])
    (root / "frames.txt").write_text(f"video {NUM_FRAMES} 1\n")
    (root / "clips.txt").write_text(f"video 2 {NUM_FRAMES - 2} 1\n")
    (root / "videos.txt").write_text("video.mp4 1\n")
    (root / "images.txt").write_text("video/img_00001.jpg 1\n")
    tags = dict(action=[1, 5], attribute=[2], concept=[3], event=[4], object=[5])  # no scene
    (root / "hvu.json").write_text(json.dumps([dict(filename="video.mp4", label=tags)]))
    scene = dict(filename="video.mp4", label=dict(scene=[6]))
    (root / "scene.json").write_text(json.dumps([scene]))
    uncut = dict(video_dir="", label=1, num_clips=1, positive_clip_inds=[0])
    (root / "uncut.json").write_text(json.dumps([uncut]))
    (root / "part_0.mp4").write_bytes((root / "video.mp4").read_bytes())
    (root / "labels.txt").write_text("video.mp4 1 5\n")
    return root


def list_of(data):
    if data.type in JSON_LISTS:
        return JSON_LISTS[data.type]
    if data.pipeline[0].type == "ImageDecode":
        return "images.txt"
    if data.type == "tsn_plugin.RawframeDataset":
        return "clips.txt" if data.get("with_offset") else "frames.txt"
    return "labels.txt" if data.get("multi_class") else "videos.txt"


@pytest.fixture
def dataset(data_root, shrink_pipeline):
    """Factory of a config's data set with the one video, smaller images and at most two snippets."""

    def build(cfg):
        key = "img" if cfg.type == "tsn_plugin.RawframeDataset" else "video"
        name = "scene.json" if cfg.get("tag_categories") == ["scene"] else list_of(cfg)
        cfg.update(data_root=str(data_root), ann_file=name, data_prefix={key: ""})
        shrink_pipeline(cfg.pipeline)
        for transform in cfg.pipeline:
            if transform.type.endswith("SampleFrames"):
                transform.num_clips = min(transform.num_clips, 2)
            if transform.type == "DenseSampleFrames":
                transform.num_sample_positions = 1
        return DATASETS.build(cfg)

    return build


def shrunk_model(config):
    """The config's model with a small backbone of the same family; half a ResNet-18 where its package is missing."""
    model = config.model
    backbone, channels = small_backbone(model.backbone)
    model.backbone = backbone
    if model.cls_head.type != "FeatureHead":
        model.cls_head.in_channels = channels
    return MODELS.build(model)


def is_usable(package):
    try:
        importlib.import_module(f"{package}.models")
    except (ImportError, RuntimeError):  # the second where torchvision was built for another torch
        return False
    return True


def small_backbone(backbone):
    package, _, name = backbone.type.rpartition(".")
    half = dict(depth=18, num_stages=2, strides=(1, 2), dilations=(1, 1), out_indices=(1,))
    resnet = {"type": "ResNet", "norm_eval": False, **half}
    if not package:
        assert name == "ResNet"
        return {**backbone, **half, "init_cfg": None}, 128
    assert name in {"ResNeXt", "densenet161", "swin_base_patch4_window7_224"}
    if not is_usable(package):
        return resnet, 128
    swin = {"img_size": 64, "window_size": 4, "embed_dim": 16, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 1, 1)}
    return {
        "ResNeXt": ({**backbone, "depth": 50, "init_cfg": None}, 2048),
        "densenet161": ({**backbone, "type": "torchvision.densenet121", "pretrained": False}, 1024),
        "swin_base_patch4_window7_224": ({**backbone, "pretrained": False, **swin}, 128),
    }[name]


@pytest.mark.parametrize("path", CONFIGS, ids=by_name)
def test_a_config_steps_on_its_own_pipelines(path, dataset, read_config):
    config = read_config(path)
    init_default_scope(config.default_scope)
    model = shrunk_model(config)
    optim_wrapper = dict(config.optim_wrapper, type="OptimWrapper")
    optim_wrapper.pop("loss_scale", None)  # mixed precision needs a GPU
    wrapper = build_optim_wrapper(model, Config(dict(x=optim_wrapper)).x)
    if config.model.cls_head.type != "FeatureHead":
        model.train()
        for loader in (config.train_dataloader, *(part.dataloader for part in config.train_cfg.get("auxiliary", ()))):
            train_set = dataset(loader.dataset)
            losses = model.train_step(pseudo_collate([train_set[0], train_set[0]]), wrapper)
            assert torch.isfinite(losses["loss"])

    model.eval()
    for phase in ("val", "test"):
        batch = pseudo_collate([dataset(config[f"{phase}_dataloader"].dataset)[0]])
        with torch.no_grad():
            outputs = model.test_step(batch)
        if config.model.cls_head.type == "FeatureHead":
            assert outputs.shape == (1, 128)
        else:
            assert outputs[0].scores.shape == (config.num_classes,)
            METRICS.build(config[f"{phase}_evaluator"]).process(None, [outputs[0].to_dict()])


@pytest.mark.parametrize("path", CONFIGS, ids=by_name)
def test_a_config_builds_its_hooks(path, read_config):
    config = read_config(path)
    init_default_scope(config.default_scope)
    for hook in (*config.default_hooks.values(), *config.get("custom_hooks", [])):
        HOOKS.build(hook)


@pytest.mark.parametrize("path", CONFIGS, ids=by_name)
def test_leaves_stay_short(path):
    assert len(path.read_text().splitlines()) < 15


def described_transform(transform):
    name = transform.type.rsplit(".")[-1]
    if name == "Resize":
        return f"R{max(transform.scale)}"
    if name == "RandomResizedCrop":
        return "RRC"
    if name == "MultiScaleCrop":
        assert transform.input_size == 224
        assert transform.get("max_wh_scale_gap", 1) == (0 if len(transform.scales) == 2 else 1)
        return f"MSC{len(transform.scales)}" + ("n13" if transform.get("num_fixed_crops") == 13 else "")
    return f"{name}{transform.crop_size}" if "Crop" in name else name


def described_pipeline(pipeline):
    """Sampling and augmentation of a pipeline in the words of the table."""
    (sampling,) = (transform for transform in pipeline if transform.type.endswith("SampleFrames"))
    dense = "dense " if sampling.type == "DenseSampleFrames" else ""
    silent = ("SampleFrames", "Init", "Decode", "FormatShape", "PackActionInputs")
    rest = [described_transform(transform) for transform in pipeline if not transform.type.endswith(silent)]
    return f"{dense}{sampling.clip_len}x{sampling.frame_interval}x{sampling.num_clips}", ">".join(rest)


def described_schedule(config):
    optimizer, steps = config.optim_wrapper.optimizer, ",".join(map(str, config.param_scheduler.milestones))
    assert config.param_scheduler.end == config.train_cfg.max_epochs
    assert optimizer.momentum == 0.9
    assert config.auto_scale_lr.base_batch_size == 8 * config.train_dataloader.batch_size
    head = f"{config.train_dataloader.batch_size}/{optimizer.lr}/{optimizer.weight_decay}/{config.train_cfg.max_epochs}"
    return f"{head}ep[{steps}] d{config.model.cls_head.dropout_ratio}"


@pytest.mark.parametrize(("name", "sampling", "augmentation", "test", "schedule"), ROWS, ids=lambda value: value[:60])
def test_a_config_is_the_published_row(name, sampling, augmentation, test, schedule, read_config):
    config = read_config(find_config(name))
    assert described_pipeline(config.train_dataloader.dataset.pipeline) == (sampling, augmentation)
    assert " ".join(described_pipeline(config.test_dataloader.dataset.pipeline)) == test
    assert described_schedule(config) == schedule
    assert config.train_dataloader.dataset.get("modality", "RGB") == config.modality


@pytest.mark.parametrize(
    ("name", "norm"),
    [
        ("tsn_r50_1x1x8_50e_sthv1_rgb", 20),
        ("tsn_r50_1x1x16_50e_sthv1_rgb", 20),
        ("tsn_r50_1x1x8_50e_sthv2_rgb", 40),
        ("tsn_r50_1x1x16_50e_sthv2_rgb", 20),
        ("tsn_r50_dense_1x1x5_50e_kinetics400_rgb", 20),
        ("tsn_r101_1x1x5_50e_mmit_rgb", 20),
        ("tsn_r50_1x1x3_100e_kinetics400_rgb", 40),
    ],
)
def test_gradients_are_clipped_as_in_0x(name, norm, read_config):
    assert read_config(find_config(name)).optim_wrapper.clip_grad.max_norm == norm


@pytest.mark.parametrize(
    "published",
    [
        "configs/recognition/tsn/hvu/tsn_r18_1x1x8_100e_hvu_action_rgb.py",
        "configs/recognition/tsn/data_benchmark/tsn_r50_test_256p_1x1x25_3crop_100e_kinetics400_rgb.py",
        "configs/recognition/tsn/custom_backbones/tsn_dense161_320p_1x1x3_100e_kinetics400_rgb.py",
        "configs/recognition/tsn/tsn_r50_1x1x3_100e_kinetics400_rgb.py",
    ],
)
def test_a_published_path_is_found(published, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert Path(find_config(published)) == ROOT / "configs" / "recognition" / "tsn" / Path(published).name


def test_flipping_left_and_right_exchanges_the_labels_of_something_something(read_config):
    config = read_config(find_config("tsn_r50_1x1x16_50e_sthv1_rgb"))
    (flip,) = (transform for transform in config.train_pipeline if transform.type == "tsn_plugin.Flip")
    assert all(flip.flip_label_map[other] == label for label, other in flip.flip_label_map.items())
    for name in ("tsn_r50_1x1x8_50e_sthv1_rgb", "tsn_r50_1x1x8_50e_sthv2_rgb", "tsn_r50_1x1x16_50e_sthv2_rgb"):
        assert not [each for each in read_config(find_config(name)).train_pipeline if each.type.endswith("Flip")]


def test_multi_label_scores_are_ranked_before_softmax(read_config):
    """Mean average precision compares scores of different videos, which a softmax over the classes would distort."""
    for path in CONFIGS:
        head = read_config(path).model.cls_head
        assert head.average_clips == ("score" if head.get("multi_class") or head.type == "FeatureHead" else "prob")
