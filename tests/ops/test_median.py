import cv2
import numpy as np
import pytest
import torch

from tsn_plugin.ops.median import median_5x5


def by_numpy(image):
    """The definition, pixel by pixel."""
    padded = np.pad(image, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    return np.median(windows, axis=(-1, -2))


@pytest.mark.parametrize("size", [(1, 1), (3, 7), (20, 31)])
def test_the_median_of_each_neighbourhood(size):
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    expected = np.stack([[by_numpy(image.numpy()) for image in images_of] for images_of in images])
    np.testing.assert_array_equal(median_5x5(images), expected)


def test_equal_to_opencv_with_ties():
    image = np.random.default_rng(0).integers(0, 4, (30, 40)).astype(np.float32)
    np.testing.assert_array_equal(median_5x5(torch.from_numpy(image)[None, None])[0, 0], cv2.medianBlur(image, 5))


def test_every_rank_of_every_place_is_found():
    """Each of the 25 places holds the median once, with the other values in random order."""
    rng = np.random.default_rng(0)
    for place in range(25):
        others = rng.permutation(np.delete(np.arange(25), 12)).astype(np.float32)
        window = np.insert(others, place, 12).reshape(5, 5)
        assert median_5x5(torch.from_numpy(window)[None, None])[0, 0, 2, 2] == 12
