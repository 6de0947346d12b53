from __future__ import annotations

import copy
import logging
from urllib.error import URLError

import pytest
import torch
from mmaction.models.backbones import ResNet
from mmengine.model import BaseModule, Sequential
from mmengine.runner import CheckpointLoader
from torch import nn

from tsn_plugin.models import initializers
from tsn_plugin.models.backbones import BNInception
from tsn_plugin.models.initializers import CrossModalityPretrained, resolve_address
from tsn_plugin.models.state_dicts import (
    drop_classifiers,
    match_names,
    repeat_mean_over_input,
    squeeze_bn_tensors,
    strip_wrappers,
)

NAMES = "bninception_state_dict.json"


class Tiny(BaseModule):
    """A backbone with a first convolution, a BN, and a child that wants to initialise itself."""

    def __init__(self, in_channels=3, init_cfg=None):
        super().__init__(init_cfg)
        self.conv1 = nn.Conv2d(in_channels, 2, 1)
        self.bn1 = nn.BatchNorm2d(2)
        self.late = Sequential(nn.Conv2d(2, 2, 1), init_cfg=dict(type="Constant", layer="Conv2d", val=7.0))


@pytest.fixture
def save(tmp_path):
    def to_file(state_dict):
        path = tmp_path / "weights.pth"
        torch.save(state_dict, path)
        return str(path)

    return to_file


def torchvision_names(resnet):
    """The entries of MMAction2's ResNet as torchvision's file has them."""
    renamed = {}
    for name, value in resnet.state_dict().items():
        name = name.replace("downsample.conv", "downsample.0").replace("downsample.bn", "downsample.1")
        for i in (1, 2, 3):
            name = name.replace(f"conv{i}.conv.", f"conv{i}.").replace(f"conv{i}.bn.", f"bn{i}.")
        renamed[name] = torch.rand_like(value) if value.is_floating_point() else value
    return {**renamed, "fc.weight": torch.rand(1000, 8), "fc.bias": torch.rand(1000)}


def test_mean_over_input_by_hand():
    weight = torch.tensor([1.0, 2.0, 6.0]).reshape(1, 3, 1, 1)
    assert repeat_mean_over_input(weight, 5).flatten().tolist() == [3.0] * 5


def test_state_dict_functions_by_hand():
    assert list(strip_wrappers({"module.backbone.a": 0, "backbone_b": 0})) == ["a", "backbone_b"]
    own = {"conv1.conv.weight": torch.zeros(1), "layer1.0.conv2.bn.bias": torch.zeros(1), "bn3.bias": torch.zeros(1)}
    foreign = {"conv1.weight": 1, "layer1.0.bn2.bias": 2, "bn3.bias": 3}
    assert match_names(foreign, own) == {"conv1.conv.weight": 1, "layer1.0.conv2.bn.bias": 2, "bn3.bias": 3}
    assert list(drop_classifiers({"fc.weight": 0, "fc1.weight": 0}, {})) == ["fc1.weight"]
    assert list(drop_classifiers({"fc.weight": 0}, {"fc.weight": 0})) == ["fc.weight"]
    squeezed = squeeze_bn_tensors({"a": torch.zeros(1, 4), "b": torch.zeros(1, 4)}, {"a": torch.zeros(4)})
    assert squeezed["a"].shape == (4,)
    assert squeezed["b"].shape == (1, 4)


@pytest.mark.parametrize("kind", ["CrossModalityPretrained", "tsn_plugin.CrossModalityPretrained"])
@pytest.mark.parametrize("in_channels", [3, 10, 15])
@pytest.mark.usefixtures("mmaction_scope")
def test_bn_inception_in_every_modality(formula_weights, save, kind, in_channels):
    weights = formula_weights(NAMES, skip="nothing")  # with its classifier, and BN as converted from Caffe
    file = save({name: value[None] if "_bn." in name else value for name, value in weights.items()})
    backbone = BNInception(in_channels=in_channels, init_cfg=dict(type=kind, checkpoint=file))
    backbone.init_weights()
    first = weights.pop("conv1_7x7_s2.weight")
    expected = first if in_channels == 3 else first.mean(1, keepdim=True).expand(-1, in_channels, -1, -1)
    assert torch.equal(backbone.conv1_7x7_s2.weight, expected)
    for name, value in weights.items():
        if not name.startswith("fc."):
            assert torch.equal(backbone.state_dict()[name], value), name


@pytest.mark.parametrize("in_channels", [3, 10])
@pytest.mark.usefixtures("mmaction_scope")
def test_mmaction2s_resnet_takes_torchvisions_file(save, in_channels):
    weights = torchvision_names(ResNet(18))
    init_cfg = dict(type="CrossModalityPretrained", checkpoint=save(weights))
    backbone = ResNet(18, in_channels=in_channels, init_cfg=init_cfg)
    backbone.init_weights()
    first = weights["conv1.weight"]
    expected = first if in_channels == 3 else first.mean(1, keepdim=True).expand(-1, 10, -1, -1)
    # mmcv's ConvModule would have drawn it anew in its own init_weights
    torch.testing.assert_close(backbone.conv1.conv.weight.data, expected)
    own = backbone.state_dict()
    assert torch.equal(own["layer2.0.downsample.bn.running_var"], weights["layer2.0.downsample.1.running_var"])
    assert torch.equal(own["layer4.1.conv2.bn.weight"], weights["layer4.1.bn2.weight"])


def test_a_recognizers_checkpoint_is_unwrapped_and_its_own_channels_are_kept(save):
    weights = Tiny(in_channels=10).state_dict()
    wrapped = {f"module.backbone.{name}": value for name, value in weights.items()}
    file = save({"state_dict": {**wrapped, "cls_head.fc_cls.weight": torch.zeros(1)}, "meta": {}})
    backbone = Tiny(in_channels=10)
    CrossModalityPretrained(file)(backbone)
    for name, value in weights.items():
        assert torch.equal(backbone.state_dict()[name], value), name


@pytest.mark.usefixtures("mmaction_scope")
def test_children_initialise_themselves_only_if_nothing_was_loaded_for_them(save):
    weights = Tiny().state_dict()
    cfg = [dict(type="Constant", layer="Conv2d", val=1.0), dict(type="CrossModalityPretrained", checkpoint="")]
    full, partial = copy.deepcopy(cfg), copy.deepcopy(cfg)
    full[1]["checkpoint"] = save(weights)
    backbone = Tiny(init_cfg=full)
    backbone.init_weights()
    assert torch.equal(backbone.late[0].weight, weights["late.0.weight"])
    partial[1]["checkpoint"] = save({name: value for name, value in weights.items() if not name.startswith("late")})
    backbone = Tiny(init_cfg=partial)
    backbone.init_weights()
    assert backbone.late[0].weight.flatten().tolist() == [7.0] * 4
    assert torch.equal(backbone.conv1.weight, weights["conv1.weight"])


def test_missing_and_unused_entries_are_reported(save, monkeypatch):
    reports = []
    monkeypatch.setattr(initializers, "print_log", lambda message, _, level: reports.append((message, level)))
    weights = Tiny().state_dict()
    CrossModalityPretrained(save(weights))(Tiny())
    del weights["bn1.bias"]
    CrossModalityPretrained(save({**weights, "extra": torch.zeros(1), "fc.bias": torch.zeros(1)}))(Tiny())
    (first, first_level), (second, second_level) = reports
    assert first.startswith("loaded 9 entries")
    assert (first_level, second_level) == (logging.INFO, logging.WARNING)
    assert "left at their initialisation: bn1.bias;" in second
    assert second.endswith("not used: extra")


def test_weights_that_cannot_be_had_are_an_error_with_both_remedies():
    with pytest.raises(OSError, match=r"'nowhere.pth' cannot be loaded .*checkpoint=FILE.*init_cfg=None"):
        CrossModalityPretrained("nowhere.pth")(Tiny())


def test_without_a_network_the_remedies_are_named_too(monkeypatch):
    def offline(*args, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setattr(CheckpointLoader, "load_checkpoint", offline)
    with pytest.raises(OSError, match="no route to host.*init_cfg=None"):
        CrossModalityPretrained("open-mmlab://bninception_caffe")(Tiny())


def test_a_checkpoint_of_another_network_is_refused(save):
    with pytest.raises(ValueError, match="no entry that Tiny knows"):
        CrossModalityPretrained(save({"stem.weight": torch.zeros(2)}))(Tiny())


def test_entries_of_another_shape_are_refused(save):
    weights = {**Tiny().state_dict(), "late.0.weight": torch.zeros(4, 2, 1, 1)}
    with pytest.raises(
        ValueError, match=r"1 entries have another shape, the first is 'late.0.weight' with \(4, 2, 1, 1\)"
    ):
        CrossModalityPretrained(save(weights))(Tiny())


def test_torchvisions_addresses_are_resolved_without_torchvision():
    assert resolve_address("torchvision://resnet50").startswith("https://download.pytorch.org/models/resnet50-")
    assert resolve_address("open-mmlab://bninception_caffe") == "open-mmlab://bninception_caffe"
    with pytest.raises(ValueError, match="'torchvision://resnet51' is unknown; known:.* resnet50"):
        resolve_address("torchvision://resnet51")


def test_addresses_are_left_to_mmengines_loader(monkeypatch):
    asked = []

    def load(address, map_location):
        asked.append(address)
        return Tiny().state_dict()

    monkeypatch.setattr(CheckpointLoader, "load_checkpoint", load)
    CrossModalityPretrained("open-mmlab://bninception_caffe")(Tiny())
    assert asked == ["open-mmlab://bninception_caffe"]
    scheme = CheckpointLoader._get_checkpoint_loader(asked[0])
    assert scheme.__name__ == "load_from_openmmlab"
