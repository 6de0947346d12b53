import numpy as np
import pytest
import torch

from tsn_plugin.ops.flow_encoding import are_planes, mirrored_images, mirrored_snippets, negated_levels, quantize_flow

LEVELS = np.arange(256, dtype=np.uint8)


@pytest.mark.parametrize("make", [np.copy, torch.from_numpy, lambda x: torch.from_numpy(x).float()])
def test_negated_levels_are_256_minus_v_at_most_255(make):
    expected = np.minimum(256 - np.arange(256), 255)
    negated = negated_levels(make(LEVELS))
    assert negated.dtype == make(LEVELS).dtype
    assert np.array_equal(np.asarray(negated), expected)
    assert np.array_equal(np.asarray(negated_levels(make(LEVELS), legacy=True)), 255 - np.arange(256))


def test_zero_motion_stays_zero_and_twice_is_once():
    assert negated_levels(np.uint8([128])).tolist() == [128]
    assert negated_levels(np.uint8([128]), legacy=True).tolist() == [127]
    assert np.array_equal(negated_levels(negated_levels(LEVELS))[1:], LEVELS[1:])  # 0 has no counterpart
    assert np.array_equal(negated_levels(negated_levels(LEVELS, legacy=True), legacy=True), LEVELS)


def test_images_are_mirrored_by_hand():
    image = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    assert mirrored_images([image])[0].tolist() == [[[3, 4, 5], [0, 1, 2]]]
    single = np.array([[[1], [2]]], dtype=np.uint8)
    assert mirrored_images([single])[0].shape == (1, 2, 1)


def test_x_and_only_x_is_negated_in_both_layouts():
    x, y = np.array([[100, 128, 0]], dtype=np.uint8), np.array([[10, 20, 30]], dtype=np.uint8)
    expected_x, expected_y = [[255, 128, 156]], [[30, 20, 10]]
    fields = mirrored_images([np.stack([x, y], axis=-1)] * 3, is_flow=True)
    planes = mirrored_images([x, y] * 3, is_flow=True)
    for step in range(3):
        assert fields[step][..., 0].tolist() == planes[2 * step].tolist() == expected_x
        assert fields[step][..., 1].tolist() == planes[2 * step + 1].tolist() == expected_y
    assert mirrored_images([x, y], is_flow=True, legacy=True)[0].tolist() == [[255, 127, 155]]


def test_the_given_images_are_not_touched():
    images = [np.full((2, 3, 2), 7, dtype=np.uint8)]
    before = images[0].copy()
    mirrored_images(images, is_flow=True)
    assert np.array_equal(images[0], before)


def test_snippets_and_images_are_mirrored_alike():
    fields = np.random.RandomState(0).randint(0, 256, (5, 4, 6, 2), dtype=np.uint8)
    stack = torch.from_numpy(fields).permute(0, 3, 1, 2).reshape(1, 10, 4, 6)
    for legacy in (False, True):
        expected = np.stack(mirrored_images(list(fields), is_flow=True, legacy=legacy))
        mirrored = mirrored_snippets(stack, is_flow=True, legacy=legacy)
        assert np.array_equal(mirrored.reshape(5, 2, 4, 6).permute(0, 2, 3, 1).numpy(), expected)
    assert torch.equal(mirrored_snippets(stack), stack.flip(-1))


def test_unknown_flow_layouts_are_refused():
    assert are_planes([np.zeros((4, 5))])
    assert not are_planes([np.zeros((4, 5, 2))])
    with pytest.raises(ValueError, match=r"flow images have shape \(4, 5, 3\); expected \(H, W, 2\)"):
        are_planes([np.zeros((4, 5, 3))])


@pytest.mark.parametrize(
    ("pixels", "level"),
    [
        (-20.1, 0),
        (-20, 0),
        (0, 128),  # 127.5 to the even neighbour
        (20, 255),
        (20.1, 255),
        (1, 134),  # 255 * 21 / 40 = 133.875
        (-1, 121),  # 255 * 19 / 40 = 121.125
        (-7 / 51 * 20, 110),  # 255 * (1 - 7 / 51) / 2 = 110
    ],
)
def test_quantize_flow_by_hand(pixels, level):
    assert quantize_flow(np.array([pixels]), bound=20).tolist() == [level]


def test_quantize_flow_as_the_original_formula():
    """dense_flow ``common.cpp``: v < -b is 0, v > b is 255, else round(255 (v + b) / (2 b)), halves to even."""
    flow = np.random.default_rng(0).uniform(-25, 25, (40, 50, 2)).astype(np.float32)

    def level(value, bound=20):
        if value < -bound:
            return 0
        return 255 if value > bound else round(255 * (value + bound) / (2 * bound))

    expected = [level(float(value)) for value in flow.ravel()]
    assert quantize_flow(flow, bound=20).ravel().tolist() == expected


def test_quantize_flow_rejects_a_bound_of_zero():
    with pytest.raises(ValueError, match="bound=0 must be positive"):
        quantize_flow(np.zeros(2), bound=0)
