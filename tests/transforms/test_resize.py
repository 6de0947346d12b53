"""Resize gives MMAction2's pixels, in one block of memory."""

import numpy as np
import pytest
from mmaction.datasets.transforms import Resize as MMActionResize

from tsn_plugin.transforms import FormatShape, Resize, resize


def results(channels=3, size=(30, 40), count=4):
    images = np.random.default_rng(0).integers(0, 256, (count, *size, channels), dtype=np.uint8)
    return {"imgs": [image.copy() for image in images], "img_shape": size, "num_clips": count, "clip_len": 1}


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "area", "lanczos"])
@pytest.mark.parametrize(("scale", "keep_ratio"), [((-1, 16), True), ((50, 60), False), (0.5, True)])
@pytest.mark.parametrize("channels", [2, 3])
@pytest.mark.parametrize("large", [1, resize.LARGE_BLOCK])
def test_the_same_as_mmaction2(channels, scale, keep_ratio, interpolation, large, monkeypatch):
    monkeypatch.setattr(resize, "LARGE_BLOCK", large)
    ours = Resize(scale, keep_ratio, interpolation).transform(results(channels))
    theirs = MMActionResize(scale, keep_ratio, interpolation).transform(results(channels))
    np.testing.assert_array_equal(np.stack(ours.pop("imgs")), np.stack(theirs.pop("imgs")))
    np.testing.assert_array_equal(ours.pop("scale_factor"), theirs.pop("scale_factor"))
    assert ours == theirs


def test_grey_planes_are_resized_too():
    planes = [np.full((30, 40), 7, np.uint8)] * 2
    resized = Resize((20, 10), keep_ratio=False).transform({"imgs": planes, "img_shape": (30, 40)})["imgs"]
    assert [image.shape for image in resized] == [(10, 20)] * 2
    assert np.stack(resized).min() == np.stack(resized).max() == 7


def test_images_of_the_size_are_not_touched():
    before = results()
    images = list(before["imgs"])
    assert all(a is b for a, b in zip(Resize((40, 30), keep_ratio=False).transform(before)["imgs"], images))


@pytest.fixture
def one_block(monkeypatch):
    monkeypatch.setattr(resize, "LARGE_BLOCK", 1)


def test_large_images_are_not_copied_on_the_way_to_the_network(one_block):
    resized = Resize((20, 16), keep_ratio=False).transform(results())
    block = resized["imgs"][0].base
    formatted = FormatShape("NCHW").transform({**resized, "modality": "RGB"})
    assert formatted["imgs"].shape == (4, 3, 16, 20)
    assert np.shares_memory(formatted["imgs"], block)


@pytest.mark.parametrize("change", [lambda images: images[::-1], lambda images: [image[:8] for image in images]])
def test_what_was_reordered_or_cropped_since_is_copied(change, one_block):
    images = change(Resize((20, 16), keep_ratio=False).transform(results())["imgs"])
    formatted = FormatShape("NCHW").transform({"imgs": images, "modality": "RGB", "num_clips": 4, "clip_len": 1})
    np.testing.assert_array_equal(formatted["imgs"], np.stack(images).transpose(0, 3, 1, 2))


def test_lists_are_taken_and_wrong_values_named():
    assert Resize([-1, 256]).scale == (np.inf, 256)
    with pytest.raises(ValueError, match="interpolation='cubic' is unknown; known: nearest, bilinear"):
        Resize((1, 1), interpolation="cubic")
    with pytest.raises(TypeError, match="Scale must be float or tuple"):
        Resize("256")
