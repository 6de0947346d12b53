from __future__ import annotations

import numpy as np
import pytest
import torch

from tsn_plugin.models.weights.caffe import CaffeLayer
from tsn_plugin.models.weights.caffe_layers import caffe_entries

VECTORS = ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [0.25, 4.0])


def layer(name, kind, *arrays, bottom="", top=""):
    blobs = tuple(np.array(array, np.float32) for array in arrays)
    return CaffeLayer(name, kind, blobs, (bottom,), (top or name,))


def values(entries):
    return {name: value.tolist() for name, value in entries.items()}


@pytest.mark.parametrize("shape", [(2,), (1, 2), (1, 2, 1, 1), (1, 1, 1, 2)])
def test_bn_blobs_of_every_shape_in_their_order(shape):
    arrays = [np.reshape(vector, shape) for vector in VECTORS]
    assert values(caffe_entries([layer("a_bn", "BN", *arrays)])) == {
        "a_bn.weight": [1, 2],
        "a_bn.bias": [3, 4],
        "a_bn.running_mean": [5, 6],
        "a_bn.running_var": [0.25, 4],
    }


def test_inverse_deviations_become_variances():
    entries = caffe_entries([layer("a_bn", "BN", *VECTORS)], inverse_std=True)
    # 1 / 0.25**2 - 1e-5 and 1 / 4**2 - 1e-5
    torch.testing.assert_close(entries["a_bn.running_var"], torch.tensor([16 - 1e-5, 0.0625 - 1e-5]), rtol=0, atol=1e-6)


def test_weights_of_old_and_new_shapes():
    fc, bias = [[1.0, 2.0], [3.0, 4.0]], [5.0, 6.0]
    old = caffe_entries([layer("fc", "InnerProduct", [[fc]], [[[bias]]])])
    assert values(old) == values(caffe_entries([layer("fc", "InnerProduct", fc, bias)]))
    assert values(old) == {"fc.weight": fc, "fc.bias": bias}
    assert caffe_entries([layer("c", "Convolution", np.ones((2, 3, 1, 1)))])["c.weight"].shape == (2, 3, 1, 1)


def test_standard_caffes_two_layers_become_one():
    """In place and interleaved with another branch, as Caffe may write them."""
    layers = [
        layer("c", "Convolution", np.ones((2, 1, 1, 1)), bottom="data"),
        layer("d", "Convolution", np.ones((2, 1, 1, 1)), bottom="data"),
        layer("bn_c", "BatchNorm", [2.0, 4.0], [6.0, 8.0], [2.0], bottom="c", top="c"),
        layer("bn_d", "BatchNorm", [2.0, 4.0], [6.0, 8.0], [0.0], bottom="d", top="bn_d"),
        layer("scale_c", "Scale", [1.0, 2.0], [3.0, 4.0], bottom="c", top="c"),
    ]
    found = values(caffe_entries(layers))
    # sums over a factor of 2; a factor of 0 gives 0, and without a Scale gamma is 1 and beta 0
    assert found["c_bn.running_mean"] == [1, 2]
    assert found["c_bn.running_var"] == [3, 4]
    assert (found["c_bn.weight"], found["c_bn.bias"]) == ([1, 2], [3, 4])
    assert found["d_bn.running_mean"] == [0, 0]
    assert (found["d_bn.weight"], found["d_bn.bias"]) == ([1, 1], [0, 0])
    assert list(found)[:3] == ["c.weight", "d.weight", "c_bn.weight"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([layer("p", "PReLU", [1.0])], "layer 'p' of type 'PReLU' has weights.*known: Convolution"),
        ([layer("a", "BN", *VECTORS[:3])], "layer 'a' of type BN has 3 arrays instead of 4"),
        ([layer("c", "Convolution", [1.0], [1.0], [1.0])], "has 3 arrays instead of 1 or 2"),
        ([layer("a", "BN", *VECTORS[:3], [-1.0, 1.0])], "fourth array holds -1.0, which is no variance"),
        ([layer("s", "Scale", [1.0], bottom="x")], "layer 's' of type Scale reads x, which no layer"),
        ([layer("a", "BN", *VECTORS), layer("a", "BN", *VECTORS)], "two layers are called 'a'"),
        (
            [layer("c", "Convolution", [1.0]), layer("b", "BatchNorm", [1.0], [1.0], [1.0, 2.0], bottom="c")],
            "has 2 factors instead of 1",
        ),
    ],
)
def test_layers_that_are_not_what_they_say(layers, message):
    with pytest.raises(ValueError, match=message):
        caffe_entries(layers)


def test_a_zero_is_no_inverse_deviation():
    with pytest.raises(ValueError, match="holds 0.0, which is no inverse deviation"):
        caffe_entries([layer("a", "BN", *VECTORS[:3], [0.0, 1.0])], inverse_std=True)
