import pytest
import torch
import torch.nn.functional as F

from tsn_plugin.models.backbones import GoogLeNet
from tsn_plugin.models.backbones.googlenet import BLOCKS, LocalResponseNorm
from tsn_plugin.registry import MODELS

WIDTHS = {"3a": 256, "3b": 480, "4a": 512, "4b": 512, "4c": 512, "4d": 528, "4e": 832, "5a": 832, "5b": 1024}


def block_parameters(channels, conv1, conv3, conv5, projection):
    """Weights and biases of one block, from the paper's Table 1."""
    weights = channels * (conv1 + conv3[0] + conv5[0] + projection) + 9 * conv3[0] * conv3[1] + 25 * conv5[0] * conv5[1]
    return weights + conv1 + sum(conv3) + sum(conv5) + projection


def test_blocks_have_the_widths_of_the_paper():
    for name, conv1, conv3, conv5, projection in BLOCKS:
        assert conv1 + conv3[1] + conv5[1] + projection == WIDTHS[name]


def test_number_of_parameters():
    stem = 3 * 64 * 49 + 64 + 64 * 64 + 64 + 64 * 192 * 9 + 192
    inputs = [192, *list(WIDTHS.values())[:-1]]
    expected = stem + sum(block_parameters(channels, *row[1:]) for channels, row in zip(inputs, BLOCKS))
    assert sum(parameter.numel() for parameter in GoogLeNet().parameters()) == expected == 5_973_552


def test_layers_have_caffes_names():
    names = [name for name, _ in GoogLeNet().named_parameters()]
    assert names[:4] == ["conv1_7x7_s2.weight", "conv1_7x7_s2.bias", "conv2_3x3_reduce.weight", "conv2_3x3_reduce.bias"]
    assert "inception_4e_5x5_reduce.weight" in names
    assert "inception_5b_pool_proj.bias" in names


@pytest.mark.parametrize("in_channels", [3, 10])
def test_output_is_a_32nd_of_the_input(in_channels):
    backbone = MODELS.build(dict(type="tsn_plugin.GoogLeNet", in_channels=in_channels))
    # Caffe rounds up: 224 -> 112 -> 56 -> 28 -> 14 -> 7
    with torch.no_grad():
        assert backbone(torch.zeros(1, in_channels, 224, 224)).shape == (1, 1024, 7, 7)


def test_gradients_reach_the_first_layer():
    backbone = GoogLeNet()
    backbone.init_weights()
    backbone(torch.randn(2, 3, 64, 64)).sum().backward()
    assert backbone.conv1_7x7_s2.weight.grad.abs().sum() > 0


def test_response_norm_is_caffes():
    """Caffe: ``x / (1 + alpha / n * sum of squares over n channels) ^ beta``, channels outside count as zero."""
    x = torch.randn(1, 7, 2, 2) * 50
    squares = F.pad(x.square(), (0, 0, 0, 0, 2, 2))
    sums = torch.stack([squares[:, channel : channel + 5].sum(1) for channel in range(7)], dim=1)
    torch.testing.assert_close(LocalResponseNorm()(x), x / (1 + 1e-4 / 5 * sums) ** 0.75)
