import cv2
import numpy as np
import pytest

from tsn_plugin.preparation.flow import FLOW_METHODS, frame_pairs, make_flow_function, quantize_flow


@pytest.mark.parametrize(
    ("num_frames", "step", "expected"),
    [
        (4, 1, [(0, 1), (1, 2), (2, 3)]),  # image 1 is frame 1: frame 0 is stored nowhere
        (6, 2, [(0, 2), (2, 4)]),
        (7, 3, [(0, 3), (3, 6)]),
        (1, 1, []),
        (0, 1, []),
        (2, 2, []),
    ],
)
def test_frame_pairs_by_hand(num_frames, step, expected):
    assert list(frame_pairs(range(num_frames), step=step)) == expected


def test_frame_pairs_read_no_further_than_asked():
    frames = iter(range(10))
    pairs = frame_pairs(frames)
    assert next(pairs) == (0, 1)
    assert next(frames) == 2


def test_frame_pairs_reject_a_step_below_one():
    with pytest.raises(ValueError, match="step=0 must be at least 1"):
        list(frame_pairs([1, 2], step=0))


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


@pytest.mark.parametrize("method", FLOW_METHODS)
def test_flow_of_a_shifted_image_is_the_shift(method):
    noise = np.random.default_rng(0).standard_normal((48, 64)).astype(np.float32)
    image = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 30, 220, cv2.NORM_MINMAX).astype(np.uint8)
    moved = np.roll(image, (1, 2), axis=(0, 1))  # down 1, right 2
    flow = make_flow_function(method)(image, moved)
    assert flow.shape == (48, 64, 2)
    assert flow.dtype == np.float32
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (2, 1), atol=0.2)


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(ValueError, match="method='farneback' is unknown; known: tvl1, dis"):
        make_flow_function("farneback")


def test_opencv_without_contrib_names_the_remedy(monkeypatch):
    monkeypatch.delattr(cv2, "optflow")
    with pytest.raises(RuntimeError, match=r"pip install --force-reinstall --no-deps opencv-contrib-python"):
        make_flow_function("tvl1")
    make_flow_function("dis")
