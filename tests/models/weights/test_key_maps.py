from __future__ import annotations

import pytest
import torch

from tsn_plugin.models.weights.key_maps import (
    SOURCES,
    TARGETS,
    bare_to_ours,
    caffe_to_ours,
    detect,
    tsn_pytorch_to_ours,
)
from tsn_plugin.models.weights.networks import HEAD, NETWORKS, recognise

PAIRS = [(target, network) for target in TARGETS for network in ("bninception", "inception_v3", "resnet18", "resnet50")]


def ours(network):
    """Our names of a whole recognizer, each with itself as value."""
    own = NETWORKS[network].entries(3)
    return own, {name: name for name in (*own, *HEAD)}


@pytest.mark.parametrize(("target", "network"), [*PAIRS, ("bare", "vgg16"), ("bare", "googlenet")])
def test_names_come_back_from_every_system(target, network):
    own, names = ours(network)
    there = TARGETS[target].from_ours(names, NETWORKS[network], own)
    assert len(there) == len(names)
    assert SOURCES[target].to_ours(there, NETWORKS[network], own) == names


@pytest.mark.parametrize(("target", "network"), PAIRS)
def test_systems_and_networks_are_told_by_the_names(target, network):
    own, _ = ours(network)
    there = TARGETS[target].from_ours(own, NETWORKS[network], own)
    # mmaction 0.1 differs from MMAction2 in residual networks only
    expected = "mmaction" if target == "mmaction-0.1" and "inception" in network else target
    assert detect(list(there))[0] == expected
    assert recognise(there) is NETWORKS[network]


def test_names_by_hand():
    own, names = ours("resnet18")
    tsn_pytorch = TARGETS["tsn-pytorch"].from_ours(names, NETWORKS["resnet18"], own)
    by_ours = {value: name for name, value in tsn_pytorch.items()}
    assert by_ours["backbone.conv1.conv.weight"] == "module.base_model.conv1.weight"
    assert by_ours["backbone.conv1.bn.running_var"] == "module.base_model.bn1.running_var"
    assert by_ours["backbone.layer2.0.conv2.bn.bias"] == "module.base_model.layer2.0.bn2.bias"
    assert by_ours["backbone.layer2.0.downsample.conv.weight"] == "module.base_model.layer2.0.downsample.0.weight"
    assert by_ours["backbone.layer2.0.downsample.bn.weight"] == "module.base_model.layer2.0.downsample.1.weight"
    assert by_ours["cls_head.fc_cls.bias"] == "module.new_fc.bias"


def test_caffes_names_by_hand():
    names = ["conv1/7x7_s2.weight", "inception_3a/double_3x3_1_bn.running_var", "fc-action.bias", "fc6.weight"]
    assert list(caffe_to_ours(dict.fromkeys(names), NETWORKS["bninception"], {})) == [
        "backbone.conv1_7x7_s2.weight",
        "backbone.inception_3a_double_3x3_1_bn.running_var",
        "cls_head.fc_cls.bias",
        "backbone.fc6.weight",
    ]
    for classifier in ("fc", "fc8", "fc8-ucf", "fc_hmdb", "loss3/classifier"):
        assert list(caffe_to_ours({f"{classifier}.weight": 0}, NETWORKS["vgg16"], {})) == ["cls_head.fc_cls.weight"]


def test_tsn_pytorch_without_dropout_or_data_parallel():
    named = {"base_model.conv1_7x7_s2.weight": 0, "base_model.fc.weight": 1}
    assert tsn_pytorch_to_ours(named, NETWORKS["bninception"], {}) == {
        "backbone.conv1_7x7_s2.weight": 0,
        "cls_head.fc_cls.weight": 1,
    }


def test_two_entries_never_become_one():
    with pytest.raises(ValueError, match="two entries of the file become 'cls_head.fc_cls.weight'"):
        tsn_pytorch_to_ours({"base_model.fc.weight": 0, "new_fc.weight": 1}, NETWORKS["bninception"], {})


def test_torchvisions_vgg():
    own, _ = ours("vgg16")
    named = {"features.0.weight": 0, "features.28.bias": 1, "classifier.0.weight": 2, "classifier.6.bias": 3}
    assert bare_to_ours(named, NETWORKS["vgg16"], own) == {
        "backbone.conv1_1.weight": 0,
        "backbone.conv5_3.bias": 1,
        "backbone.fc6.weight": 2,
        "cls_head.fc_cls.bias": 3,
    }


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["module.base_model.conv1.weight", "module.new_fc.weight"], ("tsn-pytorch", "1 names begin with base_model.")),
        (["backbone.bn1.weight", "backbone.layer1.0.bn1.weight"], ("mmaction-0.1", "backbone. is followed by torch")),
        (["backbone.x.weight", "cls_head.fc_cls.weight"], ("mmaction", "1 names begin with backbone.")),
        (["conv1.weight", "fc.weight"], ("bare", "the layers have no prefix (conv1, fc ...)")),
    ],
)
def test_detection_says_what_it_saw(names, expected):
    found, reason = detect(names)
    assert found == expected[0]
    assert reason.startswith(expected[1])


def test_names_of_no_system_are_an_error():
    with pytest.raises(ValueError, match="begin with encoder, head, which tells no format; known: caffe .*mmaction"):
        detect(["encoder.0.weight", "head.weight"])


def test_relatives_are_not_taken_for_the_network():
    resnet = NETWORKS["resnet50"].entries(3)
    wide = {**resnet, "backbone.layer1.0.conv2.conv.weight": torch.zeros(128, 4, 3, 3)}
    assert recognise(wide) is None
    vgg19 = {"features.28.weight": torch.zeros(1), "features.34.weight": torch.zeros(1)}
    assert recognise(vgg19) is None
    assert recognise({"fc.weight": torch.zeros(1)}) is None
