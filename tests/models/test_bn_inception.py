from __future__ import annotations

import numpy as np
import pytest
import torch

from tsn_plugin.models.backbones import BNInception
from tsn_plugin.models.state_dicts import repeat_mean_over_input
from tsn_plugin.registry import MODELS

NAMES = "bninception_state_dict.json"


@pytest.fixture(scope="module")
def backbone(formula_weights):
    model = BNInception().eval()
    model.load_state_dict(formula_weights(NAMES), strict=False)
    return model


def test_layers_have_the_names_and_shapes_of_the_checkpoint_in_its_order(formula_weights):
    expected = {name: tuple(value.shape) for name, value in formula_weights(NAMES).items()}
    own = {name: tuple(value.shape) for name, value in BNInception().state_dict().items()}
    own = {name: shape for name, shape in own.items() if not name.endswith("num_batches_tracked")}
    assert list(own.items()) == list(expected.items())


@pytest.mark.parametrize(("channels", "parameters"), [(3, 10_270_240), (10, 10_292_192), (15, 10_307_872)])
def test_number_of_parameters_is_the_originals(channels, parameters):
    assert sum(p.numel() for p in BNInception(in_channels=channels).parameters()) == parameters


@pytest.mark.parametrize(("modality", "channels"), [("rgb", 3), ("flow", 10), ("rgbdiff", 15)])
def test_forward_equals_the_original(golden, formula_weights, record_concats, modality, channels):
    expected = np.load(golden / "case01_bninception_forward.npz")
    weights = formula_weights(NAMES)
    if channels != 3:
        weights["conv1_7x7_s2.weight"] = repeat_mean_over_input(weights["conv1_7x7_s2.weight"], channels)
    model = BNInception(in_channels=channels).eval()
    model.load_state_dict(weights, strict=False)
    records = record_concats(model)
    noise = np.random.RandomState(channels).uniform(0, 255, (2, channels, 224, 224))
    images = (noise.round() - 128).astype(np.float32) / 64
    with torch.no_grad():
        features = model(torch.from_numpy(images))
    assert features.shape == (2, 1024, 7, 7)
    scale = abs(expected[f"{modality}_feature"]).max()
    np.testing.assert_allclose(features.mean((2, 3)), expected[f"{modality}_feature"], rtol=1e-4, atol=1e-6 * scale)
    np.testing.assert_allclose(
        float(weights["conv1_7x7_s2.weight"].abs().sum()), expected[f"{modality}_conv1_abs_sum"], rtol=1e-4
    )
    assert len(records) == 10
    for name, statistics in records.items():
        np.testing.assert_allclose(statistics, expected[f"{modality}_{name}_output_mean_std"], rtol=1e-4)


def test_output_is_a_32nd_of_the_input():
    with torch.no_grad():
        assert BNInception()(torch.zeros(1, 3, 64, 96)).shape == (1, 1024, 2, 3)


@pytest.mark.parametrize("size", [(100, 224), (224, 48)])
def test_sides_that_are_no_multiple_of_32_are_refused_by_size(backbone, size):
    with pytest.raises(ValueError, match=f"{size[0]}x{size[1]}.*multiples of 32"):
        backbone(torch.zeros(1, 3, *size))


def test_bn_tensors_with_two_axes_are_accepted(formula_weights):
    weights = formula_weights(NAMES)
    converted = {name: value[None] if "_bn." in name else value for name, value in weights.items()}
    model = BNInception()
    model.load_state_dict(converted, strict=False)
    for name, value in weights.items():
        assert torch.equal(model.state_dict()[name], value), name


def test_bn_tensors_of_another_length_are_refused(formula_weights):
    weights = formula_weights(NAMES)
    weights["conv1_7x7_s2_bn.weight"] = torch.zeros(1, 63)
    with pytest.raises(RuntimeError, match="conv1_7x7_s2_bn.weight"):
        BNInception().load_state_dict(weights, strict=False)


def test_channels_last_gives_the_same_features(backbone):
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        expected = backbone(images)
        actual = BNInception().eval()
        actual.load_state_dict(backbone.state_dict())
        actual = actual.to(memory_format=torch.channels_last)(images.to(memory_format=torch.channels_last))
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)


def test_the_whole_network_is_one_graph_for_the_compiler(backbone):
    images = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        actual = torch.compile(backbone, backend="eager", fullgraph=True)(images)
        torch.testing.assert_close(actual, backbone(images))


def test_the_default_initialisation_keeps_the_scale_of_the_signal():
    model = MODELS.build(dict(type="BNInception", _scope_="tsn_plugin"))
    model.init_weights()
    with torch.no_grad():
        features = model.eval()(torch.randn(2, 3, 64, 64))
    assert 0.05 < float(features.std()) < 20
    assert not model.conv1_7x7_s2.bias.any()
