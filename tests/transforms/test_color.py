import numpy as np
import pytest
from mmaction.datasets.transforms import ColorJitter as Theirs

from tsn_plugin.transforms import ColorJitter


def jitter(cls, seed, **kwargs):
    np.random.seed(seed)
    images = [np.random.randint(0, 256, (6, 7, 3), dtype=np.uint8) for _ in range(2)]
    return cls(**kwargs)(dict(imgs=images))["imgs"]


@pytest.mark.parametrize("seed", range(20))
def test_without_hue_it_is_mmaction2s(seed):
    np.testing.assert_array_equal(jitter(ColorJitter, seed, hue=0.0), jitter(Theirs, seed, hue=0.0))


def test_a_positive_hue_is_mmaction2s():
    image = np.random.default_rng(0).integers(0, 256, (6, 7, 3)).astype(np.float32)
    np.testing.assert_array_equal(ColorJitter.adjust_hue(image, 0.05), Theirs.adjust_hue(image, 0.05))


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_works(seed):
    """MMAction2 raises OverflowError under NumPy 2 in 77 of 200 seeds."""
    for image in jitter(ColorJitter, seed, hue=0.5):
        assert image.dtype == np.uint8


def test_a_negative_shift_turns_red_towards_magenta():
    red = np.zeros((1, 1, 3), np.float32) + (255, 0, 0)
    shifted = ColorJitter.adjust_hue(red, -30 / 255)  # 30 of 180 steps are 60 degrees
    np.testing.assert_array_equal(shifted[0, 0], (255, 0, 255))
