import cv2
import numpy as np
import pytest

from tsn_plugin.ops.camera_motion import WINDOW, KeyPoints, estimate_homography, match_key_points


def random_key_points(rng, count):
    """Key points all over a picture, with descriptors of integers as SIFT gives them."""
    places = rng.uniform(0, (340, 256), (count, 2)).astype(np.float32)
    return KeyPoints(places, rng.integers(0, 256, (count, 128)).astype(np.float32))


def test_matches_are_those_of_an_exhaustive_search():
    rng = np.random.default_rng(0)
    previous, current = random_key_points(rng, 700), random_key_points(rng, 500)
    allowed = (np.abs(previous.places[:, None] - current.places).max(-1) <= WINDOW).astype(np.uint8)
    there = cv2.BFMatcher(cv2.NORM_L2).match(previous.descriptors, current.descriptors, allowed)
    back = cv2.BFMatcher(cv2.NORM_L2).match(current.descriptors, previous.descriptors, allowed.T.copy())
    mutual = sorted({(m.queryIdx, m.trainIdx) for m in there} & {(m.trainIdx, m.queryIdx) for m in back})
    assert len(mutual) > 100
    first, second = match_key_points(previous, current)
    np.testing.assert_array_equal(first, previous.places[[pair[0] for pair in mutual]])
    np.testing.assert_array_equal(second, current.places[[pair[1] for pair in mutual]])


def test_a_key_point_is_matched_once():
    descriptors = np.zeros((2, 128), np.float32)
    descriptors[:, 0] = 3, 1
    previous = KeyPoints(np.float32([[10, 10], [12, 10]]), descriptors)
    current = KeyPoints(np.float32([[11, 10]]), np.zeros((1, 128), np.float32))
    first, second = match_key_points(previous, current)
    assert first.tolist() == [[12, 10]]  # 1 from it, the other 3
    assert second.tolist() == [[11, 10]]


def test_a_key_point_beside_the_window_is_no_match_even_if_it_is_the_only_one():
    descriptors = np.zeros((1, 128), np.float32)
    previous, current = (KeyPoints(np.float32([[x, 10]]), descriptors) for x in (10, 30))
    assert [places.shape for places in match_key_points(previous, current)] == [(0, 2), (0, 2)]


def test_no_key_points_no_matches():
    none, some = (random_key_points(np.random.default_rng(0), count) for count in (0, 5))
    for pair in ((none, some), (some, none), (none, none)):
        assert [places.shape for places in match_key_points(*pair)] == [(0, 2), (0, 2)]


def test_matches_along_a_line_give_the_identity():
    """They fit homographies that throw the picture's corners 100 pixels away."""
    rng = np.random.default_rng(0)
    places = np.stack([rng.uniform(0, 340, 300), 128 + rng.normal(0, 0.3, 300)], -1).astype(np.float32)
    moved = (places + (3, 0) + rng.normal(0, 0.3, places.shape)).astype(np.float32)
    np.testing.assert_array_equal(estimate_homography(places, moved), np.eye(3))


@pytest.mark.parametrize("slope", [-0.012, -0.005])
def test_a_horizon_or_a_great_growth_inside_the_picture_gives_the_identity(slope):
    """The depth ``1 + slope * x`` is 0 at x = 83, or 1/2 at x = 100, where areas grow by 1 / 0.5 ** 3 = 8."""
    places = np.random.default_rng(0).uniform(0, 100, (300, 2)).astype(np.float32)
    moved = cv2.perspectiveTransform(places[None], np.array([[1, 0, 0], [0, 1, 0], [slope, 0, 1]]))[0]
    np.testing.assert_array_equal(estimate_homography(places, moved), np.eye(3))


@pytest.mark.parametrize("seed", [1, 2])
def test_the_homography_does_not_depend_on_opencvs_random_state(seed):
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 100, (200, 2)).astype(np.float32)
    moved = (places + (3, 1) + rng.normal(0, 0.6, places.shape)).astype(np.float32)
    first = estimate_homography(places, moved)
    cv2.setRNGSeed(seed)
    np.testing.assert_array_equal(estimate_homography(places, moved), first)
