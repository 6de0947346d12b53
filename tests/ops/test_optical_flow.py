import cv2
import numpy as np
import pytest

from tsn_plugin.ops.optical_flow import FLOW_METHODS, frame_pairs, make_flow_method


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


@pytest.mark.parametrize("method", FLOW_METHODS)
def test_flow_of_a_shifted_image_is_the_shift(method):
    noise = np.random.default_rng(0).standard_normal((48, 64)).astype(np.float32)
    image = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 30, 220, cv2.NORM_MINMAX).astype(np.uint8)
    moved = np.roll(image, (1, 2), axis=(0, 1))  # down 1, right 2
    (flow,) = make_flow_method(method).flows([(image, moved)])
    assert flow.shape == (48, 64, 2)
    assert flow.dtype == np.float32
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (2, 1), atol=0.2)


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(ValueError, match="method='brox' is unknown; known: tvl1, dis, farneback"):
        make_flow_method("brox")


def test_opencv_without_contrib_names_the_remedy(monkeypatch):
    monkeypatch.delattr(cv2, "optflow")
    with pytest.raises(RuntimeError, match=r"pip install --force-reinstall --no-deps opencv-contrib-python"):
        make_flow_method("tvl1")
    make_flow_method("dis")
