"""The parts that train a network, on the networks of the paper that have no batch normalisation."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope
from torch import nn

from tsn_plugin.engine.hooks import PartialBNHook, partial_bn
from tsn_plugin.models.initializers import CrossModalityPretrained
from tsn_plugin.registry import MODELS

FLOW_CHANNELS = 10
NETWORKS = {
    # config, first convolution, convolutions and linear layers of the backbone, channels of its features
    "GoogLeNet": (dict(type="tsn_plugin.GoogLeNet"), "conv1_7x7_s2", 3 + 9 * 6, 1024),
    "VGG": (dict(type="tsn_plugin.VGG", depth=16, width=8), "conv1_1", 13 + 2, 8),
}
OPTIM_WRAPPER = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=5e-4),
    constructor="tsn_plugin.TSNOptimWrapperConstructor",
    paramwise_cfg=dict(first_conv_lr_mult=5),
)


@pytest.fixture(params=NETWORKS)
def network(request):
    with DefaultScope.overwrite_default_scope("mmaction"):
        yield NETWORKS[request.param]


def recognizer(backbone, channels):
    torch.manual_seed(0)
    head = dict(type="tsn_plugin.TSNHead", num_classes=4, in_channels=channels)
    backbone = {**backbone, "in_channels": FLOW_CHANNELS}
    return MODELS.build(dict(type="tsn_plugin.Recognizer2D", backbone=backbone, cls_head=head))


def test_the_solver_knows_the_first_convolution(network):
    config, first, layers, channels = network
    model = recognizer(config, channels)
    optim_wrapper = build_optim_wrapper(model, OPTIM_WRAPPER)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = {group["name"]: group for group in optim_wrapper.optimizer.param_groups if group["params"]}
    assert [names[id(value)] for value in groups["first_conv_weight"]["params"]] == [f"backbone.{first}.weight"]
    assert [names[id(value)] for value in groups["first_conv_bias"]["params"]] == [f"backbone.{first}.bias"]
    assert groups["first_conv_weight"]["lr"] == 0.01 * 5
    assert groups["first_conv_bias"]["lr"] == 0.01 * 5 * 2  # biases learn twice as fast
    assert sum(len(group["params"]) for group in groups.values()) == 2 * (layers + 1)  # 1: the classifier
    assert not any("bn" in name for name in groups)


def test_partial_bn_leaves_them_alone_and_says_so(network, monkeypatch):
    said = []
    monkeypatch.setattr(partial_bn, "print_log", lambda text, *_: said.append(text))
    model = recognizer(network[0], network[3])
    optim_wrapper = build_optim_wrapper(model, OPTIM_WRAPPER)
    runner = SimpleNamespace(model=model, optim_wrapper=optim_wrapper)
    hook = PartialBNHook()
    hook.before_run(runner)
    model.train()
    hook.before_train_iter(runner, 0)
    assert all(layer.training for layer in model.modules())
    assert sum(len(group["params"]) for group in optim_wrapper.optimizer.param_groups) == 2 * (network[2] + 1)
    assert said == ["PartialBNHook freezes nothing: backbone has 0 batch normalisations"]


def test_flow_starts_from_a_network_for_rgb(network, tmp_path):
    config, first, _, _ = network
    rgb, flow = MODELS.build(config), MODELS.build({**config, "in_channels": FLOW_CHANNELS})
    torch.save(rgb.state_dict(), tmp_path / "rgb.pth")
    CrossModalityPretrained(str(tmp_path / "rgb.pth"))(flow)
    expected = rgb.get_submodule(first).weight.mean(dim=1, keepdim=True).expand(-1, FLOW_CHANNELS, -1, -1)
    torch.testing.assert_close(flow.get_submodule(first).weight, expected)
    others = [layer for layer in rgb.named_modules() if isinstance(layer[1], (nn.Conv2d, nn.Linear))][1:]
    assert all(torch.equal(layer.weight, flow.get_submodule(name).weight) for name, layer in others)


def test_every_parameter_gets_a_gradient(network):
    backbone = MODELS.build(network[0])
    backbone.init_weights()
    backbone(torch.randn(2, 3, 64, 64)).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in backbone.parameters())
