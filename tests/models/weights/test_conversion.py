from __future__ import annotations

import numpy as np
import pytest
import torch
from mmaction.models.backbones import ResNet
from mmengine.logging import HistoryBuffer
from mmengine.runner import load_checkpoint
from torch import nn

from tsn_plugin.models.backbones import BNInception
from tsn_plugin.models.heads import TSNHead
from tsn_plugin.models.recognizers import Recognizer2D
from tsn_plugin.models.weights import convert_file

pytestmark = pytest.mark.usefixtures("mmaction_scope")
CLASSES = 5
SMALL = "resnet18"


def recognizer(backbone="tsn_plugin.BNInception", features=1024, **options):
    head = dict(type="tsn_plugin.TSNHead", num_classes=CLASSES, in_channels=features)
    return Recognizer2D(backbone=dict(type=backbone, **options), cls_head=head).eval()


def small(**options):
    return recognizer("mmaction.ResNet", 512, depth=18, **options)


def entries(path):
    return torch.load(path, weights_only=True)["state_dict"]


def without_counters(state):
    return {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


def assert_same(found, expected):
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


@pytest.fixture(scope="module")
def bn_inception(randomise):
    """A whole recognizer with random weights, an input, and its scores."""
    torch.manual_seed(0)
    backbone = BNInception(in_channels=10)
    head = TSNHead(CLASSES, 1024)
    randomise(backbone)
    randomise(head, seed=1)
    views = torch.rand(2, 10, 64, 64, generator=torch.Generator().manual_seed(2)) * 255 - 128
    with torch.no_grad():
        scores = head(backbone(views), 2)
    state = {f"backbone.{name}": value for name, value in backbone.state_dict().items()}
    state.update({f"cls_head.{name}": value for name, value in head.state_dict().items()})
    return without_counters(state), views, scores


def caffe_name(ours):
    """``inception_3a_double_3x3_1`` as ``inception_3a/double_3x3_1``."""
    stage, rest = ours.split("_", 2)[:2], ours.split("_", 2)[2:]
    return f"{'_'.join(stage)}/{rest[0]}" if ours.startswith("inception") else ours.replace("_", "/", 1)


def caffe_layers(state, style="BN"):
    """The layers of a BN-Inception as the release has them, or as standard Caffe would."""
    layers = []
    for name in dict.fromkeys(name.rpartition(".")[0] for name in state):
        arrays = {key.rpartition(".")[2]: value.numpy() for key, value in state.items() if key.startswith(f"{name}.")}
        layer = "fc-action" if name.startswith("cls_head") else caffe_name(name.partition(".")[2])
        weight, bias = arrays["weight"], arrays["bias"]
        if "running_var" not in arrays:
            kind = "InnerProduct" if layer == "fc-action" else "Convolution"
            layers.append((layer, kind, [weight, bias], "", layer))
            continue
        mean, variance, conv = arrays["running_mean"], arrays["running_var"], layer[: -len("_bn")]
        if style == "BN":
            blobs = [array[None] for array in (weight, bias, mean, variance)]
            layers.append((layer, "BN", blobs, conv, layer))
        else:  # sums over a factor of 4, exact in binary
            layers.append((f"{conv}/bn", "BatchNorm", [mean * 4, variance * 4, np.array([4.0])], conv, conv))
            layers.append((f"{conv}/scale", "Scale", [weight, bias], conv, conv))
    return layers


@pytest.mark.parametrize(("v1", "style"), [(False, "BN"), (True, "BN"), (False, "BatchNorm")])
def test_a_caffemodel_gives_the_same_scores(tmp_path, write_caffemodel, bn_inception, v1, style):
    state, views, scores = bn_inception
    (tmp_path / "net.caffemodel").write_bytes(write_caffemodel(caffe_layers(state, style), v1=v1))
    done = convert_file(tmp_path / "net.caffemodel", tmp_path / "net.pth")
    converted = entries(tmp_path / "net.pth")
    assert set(converted) == set(state)
    assert all(torch.equal(converted[name], value) for name, value in state.items())
    assert (done.source_format, done.network, done.in_channels, done.num_classes) == ("caffe", "bninception", 10, 5)
    assert (done.converted, done.unused, done.missing) == (len(state), (), ())
    if v1 or style != "BN":
        return  # equal weights, so equal scores
    model = recognizer(in_channels=10)
    load_checkpoint(model, str(tmp_path / "net.pth"), strict=True)
    with torch.no_grad():
        torch.testing.assert_close(model.cls_head(model.backbone(views), 2), scores, rtol=1e-5, atol=1e-5)


def test_old_caffemodels_hold_inverse_deviations(tmp_path, write_caffemodel, bn_inception):
    state, _, _ = bn_inception
    old = {k: (v + 1e-5).rsqrt() if k.endswith("running_var") else v for k, v in state.items()}
    (tmp_path / "net.caffemodel").write_bytes(write_caffemodel(caffe_layers(old)))
    convert_file(tmp_path / "net.caffemodel", tmp_path / "net.pth", inverse_std=True)
    for name, value in entries(tmp_path / "net.pth").items():
        torch.testing.assert_close(value, state[name], rtol=1e-5, atol=1e-6)


def test_layers_without_bias_get_zeros(tmp_path, write_caffemodel, bn_inception):
    state, _, _ = bn_inception
    layers = [(n, kind, blobs[: 1 if kind == "Convolution" else None], *links) for n, kind, blobs, *links in
              caffe_layers(state)]  # fmt: skip
    (tmp_path / "net.caffemodel").write_bytes(write_caffemodel(layers))
    assert convert_file(tmp_path / "net.caffemodel", tmp_path / "net.pth").missing == ()
    assert not entries(tmp_path / "net.pth")["backbone.conv1_7x7_s2.bias"].any()


def test_the_released_bn_inception(tmp_path, bn_inception):
    state, _, _ = bn_inception
    released = {}
    for name, value in state.items():
        bare = name.replace("backbone.", "").replace("cls_head.fc_cls", "fc")
        released[bare] = value[None] if "_bn." in name else value
    torch.save(released, tmp_path / "released.pth")
    done = convert_file(tmp_path / "released.pth", tmp_path / "net.pth")
    assert_same(entries(tmp_path / "net.pth"), state)
    assert (done.source_format, done.reason) == ("bare", "the layers have no prefix (conv1_7x7_s2, conv1_7x7_s2_bn, "
                                                         "conv2_3x3 ...)")  # fmt: skip
    assert "normalization='caffe'" in done.images


@pytest.mark.parametrize("target", ["tsn-pytorch", "mmaction-0.1", "bare", "mmaction"])
@pytest.mark.parametrize("network", ["bninception", SMALL])
def test_there_and_back_bit_by_bit(tmp_path, bn_inception, randomise, target, network):
    state = bn_inception[0] if network == "bninception" else randomise(small()).state_dict()
    torch.save({"state_dict": state, "meta": {}}, tmp_path / "ours.pth")
    convert_file(tmp_path / "ours.pth", tmp_path / "theirs.pth", target_format=target)
    done = convert_file(tmp_path / "theirs.pth", tmp_path / "back.pth")
    assert_same(entries(tmp_path / "back.pth"), state)
    # and their file from ours again
    convert_file(tmp_path / "back.pth", tmp_path / "again.pth", target_format=target)
    assert_same(entries(tmp_path / "again.pth"), entries(tmp_path / "theirs.pth"))
    assert (done.network, done.missing, done.unused) == (network, (), ())


class Block(nn.Module):
    """torchvision's bottleneck, written from He et al. 2016 with the stride on the 3x3."""

    def __init__(self, channels, width, stride, downsample):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, width * 4, 1, bias=False), nn.BatchNorm2d(width * 4)
        if downsample:
            shortcut = nn.Conv2d(channels, width * 4, 1, stride, bias=False)
            self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(width * 4))

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        return (y + (self.downsample(x) if hasattr(self, "downsample") else x)).relu()


class TorchvisionResNet50(nn.Module):
    """ResNet-50 with torchvision's names."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for stage, (width, count) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), start=1):
            blocks = []
            for block in range(count):
                stride = 2 if stage > 1 and block == 0 else 1
                blocks.append(Block(channels, width, stride, downsample=block == 0))
                channels = width * 4
            setattr(self, f"layer{stage}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, CLASSES)

    def features(self, x):
        x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


def test_torchvisions_resnet_gives_the_same_features_in_mmactions(tmp_path, randomise):
    theirs = randomise(TorchvisionResNet50())
    state = {f"module.base_model.{name}": value for name, value in theirs.state_dict().items()}
    torch.save({"state_dict": state, "epoch": 3, "arch": "resnet50", "best_prec1": torch.tensor(7.0)}, tmp_path / "a")
    done = convert_file(tmp_path / "a", tmp_path / "b")
    assert (done.source_format, done.network, done.missing) == ("tsn-pytorch", "resnet50", ())
    ours = ResNet(50)
    ours.eval()  # returns None in MMAction2
    ours.load_state_dict({k[9:]: v for k, v in entries(tmp_path / "b").items() if k.startswith("backbone.")})
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs.features(image), rtol=1e-5, atol=1e-5)
    assert torch.equal(entries(tmp_path / "b")["cls_head.fc_cls.weight"], theirs.fc.weight)


def test_what_tsn_pytorchs_tools_read_is_written(tmp_path, randomise):
    torch.save(randomise(small()).state_dict(), tmp_path / "a")
    convert_file(tmp_path / "a", tmp_path / "b", target_format="tsn-pytorch")
    written = torch.load(tmp_path / "b", weights_only=True)
    assert (written["epoch"], written["arch"], written["best_prec1"]) == (0, "resnet18", 0.0)
    assert written["meta"]["in_channels"] == 3
    assert written["meta"]["converted_from"] == "a"


def test_a_training_checkpoint_of_mmaction2_loses_all_but_the_weights(tmp_path, randomise):
    state = randomise(small()).state_dict()
    extra = {"data_preprocessor.mean": torch.zeros(3), "ema_backbone_conv1_conv_weight": torch.zeros(1)}
    history = {"log_scalars": {"loss": HistoryBuffer([1.0], [1])}}
    optimizer = {"state": {0: torch.zeros(1)}}
    torch.save({"state_dict": {**state, **extra}, "message_hub": history, "optimizer": optimizer}, tmp_path / "a")
    done = convert_file(tmp_path / "a", tmp_path / "b")
    assert set(torch.load(tmp_path / "b", weights_only=True)) == {"state_dict", "meta"}
    assert_same(entries(tmp_path / "b"), state)
    assert (done.left_out, done.source_format) == (tuple(extra), "mmaction")
    assert done.images == "as in the config that the model was trained with"


def test_mmaction2s_other_networks_pass_unchanged_but_only_to_mmaction2(tmp_path):
    state = {"backbone.patch_embed.proj.weight": torch.rand(2, 3, 4, 4), "cls_head.fc_cls.weight": torch.rand(2, 2)}
    torch.save(state, tmp_path / "a")
    done = convert_file(tmp_path / "a", tmp_path / "b")
    assert_same(entries(tmp_path / "b"), state)
    assert (done.network, done.in_channels, done.missing) == (None, 3, ())
    assert "backbone     unknown" in done.summary()
    with pytest.raises(ValueError, match=r"is none of bninception.*first entries: backbone.patch_embed.*--backbone"):
        convert_file(tmp_path / "a", tmp_path / "c", target_format="tsn-pytorch")


def test_networks_of_the_same_layers_with_other_names_pass_unchanged(tmp_path, randomise):
    theirs = {f"backbone.{name}": value for name, value in randomise(TorchvisionResNet50()).state_dict().items()}
    torch.save(theirs, tmp_path / "mmpretrain.pth")
    done = convert_file(tmp_path / "mmpretrain.pth", tmp_path / "b", source_format="mmaction")
    assert_same(entries(tmp_path / "b"), theirs)
    assert (done.network, done.missing) == (None, ())
    with pytest.raises(ValueError, match="no entry of the backbone .*name the format with --from"):
        convert_file(tmp_path / "mmpretrain.pth", tmp_path / "c", source_format="mmaction", target_format="tsn-pytorch")


def test_what_only_mmaction2_knows_is_not_written_for_others(tmp_path, randomise):
    state = {**randomise(small()).state_dict(), "cls_head.fc_tags.weight": torch.zeros(1)}
    torch.save(state, tmp_path / "a")
    assert convert_file(tmp_path / "a", tmp_path / "b").unused == ()
    assert_same(entries(tmp_path / "b"), state)
    with pytest.raises(ValueError, match="1 entries without a place in resnet18.*cls_head.fc_tags.weight"):
        convert_file(tmp_path / "a", tmp_path / "c", target_format="tsn-pytorch")


def test_entries_without_a_place_need_permission(tmp_path, randomise):
    state = {f"base_model.{name[9:]}": v for name, v in randomise(small()).state_dict().items() if "backbone" in name}
    torch.save({**state, "base_model.aux.weight": torch.zeros(1)}, tmp_path / "a")
    with pytest.raises(ValueError, match=r"1 entries without a place in resnet18.*: base_model.aux.weight.*--allow-un"):
        convert_file(tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "b").exists()
    done = convert_file(tmp_path / "a", tmp_path / "b", allow_unused=True)
    assert done.unused == ("base_model.aux.weight",)
    assert done.missing == ("cls_head.fc_cls.weight", "cls_head.fc_cls.bias")
    assert done.num_classes is None
    assert "unused       1: base_model.aux.weight" in done.summary()
    assert "missing      2: cls_head.fc_cls.weight, cls_head.fc_cls.bias" in done.summary()


def test_a_wrong_backbone_and_wrong_shapes_are_errors(tmp_path, randomise):
    state = randomise(small()).state_dict()
    torch.save(state, tmp_path / "a")
    with pytest.raises(ValueError, match=r"entries have another shape, the first is 'backbone.layer1.0.conv1.conv.wei"):
        convert_file(tmp_path / "a", tmp_path / "b", backbone="resnet50")
    with pytest.raises(ValueError, match="backbone='resnet' is unknown; known: bninception"):
        convert_file(tmp_path / "a", tmp_path / "b", backbone="resnet")
    with pytest.raises(
        ValueError, match=r"no entry of the backbone \(such as 'backbone.conv1_1.weight'\): name the format"
    ):
        convert_file(tmp_path / "a", tmp_path / "b", backbone="vgg16", source_format="bare")


def test_other_errors_say_what_to_do(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "empty")
    with pytest.raises(ValueError, match="empty holds no tensors by name"):
        convert_file(tmp_path / "empty", tmp_path / "b")
    torch.save({"encoder.weight": torch.zeros(1)}, tmp_path / "a")
    with pytest.raises(ValueError, match=r"begin with encoder, which tells no format.*Choose one with --from"):
        convert_file(tmp_path / "a", tmp_path / "b")
    with pytest.raises(ValueError, match=r"source_format='caffe' does not fit .*a, which is a PyTorch file"):
        convert_file(tmp_path / "a", tmp_path / "b", source_format="caffe")
    with pytest.raises(ValueError, match="target_format='onnx' is unknown; known: mmaction"):
        convert_file(tmp_path / "a", tmp_path / "b", target_format="onnx")
    with pytest.raises(ValueError, match="a is the source itself"):
        convert_file(tmp_path / "a", tmp_path / "a")
    with pytest.raises(FileNotFoundError, match="there is no file .*nowhere"):
        convert_file(tmp_path / "nowhere", tmp_path / "b")


class Payload:
    """Would create a file if it were unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_nothing_in_a_file_is_run(tmp_path):
    torch.save({"state_dict": {"conv1.weight": torch.zeros(1)}, "extra": Payload(tmp_path / "run")}, tmp_path / "a")
    with pytest.raises(ValueError, match=r"a cannot be loaded \(.*io.open.*\).*write those alone where you trust it"):
        convert_file(tmp_path / "a", tmp_path / "b")
    assert not (tmp_path / "run").exists()


def test_damaged_pytorch_files_are_value_errors(tmp_path, randomise):
    torch.save({"conv1.weight": torch.rand(4, 4)}, tmp_path / "a")
    content = (tmp_path / "a").read_bytes()
    for end in range(2, len(content), 97):
        (tmp_path / "cut").write_bytes(content[:end])
        with pytest.raises(ValueError, match="cut cannot be loaded"):
            convert_file(tmp_path / "cut", tmp_path / "b")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "cut"]


def test_a_failed_write_leaves_the_old_file(tmp_path, randomise, monkeypatch):
    torch.save(randomise(small()).state_dict(), tmp_path / "a")
    (tmp_path / "b").write_text("old")

    def full(checkpoint, path):
        path.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="no space left"):
        convert_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
