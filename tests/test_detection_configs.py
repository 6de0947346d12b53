"""Every config of temporal action detection loads, builds its model, and the model takes what its pipelines make."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from tsn_plugin.registry import DATASETS, HOOKS, METRICS, MODELS, OPTIM_WRAPPER_CONSTRUCTORS

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
LEAVES = sorted([*CONFIGS.glob("ssn_*.py"), *CONFIGS.glob("tag_*.py"), *(CONFIGS / "localization").rglob("*.py")])
TRAINED = [path for path in LEAVES if not path.stem.endswith(("_kinetics", "_test"))]
KINETICS = [path for path in LEAVES if path.stem.endswith("_kinetics")]
NUM_FRAMES = 20
RECORD = """# {number}
{name}
20
1
1
1 2 12
4
1 0.9000 1.0000 2 11
1 0.2000 1.0000 2 4
0 0.0000 0.0000 13 19
1 0.8000 1.0000 3 11
"""


@pytest.fixture(scope="module")
def data_root(tmp_path_factory):
    """Two videos of 20 frames and flow fields, and their proposals."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name in ("first", "second"):
        folder = root / "rawframes" / name
        folder.mkdir(parents=True)
        for number in range(1, NUM_FRAMES + 1):
            image = rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)
            cv2.imwrite(str(folder / f"img_{number:05d}.jpg"), image)
            for axis in "xy":
                cv2.imwrite(str(folder / f"flow_{axis}_{number:05d}.jpg"), image[..., 0])
    records = (RECORD.format(number=number, name=name) for number, name in enumerate(("first", "second")))
    (root / "list.txt").write_text("".join(records))
    return root


def dataset(config, phase, root, *, side=None, **changes):
    cfg = config[f"{phase}_dataloader"].dataset
    for transform in cfg.pipeline if side else ():
        transform.update({key: side for key in ("input_size", "crop_size") if key in transform})
        if transform.type.endswith("Resize") and not transform.get("keep_ratio", True):
            transform.scale = (side, side)
    cfg.update(data_root=str(root), data_prefix=dict(img="rawframes"), ann_file="list.txt", **changes)
    return DATASETS.build(cfg)


@pytest.mark.parametrize("path", KINETICS, ids=lambda path: path.stem)
def test_configs_of_kinetics_differ_in_their_weights_only(path, read_config):
    plain = read_config(path.with_name(path.name.replace("_kinetics", ""))).to_dict()
    other = read_config(path).to_dict()
    weights = [config["model"]["backbone"]["init_cfg"].pop("checkpoint") for config in (plain, other)]
    assert "kinetics" in weights[1]
    assert "kinetics" not in weights[0]
    assert other == plain


@pytest.mark.parametrize("path", [path for path in LEAVES if path not in KINETICS], ids=lambda path: path.stem)
def test_a_config_builds_all_its_parts(path, data_root, read_config):
    config = read_config(path)
    init_default_scope(config.default_scope)
    config.model.backbone.pop("init_cfg", None)
    config.model.backbone.pop("pretrained", None)
    model = MODELS.build(config.model)
    for hook in config.get("custom_hooks", []):
        HOOKS.build(hook)
    for evaluator in (config.get("val_evaluator"), config.get("test_evaluator")):
        if evaluator is not None:
            METRICS.build(evaluator)
    if config.get("optim_wrapper") is not None:
        kind = config.optim_wrapper.get("constructor", "DefaultOptimWrapperConstructor")
        cfg = dict(type=kind, optim_wrapper_cfg=config.optim_wrapper.to_dict())
        cfg["paramwise_cfg"] = cfg["optim_wrapper_cfg"].pop("paramwise_cfg", None)
        cfg["optim_wrapper_cfg"].pop("constructor", None)
        OPTIM_WRAPPER_CONSTRUCTORS.build(cfg)(model)
    assert len(dataset(config, "test", data_root)) > 0


@pytest.mark.parametrize("path", TRAINED, ids=lambda path: path.stem)
def test_a_config_trains_and_tests_on_its_own_pipelines(path, data_root, read_config):
    config = read_config(path)
    init_default_scope(config.default_scope)
    config.model.backbone.pop("init_cfg", None)
    config.model.backbone.pop("pretrained", None)
    model = MODELS.build(config.model)
    is_ssn = path.stem.startswith("ssn")
    # small pictures but in one case, fewer proposals and ticks, for the time they take
    side = None if path.stem == "tag_bninception_thumos14_rgb" else 64 if "toy" in path.stem else 96
    train = dataset(config, "train", data_root, side=side, **(dict(counts=(1, 1, 1)) if is_ssn else {}))
    batch = pseudo_collate([train[0]])
    with torch.no_grad():
        losses = model(**model.data_preprocessor(batch, training=True), mode="loss")
    assert all(torch.isfinite(value) for value in losses.values())
    if config.get("test_dataloader") is None:
        return
    phase = "val" if config.get("val_dataloader") else "test"
    model.eval()
    side = 64 if "toy" in path.stem else 96
    test = dataset(config, phase, data_root, side=side, tick_interval=10, chunk_size=1)
    with torch.no_grad():
        samples = [model.test_step(pseudo_collate([test[index]]))[0] for index in range(len(test) // 2)]
    done = ["activity" in sample or "tick_scores" in sample for sample in samples]
    assert done == [False] * (len(samples) - 1) + [True]
    if is_ssn:
        classes = config.model.cls_head.num_classes
        assert samples[-1].activity.shape == (4, classes + 1)
        assert samples[-1].regression.shape == (4, classes, 2)
    else:
        assert samples[-1].tick_scores.shape == (len(samples), 2)


ORIGINAL = [
    path for path in TRAINED if path.parent == CONFIGS and "toy" not in path.stem and "heldout" not in path.stem
]


@pytest.mark.parametrize("path", ORIGINAL, ids=lambda path: path.stem)
def test_settings_are_those_of_the_original(path, read_config):
    """Source: README, ``ssn_train.py``, ``binary_train.py``, ``data/dataset_cfg.yaml`` of action-detection."""
    config, is_flow, is_large = read_config(path), "flow" in path.stem, "inceptionv3" in path.stem
    is_ssn, is_anet = path.stem.startswith("ssn"), "activitynet" in path.stem
    assert config.optim_wrapper.optimizer == dict(type="SGD", lr=0.001, momentum=0.9, weight_decay=5e-4)
    assert config.optim_wrapper.constructor == "tsn_plugin.TSNOptimWrapperConstructor"
    assert "clip_grad" not in config.optim_wrapper
    assert config.train_cfg.max_epochs == (7 if is_anet else 45)
    assert config.param_scheduler.milestones == ([3, 6] if is_anet else [20, 40])
    hooks = {hook.type.removeprefix("tsn_plugin."): hook for hook in config.custom_hooks}
    assert hooks["PartialBNHook"].first_trainable == 0  # all batch normalisation is frozen
    assert hooks["EffectiveBatchHook"].batch_size == (16 if is_ssn else 4 * 12)
    mean, std = config.model.data_preprocessor.mean, set(config.model.data_preprocessor.std)
    assert (mean, std) == ([128] if is_flow else [104, 117, 128], {1})  # of blue, green, red
    train, test = (config[f"{phase}_dataloader"].dataset for phase in ("train", "test"))
    crop, side = train.pipeline[2], 299 if is_large else 224
    assert (crop.input_size, tuple(crop.scales)) == (side, (1, 0.875, 0.75) if is_flow else (1, 0.875, 0.75, 0.66))
    assert train.pipeline[0].clip_len == test.pipeline[0].clip_len == test.clip_len == (5 if is_flow else 1)
    assert test.pipeline[2].scale == (-1, 341 if is_large else 256)
    assert (test.pipeline[3].type, test.pipeline[3].crop_size) == ("tsn_plugin.TenCrop", side)
    head = config.model.cls_head
    assert (head.dropout_ratio, head.init_std) == (0.8, 0.001)
    assert head.num_classes == ((100 if is_anet else 20) if is_ssn else 2)
    assert config.get("val_dataloader") is None  # the test list chooses no weights
    if is_ssn:
        built = MODELS.build(head)
        assert (built.pyramid, built.snippets, built.keep_ratio) == (((1,), (1,), (1,)), (2, 5, 2), 0.17)
        assert (built.completeness_weight, built.regression_weight) == (0.1, 0.1)


def test_sizes_are_those_of_the_original(read_config):
    """Parameters with 20 classes; source: the original's networks, counted."""
    wanted = {
        "ssn_bninception_thumos14_rgb": 10_476_145,
        "ssn_bninception_thumos14_flow": 10_498_097,
        "ssn_inceptionv3_thumos14_rgb": 22_214_513,
        "ssn_inceptionv3_thumos14_flow": 22_216_529,
    }
    init_default_scope("mmaction")
    for name, count in wanted.items():
        config = read_config(CONFIGS / f"{name}.py")
        config.model.backbone.pop("init_cfg")
        assert sum(parameter.numel() for parameter in MODELS.build(config.model).parameters()) == count
