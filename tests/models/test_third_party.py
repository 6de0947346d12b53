"""Backbones of other packages; the networks themselves need the extra ``backbones``."""

import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import ConfigDict
from torch import nn

from tsn_plugin.models.backbones import VGG
from tsn_plugin.models.backbones.third_party import declared_feature_shape, require_package
from tsn_plugin.models.initializers import CrossModalityPretrained
from tsn_plugin.registry import MODELS

pytestmark = pytest.mark.usefixtures("mmaction_scope")

EXTRA = "installed by `make setup`, from tests/backbones.txt"
SMALL_SWIN = dict(img_size=56, embed_dim=16, depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 1))
BACKBONES = {
    # config, features
    "mmpretrain": (dict(type="mmpretrain.ResNeXt", depth=50, groups=32, width_per_group=4), 2048),
    "torchvision": (
        # two channels to start with, 1 + 1 blocks of one layer that adds 4, halved between them
        dict(type="torchvision.DenseNet", growth_rate=4, block_config=(1, 1), num_init_features=2, bn_size=1),
        (2 + 4) // 2 + 4,
    ),
    "timm": (dict(type="timm.swin_base_patch4_window7_224", pretrained=False, **SMALL_SWIN), 16 * 8),
}


def recognizer(backbone, channels=8):
    torch.manual_seed(0)
    head = dict(type="tsn_plugin.TSNHead", num_classes=4, in_channels=channels)
    return MODELS.build(
        dict(type="tsn_plugin.Recognizer2D", backbone=backbone, cls_head=head, test_cfg=dict(max_views=4))
    )


@pytest.mark.parametrize("package", BACKBONES)
def test_views_run_in_chunks_through_any_package(package):
    pytest.importorskip(f"{package}.models", reason=EXTRA)
    config, channels = BACKBONES[package]
    model = recognizer(ConfigDict(config), channels).eval()
    inputs = torch.rand(2, 3, 3, 56, 56)
    with torch.no_grad():
        in_chunks, _ = model.extract_feat(inputs, test_mode=True)
        at_once, _ = model.extract_feat(inputs)
        scores, _ = model.extract_feat(inputs, stage="head", test_mode=True)
    torch.testing.assert_close(in_chunks, at_once, rtol=1e-4, atol=1e-5)
    assert in_chunks.shape[:2] == (6, channels)
    assert scores.shape == (2, 4)


def test_a_config_is_built_twice():
    pytest.importorskip("torchvision.models", reason=EXTRA)
    config, channels = BACKBONES["torchvision"]
    config = dict(config)
    recognizer(config, channels)
    recognizer(config, channels)
    assert config == BACKBONES["torchvision"][0]


class ChannelsLast(nn.Module):
    """What the recognizer sees of a network of timm whose features are channels-last."""

    output_fmt = "NHWC"

    def forward_features(self, images):
        return images.permute(0, 2, 3, 1).repeat(1, 1, 1, 2)


@pytest.mark.parametrize("config", [{}, {"feature_shape": "NHWC"}])
def test_a_declared_layout_is_followed(monkeypatch, config):
    timm = SimpleNamespace(create_model=lambda name, num_classes: ChannelsLast())
    monkeypatch.setitem(sys.modules, "timm", timm)
    monkeypatch.setitem(sys.modules, "timm.models", timm)
    config = dict(type="timm.any", **config)
    images = torch.rand(2, 3, 3, 4, 5)
    for test_mode in (False, True):
        features, _ = recognizer(config, 6).extract_feat(images, test_mode=test_mode)
        torch.testing.assert_close(features[..., 0, 0], images.flatten(0, 1).mean(dim=(2, 3)).repeat(1, 2))
    assert config["type"] == "timm.any"  # the config is not used up


def test_channels_last_features_of_timm_are_pooled_over_the_image():
    pytest.importorskip("timm.models", reason=EXTRA)
    config, channels = BACKBONES["timm"]
    declared, said = (recognizer({**config, **more}, channels).eval() for more in ({}, {"feature_shape": "NHWC"}))
    images = torch.rand(1, 2, 3, 56, 56)
    with torch.no_grad():
        features = declared.extract_feat(images)[0]
        torch.testing.assert_close(features, said.extract_feat(images)[0])
        maps = declared.backbone.forward_features(images[0])
    torch.testing.assert_close(features[..., 0, 0], maps.mean(dim=(1, 2)))


def test_resnext_of_timm_takes_mmpretrains_weights():
    pytest.importorskip("mmpretrain.models", reason=EXTRA)
    timm = pytest.importorskip("timm", reason=EXTRA)
    theirs = MODELS.build(BACKBONES["mmpretrain"][0])
    theirs.eval()  # which returns nothing
    other = timm.create_model("resnext50_32x4d", num_classes=0).eval()
    other.load_state_dict(theirs.state_dict())
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(other.forward_features(images), theirs(images)[-1], rtol=1e-4, atol=1e-5)


def test_vgg_has_torchvisions_features(tmp_path):
    """All layers at their real width but ``fc6`` and ``fc7``, which hold nine tenths of the weights."""
    models = pytest.importorskip("torchvision.models", reason=EXTRA)
    theirs = models.VGG(models.vgg.make_layers(models.vgg.cfgs["D"]), init_weights=False)
    theirs.classifier = nn.Sequential(
        nn.Linear(25088, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 8), nn.ReLU(), nn.Dropout()
    )
    torch.save(theirs.eval().state_dict(), tmp_path / "vgg16.pth")
    ours = VGG(16, width=8).eval()
    CrossModalityPretrained(str(tmp_path / "vgg16.pth"))(ours)
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(ours(images).flatten(1), theirs(images))


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("torchvision.densenet161", "pip install torchvision"),
        ("timm.swin_base_patch4_window7_224", "pip install 'timm>=0.9'"),
        ("mmpretrain.ResNeXt", r"pip install mmpretrain \(not mim install.*timm.resnext101_32x4d"),
        ("mmcls.ResNeXt", "write mmpretrain in the place of mmcls"),
    ],
)
def test_a_missing_package_is_named_with_its_installation(monkeypatch, name, advice):
    package = name.partition(".")[0]
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.models", None)
    with pytest.raises(ImportError, match=f"needs the package {package}, which cannot be imported.*{advice}"):
        recognizer(dict(type=name))


def test_other_types_need_no_package():
    require_package("ResNet")
    require_package(nn.Conv2d)
    assert declared_feature_shape(nn.Conv2d(1, 1, 1)) is None
