import cv2
import numpy as np
import pytest
import torch

from tsn_plugin.ops.tvl1 import TVL1Parameters, dual_tvl1
from tsn_plugin.ops.tvl1_numba import dual_tvl1_numba

SHORT = TVL1Parameters(scales_number=3, warpings_number=2, outer_iterations=2)


def texture(size, seed=0):
    noise = np.random.default_rng(seed).standard_normal((size[0] + 20, size[1] + 20)).astype(np.float32)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.5), None, 20, 235, cv2.NORM_MINMAX)


def shifted_pair(size=(48, 64), shift=(1.5, -0.75), seed=0):
    """A texture and the same one moved by ``shift`` pixels (x, y)."""
    image = texture(size, seed)
    moved = cv2.warpAffine(image, np.float32([[1, 0, shift[0]], [0, 1, shift[1]]]), image.shape[::-1])
    return tuple(picture[10:-10, 10:-10].round().astype(np.uint8) for picture in (image, moved))


def moving_square(size=(60, 80), seed=1):
    """A square that moves over a background that moves otherwise: motion borders, and what they hide."""
    background, moved = shifted_pair(size, (-1, 0.5), seed)
    square = (255 - texture((20, 20), seed + 1)[:20, :20]).round().astype(np.uint8)
    background[15:35, 20:40], moved[17:37, 23:43] = square, square
    return background, moved


def opencv(previous, current, parameters=None):
    given = vars(parameters or TVL1Parameters())
    algorithm = cv2.optflow.DualTVL1OpticalFlow_create()
    for name, value in given.items():
        name = "".join(part.capitalize() for part in name.strip("_").split("_"))
        getattr(algorithm, f"set{name}")(value)
    return algorithm.calc(previous, current, None)


def by_tensors(*pairs, **options):
    previous, current = (torch.from_numpy(np.stack(images)) for images in zip(*pairs))
    return dual_tvl1(previous, current, **options).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("name", TVL1Parameters.__dataclass_fields__)
def test_defaults_are_opencvs(name):
    opencvs = "".join(part.capitalize() for part in name.strip("_").split("_"))
    algorithm = cv2.optflow.DualTVL1OpticalFlow_create()
    assert getattr(algorithm, f"get{opencvs}")() == getattr(TVL1Parameters(), name)


@pytest.mark.parametrize("size", [(48, 64), (61, 83), (17, 200), (256, 340)])
def test_level_sizes_are_those_of_the_pyramid(size):
    image = np.zeros(size, np.float32)
    expected = [size]
    while len(expected) < 5:
        image = cv2.resize(image, None, fx=0.8, fy=0.8)
        if min(image.shape) < 16:
            break
        expected.append(image.shape)
    assert TVL1Parameters().level_sizes(*size) == expected


@pytest.mark.parametrize("pair", [shifted_pair(), shifted_pair((61, 83), (-3, 2), 3), moving_square()])
def test_numba_gives_opencvs_bits(pair):
    np.testing.assert_array_equal(dual_tvl1_numba(*pair), opencv(*pair))


@pytest.mark.parametrize(
    "parameters",
    [
        SHORT,
        TVL1Parameters(median_filtering=1, inner_iterations=7),
        TVL1Parameters(epsilon=0.001, lambda_=0.05, theta=0.2, tau=0.2, scale_step=0.5),
        TVL1Parameters(scales_number=1, warpings_number=1, outer_iterations=1, inner_iterations=1),
    ],
)
def test_numba_gives_opencvs_bits_with_other_parameters(parameters):
    pair = moving_square()
    np.testing.assert_array_equal(dual_tvl1_numba(*pair, parameters), opencv(*pair, parameters))


def test_a_still_picture_has_no_flow():
    image = texture((40, 50)).astype(np.uint8)
    assert not dual_tvl1_numba(image, image).any()
    assert not by_tensors((image, image)).any()
    flat = np.full((40, 50), 7, np.uint8)
    assert not dual_tvl1_numba(flat, flat).any()
    assert not by_tensors((flat, flat)).any()


def test_one_iteration_on_tensors_is_opencvs():
    once = TVL1Parameters(scales_number=1, warpings_number=1, outer_iterations=1, inner_iterations=1)
    pair = moving_square()
    np.testing.assert_allclose(by_tensors(pair, parameters=once)[0], opencv(*pair, once), rtol=0, atol=1e-5)


def test_tensors_agree_with_opencv_where_rounding_is_not_amplified():
    pairs = [shifted_pair(seed=seed) for seed in range(3)] + [shifted_pair(shift=(-3, 2), seed=3)]
    for flow, pair in zip(by_tensors(*pairs), pairs):
        error = np.linalg.norm(flow - opencv(*pair), axis=-1)
        assert error.mean() < 0.005
        assert (error > 20 / 255).mean() < 0.01


def test_a_pair_does_not_depend_on_its_batch():
    """Pairs converge at different iterations; each stops at its own."""
    pairs = [shifted_pair(), shifted_pair(shift=(0, 0)), shifted_pair(shift=(-3, 2), seed=3)]
    together = by_tensors(*pairs, parameters=SHORT)
    for flow, pair in zip(together, pairs):
        np.testing.assert_allclose(flow, by_tensors(pair, parameters=SHORT)[0], rtol=0, atol=1e-4)


def test_a_known_shift_is_found():
    pair = shifted_pair(shift=(1.5, -0.75))
    for flow in (dual_tvl1_numba(*pair), by_tensors(pair)[0]):
        np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (1.5, -0.75), atol=0.1)


def test_float_images_are_taken_as_they_are():
    previous, current = (torch.from_numpy(image)[None] for image in shifted_pair())
    np.testing.assert_array_equal(
        dual_tvl1(previous, current, SHORT), dual_tvl1(previous.float(), current.float(), SHORT)
    )


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((1, 20, 30), (1, 20, 31)), r"shapes \(1, 20, 30\) and \(1, 20, 31\); expected \(N, H, W\) twice"),
        (((20, 30), (20, 30)), r"expected \(N, H, W\)"),
        (((1, 2, 30), (1, 2, 30)), "at least 3 x 3 pixels"),
    ],
)
def test_images_of_other_shapes_are_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        dual_tvl1(*map(torch.zeros, shapes))


def test_numba_refuses_images_of_two_shapes():
    with pytest.raises(ValueError, match=r"shapes \(20, 30\) and \(20, 31\); expected \(H, W\) twice"):
        dual_tvl1_numba(np.zeros((20, 30), np.uint8), np.zeros((20, 31), np.uint8))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (dict(tau=0), "tau=0 must be positive"),
        (dict(scale_step=1.0), r"scale_step=1\.0 must be below 1"),
        (dict(median_filtering=3), "median_filtering=3 must be 5, or 1"),
    ],
)
def test_parameters_out_of_range_are_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        TVL1Parameters(**changed)
