import cv2
import numpy as np
import pytest

from tsn_plugin.ops.camera_motion import (
    KeyPoints,
    estimate_homography,
    find_key_points,
    match_key_points,
    moved_features,
    stabilised,
)
from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.ops.optical_flow import make_flow_method
from tsn_plugin.ops.warped_flow import WarpedFlow

HEIGHT, WIDTH = 160, 200
PAN = np.array([[1, 0, 5], [0, 1, -2], [0, 0, 1]], float)
TURN = np.array([[1.02 * np.cos(0.03), -np.sin(0.03), 4], [np.sin(0.03), 1.02 * np.cos(0.03), -5], [0, 0, 1]])
TILT = np.array([[1.01, 0.01, -3], [0.005, 1, 2], [5e-5, -3e-5, 1]])


def texture(height, width, seed):
    """Blobs of several sizes, as a grey image."""
    rng = np.random.default_rng(seed)
    layers = [cv2.GaussianBlur(rng.standard_normal((height, width)), (0, 0), sigma) * sigma for sigma in (1.5, 4, 9)]
    return cv2.normalize(sum(layers), None, 10, 245, cv2.NORM_MINMAX)


def scene(homography, *, object_motion=None, size=60, shape=(HEIGHT, WIDTH)):
    """Two frames (RGB) of a background that moves by ``homography`` (previous to current), and an object's mask.

    The object moves by ``object_motion`` against the picture.
    """
    height, width = shape
    wide = texture(height + 80, width + 80, 0)
    offset = np.array([[1, 0, 40], [0, 1, 40], [0, 0, 1]], float)
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    size_xy = (width, height)
    previous = cv2.warpPerspective(wide, offset, size_xy, flags=flags)
    current = cv2.warpPerspective(wide, offset @ np.linalg.inv(homography), size_xy, flags=flags)
    mask = np.zeros(shape, bool)
    if object_motion is not None:
        thing = texture(size, size, 1)
        top, left = (height - size) // 2, (width - size) // 2
        x, y = object_motion
        previous[top : top + size, left : left + size] = thing
        current[top + y : top + y + size, left + x : left + x + size] = thing
        mask[top + 6 : top + size - 6, left + 6 : left + size - 6] = True
    frames = [np.repeat(image.clip(0, 255).astype(np.uint8)[..., None], 3, -1) for image in (previous, current)]
    return frames, mask


def flow_between(frames, method):
    prepared = [method.prepare(frame) for frame in frames]
    return method.flows(list(zip(prepared, prepared[1:])))


def background(mask, margin=16):
    """Pixels that are far from the border, from the object and from what it covers and uncovers."""
    far = cv2.dilate(mask.astype(np.uint8), np.ones((49, 49))) == 0
    far[:margin], far[-margin:], far[:, :margin], far[:, -margin:] = False, False, False, False
    return far


def length(flow):
    return np.linalg.norm(flow, axis=-1)


@pytest.mark.parametrize("homography", [PAN, TURN, TILT])
def test_the_backgrounds_flow_vanishes_and_the_objects_remains(homography):
    frames, mask = scene(homography, object_motion=(-6, 4))
    plain, warped = (flow_between(frames, make_flow_method(name))[0] for name in ("dis", "warped_dis"))
    far = background(mask)
    assert length(plain[far]).mean() > 2.5
    assert length(warped[far]).mean() < 0.2
    # an object at p is at p + motion; without the camera's motion it would be where that place came from
    rows, columns = np.nonzero(mask)
    ends = np.stack([columns - 6.0, rows + 4.0], -1)
    steady = cv2.perspectiveTransform(ends[None], np.linalg.inv(homography))[0]
    expected = steady - np.stack([columns, rows], -1)
    np.testing.assert_allclose(np.median(warped[mask] - expected, axis=0), 0, atol=0.4)


@pytest.mark.parametrize(
    ("shape", "size"),
    [((160, 200), 104), ((256, 340), 187)],  # a third and, in a frame of the usual size, 40 % of the picture
)
def test_a_large_object_does_not_count_as_the_camera(shape, size):
    frames, mask = scene(PAN, object_motion=(-4, 6), size=size, shape=shape)
    (warped,) = flow_between(frames, make_flow_method("warped_dis"))
    assert length(warped[background(mask)]).mean() < 0.2
    np.testing.assert_allclose(np.median(warped[mask], axis=0), (-4 - 5, 6 + 2), atol=0.4)


def test_with_tvl1_too():
    slow_pan = np.array([[1, 0, 2], [0, 1, -1], [0, 0, 1]], float)
    frames, mask = scene(slow_pan, object_motion=(-1, 1))
    (warped,) = flow_between(frames, make_flow_method("warped_tvl1"))
    assert length(warped[background(mask)]).mean() < 0.1
    np.testing.assert_allclose(np.median(warped[mask], axis=0), (-3, 2), atol=0.2)


def test_the_camera_may_move_otherwise_from_pair_to_pair():
    """The original keeps the first frame's key points for ever."""
    wide = texture(HEIGHT + 80, WIDTH + 80, 0)
    places = [(40, 40), (45, 38), (38, 48), (44, 44)]
    frames = [wide[y : y + HEIGHT, x : x + WIDTH].astype(np.uint8)[..., None].repeat(3, -1) for x, y in places]
    for plain, warped in zip(*(flow_between(frames, make_flow_method(name)) for name in ("dis", "warped_dis"))):
        assert length(plain).mean() > 3
        assert length(warped[background(np.zeros((HEIGHT, WIDTH), bool))]).mean() < 0.2


class GivenFlow(FlowMethod):
    """Gives the same flow to every pair, and keeps the pairs of each call."""

    def __init__(self, flow):
        self.flow, self.calls = flow, []

    def flows(self, pairs):
        self.calls.append(pairs)
        return [self.flow] * len(pairs)


def test_each_pair_matches_the_key_points_of_its_own_two_frames():
    """The original keeps the first frame's key points for ever."""
    wide = texture(HEIGHT + 80, WIDTH + 80, 0)
    places = [(40, 40), (45, 38), (38, 48), (44, 44)]
    frames = [wide[y : y + HEIGHT, x : x + WIDTH].astype(np.uint8)[..., None].repeat(3, -1) for x, y in places]
    # a flow that agrees with no camera, so that the key points alone decide
    base = GivenFlow(np.random.default_rng(0).uniform(-40, 40, (HEIGHT, WIDTH, 2)).astype(np.float32))
    flow_between(frames, WarpedFlow(base))
    _, anew = base.calls
    assert len(anew) == 3
    for previous, steady in anew:
        difference = np.abs(steady.astype(int) - previous)
        assert np.percentile(difference, 99) < 5


@pytest.mark.parametrize(("textured", "num_calls"), [(0, 2), (1, 1)])
def test_the_features_are_those_of_the_frame_in_which_the_flow_starts(textured, num_calls):
    """The original takes the current frame's; only one of these frames has any, and there are no key points in both."""
    frames = [np.full((HEIGHT, WIDTH, 3), 120, np.uint8) for _ in range(2)]
    frames[textured] = np.repeat(texture(HEIGHT, WIDTH, 0).astype(np.uint8)[..., None], 3, -1)
    base = GivenFlow(np.full((HEIGHT, WIDTH, 2), (5, -2), np.float32))
    flow_between(frames, WarpedFlow(base))
    assert len(base.calls) == num_calls  # the flow is computed anew only if a camera motion was found


def test_frames_without_texture_keep_the_plain_flow():
    frames = [np.full((40, 50, 3), level, np.uint8) for level in (90, 100)]
    base = make_flow_method("dis")
    np.testing.assert_array_equal(flow_between(frames, WarpedFlow(base))[0], flow_between(frames, base)[0])


def test_a_batch_is_computed_by_the_base_at_once():
    class Recorder(type(make_flow_method("dis"))):
        sizes = ()

        def flows(self, pairs):
            self.sizes = (*self.sizes, len(pairs))
            return super().flows(pairs)

    base = Recorder(cv2.DISOpticalFlow_create())
    base.batch_size = 4
    frames = scene(PAN)[0] + scene(TURN)[0]
    method = WarpedFlow(base)
    assert len(flow_between(frames, method)) == 3
    assert (method.batch_size, base.sizes) == (4, (3, 3))


@pytest.mark.parametrize("homography", [PAN, TURN, TILT])
def test_the_homography_is_found_to_a_third_of_a_pixel(homography):
    (previous, current), _ = scene(homography, object_motion=(-6, 4))
    points = [find_key_points(frame[..., 0]) for frame in (previous, current)]
    found = estimate_homography(*match_key_points(*points))
    corners = np.float64([[[0, 0], [WIDTH, 0], [0, HEIGHT], [WIDTH, HEIGHT]]])
    error = cv2.perspectiveTransform(corners, found) - cv2.perspectiveTransform(corners, homography)
    assert length(error).max() < 0.34


def test_key_points_match_only_inside_the_window():
    descriptors = np.eye(3, 128, dtype=np.float32)
    previous = KeyPoints(np.float32([[10, 10], [50, 50], [90, 20]]), descriptors)
    current = KeyPoints(np.float32([[22, 10], [50, 63], [85, 25]]), descriptors)  # 12 and 13 pixels away; 5
    first, second = match_key_points(previous, current)
    assert first.tolist() == [[10, 10], [90, 20]]
    assert second.tolist() == [[22, 10], [85, 25]]


def test_features_are_the_previous_frames_and_move_by_column_and_row():
    grey = np.zeros((60, 80), np.uint8)
    grey[20:30, 40:60] = 255  # corners at x 40 and 59, y 20 and 29
    rows, columns = np.mgrid[:60, :80].astype(np.float32)
    flow = np.stack([columns, 100 * rows], -1)  # tells x from y, and column from row
    places, moved = moved_features(grey, flow)
    assert {tuple(place) for place in places.round(-1)} >= {(40, 20), (60, 30)}
    np.testing.assert_array_equal(moved - places, places.round() * (1, 100))
    assert moved_features(np.zeros((60, 80), np.uint8), flow)[0].shape == (0, 2)


@pytest.mark.parametrize("matrix", [np.diag([-1.0, 1, 1]), np.diag([0.3, 0.3, 1]), np.diag([3.0, 3, 1])])
def test_no_camera_mirrors_or_jumps(matrix):
    places = np.random.default_rng(0).uniform(0, 100, (200, 2)).astype(np.float32)
    moved = cv2.perspectiveTransform(places[None], matrix)[0]
    np.testing.assert_array_equal(estimate_homography(places, moved), np.eye(3))


def test_few_matches_or_no_agreement_give_the_identity():
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 100, (200, 2)).astype(np.float32)
    np.testing.assert_array_equal(estimate_homography(places[:50], places[:50] + 3), np.eye(3))
    assert estimate_homography(places[:51], places[:51] + 3)[0, 2] == pytest.approx(3, abs=1e-3)
    np.testing.assert_array_equal(estimate_homography(places, rng.permutation(places)), np.eye(3))


def test_what_the_current_frame_does_not_show_stays_as_it_was():
    previous, current = np.full((40, 60), 7, np.uint8), np.full((40, 60), 200, np.uint8)
    shifted = stabilised(current, previous, np.array([[1, 0, 10], [0, 1, 0], [0, 0, 1]], float))
    # pixel x shows the current frame's x + 10, which ends 5 pixels before its border
    assert (shifted[5:35, :45] == 200).all()
    assert (shifted[:, 45:] == 7).all()
    assert (shifted[:5] == 7).all()
