from __future__ import annotations

import numpy as np
import pytest
import torch

from tsn_plugin.models.backbones import InceptionV3
from tsn_plugin.models.state_dicts import repeat_mean_over_input

NAMES = "inceptionv3_state_dict.json"


def test_layers_have_the_names_and_shapes_of_the_checkpoint_in_its_order(formula_weights):
    expected = {name: tuple(value.shape) for name, value in formula_weights(NAMES, "top_cls_fc").items()}
    own = {name: tuple(value.shape) for name, value in InceptionV3().state_dict().items()}
    own = {name: shape for name, shape in own.items() if not name.endswith("num_batches_tracked")}
    assert list(own.items()) == list(expected.items())


@pytest.mark.parametrize(("modality", "channels"), [("rgb", 3), ("flow", 10)])
def test_forward_equals_the_original(golden, formula_weights, record_concats, modality, channels):
    expected = np.load(golden / "case01_inceptionv3_forward.npz")
    weights = formula_weights(NAMES, "top_cls_fc")
    if channels != 3:
        weights["conv_Conv2D.weight"] = repeat_mean_over_input(weights["conv_Conv2D.weight"], channels)
    model = InceptionV3(in_channels=channels).eval()
    model.load_state_dict(weights, strict=False)
    records = record_concats(model)
    noise = np.random.RandomState(channels).uniform(0, 255, (2, channels, 299, 299))
    images = (noise.round() - 128).astype(np.float32) / 64
    with torch.no_grad():
        features = model(torch.from_numpy(images))
    assert features.shape == (2, 2048, 8, 8)
    np.testing.assert_allclose(features.mean((2, 3)), expected[f"{modality}_feature"], rtol=1e-4, atol=1e-6)
    names = [name for name in records if not name.endswith("tower_mixed") and not name.endswith("tower_1_mixed")]
    assert len(names) == 11
    for name in names:
        np.testing.assert_allclose(records[name], expected[f"{modality}_{name}_join_mean_std"], rtol=1e-4)


def test_any_side_from_75_on_is_accepted():
    model = InceptionV3().eval()
    with torch.no_grad():
        assert model(torch.zeros(1, 3, 75, 100)).shape == (1, 2048, 1, 1)
        assert model(torch.zeros(1, 3, 160, 224)).shape == (1, 2048, 3, 5)


def test_smaller_images_are_refused_by_size():
    with pytest.raises(ValueError, match="74x299.*at least 75"):
        InceptionV3()(torch.zeros(1, 3, 74, 299))
