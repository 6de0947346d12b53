from __future__ import annotations

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import nn

from tsn_plugin.engine.optim_constructor import TSNOptimWrapperConstructor


class Unknown(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.bias = nn.Parameter(torch.ones(3))


def build(model, paramwise_cfg=None, **optimizer):
    cfg = dict(
        optimizer={**dict(type="SGD", lr=0.01, weight_decay=0.1), **optimizer},
        constructor="tsn_plugin.TSNOptimWrapperConstructor",
        paramwise_cfg=paramwise_cfg,
    )
    with DefaultScope.overwrite_default_scope("mmaction"):
        groups = build_optim_wrapper(model, cfg).optimizer.param_groups
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    return {
        group["name"]: (round(group["lr"], 9), group["weight_decay"], [names[id(p)] for p in group["params"]])
        for group in groups
    }


def test_groups_of_the_released_rgb_solver(tiny_net):
    assert build(tiny_net()) == {
        "first_conv_weight": (0.01, 0.1, ["backbone.0.weight"]),
        "first_conv_bias": (0.02, 0, ["backbone.0.bias"]),
        "normal_weight": (0.01, 0.1, ["backbone.3.weight", "backbone.6.weight", "fc.weight"]),
        "normal_bias": (0.02, 0, ["backbone.3.bias", "backbone.6.bias", "fc.bias"]),
        "bn": (0.01, 0, [f"backbone.{i}.{kind}" for i in (1, 4, 7) for kind in ("weight", "bias")]),
    }


def test_the_flow_solvers_first_convolution_learns_five_times_as_fast(tiny_net):
    groups = build(tiny_net(), dict(first_conv_lr_mult=5))
    assert groups["first_conv_weight"][:2] == (0.05, 0.1)
    assert groups["first_conv_bias"][:2] == (0.1, 0)
    assert groups["normal_weight"][0] == 0.01


def test_every_multiplier_can_be_set(tiny_net):
    multipliers = dict(bias_lr_mult=3, bias_decay_mult=0.5, norm_lr_mult=0.1, norm_decay_mult=1, new_layer_lr_mult=10)
    groups = build(tiny_net(), multipliers)
    assert {name: group[:2] for name, group in groups.items()} == {
        "first_conv_weight": (0.01, 0.1),
        "first_conv_bias": (0.03, 0.05),
        "normal_weight": (0.01, 0.1),
        "normal_bias": (0.03, 0.05),
        "new_layer_weight": (0.1, 0.1),
        "new_layer_bias": (0.3, 0.05),
        "bn": (0.001, 0.1),
    }
    assert groups["new_layer_weight"][2] == ["fc.weight"]


def test_other_layers_shared_and_fixed_parameters():
    model = nn.Module()
    model.backbone = nn.Sequential(nn.Conv3d(3, 3, 1, bias=False), nn.GroupNorm(1, 3), Unknown(), nn.Linear(3, 3))
    model.head = nn.Linear(3, 3)
    model.head.weight = model.backbone[3].weight
    model.head.bias.requires_grad_(False)
    assert {name: group[2] for name, group in build(model).items()} == {
        "first_conv_weight": ["backbone.0.weight"],
        "normal_weight": ["backbone.2.scale", "backbone.3.weight"],
        "normal_bias": ["backbone.2.bias", "backbone.3.bias"],
        "bn": ["backbone.1.weight", "backbone.1.bias"],
    }


def test_a_model_without_convolution_has_no_first_one():
    assert set(build(nn.Linear(2, 2))) == {"normal_weight", "normal_bias"}


def test_other_optimizers_and_wrapped_models(tiny_net):
    wrapped = nn.Module()
    wrapped.module = tiny_net()
    constructor = TSNOptimWrapperConstructor(dict(optimizer=dict(type="AdamW", lr=1e-3, weight_decay=0.0)))
    optimizer = constructor(wrapped).optimizer
    assert isinstance(optimizer, torch.optim.AdamW)
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(list(wrapped.parameters()))


def test_unknown_multipliers_are_refused(tiny_net):
    with pytest.raises(ValueError, match=r"unknown keys \['fc_lr_mult'\]; known: first_conv_lr_mult, new_layer"):
        build(tiny_net(), dict(fc_lr_mult=10))


@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_multipliers_need_something_to_multiply(tiny_net, name):
    with pytest.raises(ValueError, match=f"optimizer has no {name}"):
        build(tiny_net(), **{name: None})
