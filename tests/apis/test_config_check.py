"""Misspelt settings are told where MMEngine ignores them; configs that mean what they say are left in peace."""

import warnings
from pathlib import Path
from types import SimpleNamespace

import mmaction
import pytest
from mmengine.config import Config

from tsn_plugin.apis.config_check import misspelt_settings, options_without_effect
from tsn_plugin.apis.options import load_config

SHIPPED = Path(__file__).resolve().parents[2] / "configs"
CONFIG = str(SHIPPED / "tsn_bninception_toy_rgb.py")
OTHERS = Path(mmaction.__file__).parent / ".mim" / "configs"


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("train_dataloder", "train_dataloader"),
        ("randomnes", "randomness"),
        ("load_form", "load_from"),
        ("custom_hook", "custom_hooks"),
        ("optim_wraper", "optim_wrapper"),
        ("env_cfg.cudnn_benchmarks", "cudnn_benchmark"),
        ("env_cfg.mp_cfg.mp_start_methd", "mp_start_method"),
        ("auto_scale_lr.base_batch_sise", "base_batch_size"),
        ("model.bakbone", "backbone"),
        ("model.test_cfg.max_view", "max_views"),
        ("optim_wrapper.paramwise_cfg.bias_lr_mul", "bias_lr_mult"),
        ("default_hooks.chekpoint", "checkpoint"),
        ("default_hooks.checkpoint.intervall", "interval"),
    ],
)
def test_a_misspelt_setting_is_told(key, wanted):
    config = Config()
    config.merge_from_dict({key: dict(type="X")})
    assert misspelt_settings(config) == [f"nothing reads the setting {key!r}: is {wanted!r} meant?"]


def test_what_is_no_mapping_is_left_alone():
    assert misspelt_settings(Config(dict(env_cfg=None, model=dict(test_cfg=3), default_hooks=[1]))) == []


SAMPLE = sorted(path for root in (SHIPPED, OTHERS) for path in root.rglob("*.py") if "_base_" not in path.parts)[::16]


def test_shipped_configs_and_mmaction2s_give_no_false_alarm():
    assert len(SAMPLE) > 20
    assert {path.name: found for path in SAMPLE if (found := misspelt_settings(Config.fromfile(path)))} == {}


def test_options_that_change_nothing_are_told():
    config = Config(dict(train_pipeline=[dict(type="X")], model=dict()))
    assert options_without_effect(config, ["model.cls_head.num_clases", "randomness.seed", "compile"]) == []
    assert options_without_effect(config, ["train_pipline.0.type", "train_pipeline.0.type", "foo.bar"]) == [
        "nothing reads the setting 'train_pipline': is 'train_pipeline' meant?",
        "--cfg-options train_pipeline.0.type has no effect: 'train_pipeline' is a variable of the config file, which "
        "was used up when it was read; name the setting itself",
        "--cfg-options foo.bar has no effect: 'foo' is unknown; name the setting itself",
    ]


def load(**options):
    return load_config(
        SimpleNamespace(
            config=CONFIG, local_rank=0, launcher="none", data_root=None, work_dir="out", cfg_options=options or None
        )
    )


def test_the_tools_warn(monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "0")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        before = load()
        load(**{"model.cls_head.num_classes": 7, "load_from": "x.pth"})
    with pytest.warns(UserWarning, match=r"toy_rgb\.py: nothing reads the setting 'train_dataloder': is 'train_data"):
        load(**{"train_dataloder.batch_size": 1})
    with pytest.warns(UserWarning, match="'train_pipeline' is a variable of the config file") as told:
        after = load(**{"train_pipeline.0.type": "Other"})
    assert len(told) == 1
    assert after.train_dataloader == before.train_dataloader  # it has no effect indeed
