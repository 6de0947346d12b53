import pytest
import torch
from torch import nn

from tsn_plugin.models.backbones import VGG
from tsn_plugin.models.initializers import CrossModalityPretrained
from tsn_plugin.registry import MODELS

#: torchvision's table of VGG-16: channels, or M for a pool
VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M")
WIDTH = 8


class TorchvisionVGG(nn.Module):
    """VGG-16 as torchvision builds it (``torchvision/models/vgg.py``), with narrow fully connected layers."""

    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for entry in VGG16:
            if entry == "M":
                layers.append(nn.MaxPool2d(2, 2))
            else:
                layers += [nn.Conv2d(channels, entry, 3, padding=1), nn.ReLU()]
                channels = entry
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 49, WIDTH), nn.ReLU(), nn.Dropout(), nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Dropout()
        )

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


@pytest.fixture(scope="module")
def torchvisions():
    torch.manual_seed(0)
    return TorchvisionVGG().eval()


@pytest.fixture
def file(torchvisions, tmp_path):
    weights = {**torchvisions.state_dict(), "classifier.6.weight": torch.zeros(1000, WIDTH)}
    torch.save(weights, tmp_path / "vgg16.pth")
    return str(tmp_path / "vgg16.pth")


@pytest.mark.parametrize("side", [64, 96])
def test_torchvisions_file_gives_torchvisions_features(torchvisions, file, side):
    backbone = VGG(16, width=WIDTH).eval()
    CrossModalityPretrained(file)(backbone)
    images = torch.randn(2, 3, side, side)
    with torch.no_grad():
        torch.testing.assert_close(backbone(images).flatten(1), torchvisions(images))


def test_flow_starts_from_the_mean_over_rgb(torchvisions, file):
    backbone = VGG(16, in_channels=10, width=WIDTH)
    CrossModalityPretrained(file)(backbone)
    expected = torchvisions.features[0].weight.mean(1, keepdim=True).expand(-1, 10, -1, -1)
    torch.testing.assert_close(backbone.conv1_1.weight, expected)


@pytest.mark.parametrize(("depth", "layers"), [(11, 10), (13, 12), (16, 15), (19, 18)])
def test_depth_counts_the_layers_with_weights_and_the_classifier(depth, layers):
    backbone = VGG(depth, width=2)
    assert sum(isinstance(layer, (nn.Conv2d, nn.Linear)) for layer in backbone.modules()) == layers
    assert len(backbone.checkpoint_names) == layers


def test_vgg16_has_the_published_number_of_parameters():
    # 138,357,544 with the classifier of 1000 classes, which has 4096 * 1000 + 1000
    convolutions = sum(parameter.numel() for name, parameter in VGG(width=1).named_parameters() if "conv" in name)
    assert convolutions + 512 * 49 * 4096 + 4096 + 4096 * 4096 + 4096 == 138_357_544 - 4_097_000


def test_output_is_ready_for_the_head():
    backbone = MODELS.build(dict(type="tsn_plugin.VGG", depth=11, in_channels=15, width=WIDTH))
    assert backbone(torch.zeros(2, 15, 32, 32)).shape == (2, WIDTH, 1, 1)


def test_other_depths_are_refused():
    with pytest.raises(ValueError, match="depth=12 is unknown; known: 11, 13, 16, 19"):
        VGG(12)
