import cv2
import numpy as np
import pytest

from tsn_plugin.ops import optical_flow
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


@pytest.mark.parametrize("method", [name for name in FLOW_METHODS if name != "raft"])
def test_flow_of_a_shifted_image_is_the_shift(method):
    noise = np.random.default_rng(0).standard_normal((48, 64)).astype(np.float32)
    image = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2), None, 30, 220, cv2.NORM_MINMAX).astype(np.uint8)
    moved = np.roll(image, (1, 2), axis=(0, 1))  # down 1, right 2
    flow_method = make_flow_method(method)
    prepared = [flow_method.prepare(np.repeat(grey[..., None], 3, axis=-1)) for grey in (image, moved)]
    (flow,) = flow_method.flows([tuple(prepared)])
    assert flow.shape == (48, 64, 2)
    assert flow.dtype == np.float32
    if not method.startswith("warped"):  # which takes it out, being the camera's
        np.testing.assert_allclose(np.median(flow, axis=(0, 1)), (2, 1), atol=0.2)


def test_frames_are_prepared_as_grey_images():
    frame = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)
    np.testing.assert_array_equal(make_flow_method("dis").prepare(frame), cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY))


def test_farneback_takes_the_parameters_of_the_originals_cpu_tool():
    """dense_flow ``dense_flow.cpp``: 0.702, 5, 10, 2, 7, 1.5, gaussian."""
    previous, current = np.random.default_rng(0).integers(0, 256, (2, 40, 50), np.uint8)
    flags = cv2.OPTFLOW_FARNEBACK_GAUSSIAN
    expected = cv2.calcOpticalFlowFarneback(previous, current, None, 0.702, 5, 10, 2, 7, 1.5, flags)
    (flow,) = make_flow_method("farneback").flows([(previous, current)])
    np.testing.assert_array_equal(flow, expected)


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(ValueError, match="method='brox' is unknown; known: tvl1, warped_tvl1, dis, warped_dis, farneb"):
        make_flow_method("brox")


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_what_a_method_cannot_use_is_refused(method):
    with pytest.raises(ValueError, match=f"method='{method}' runs on the CPU alone, not on device='cuda'"):
        make_flow_method(method, device="cuda")
    with pytest.raises(ValueError, match=f"method='{method}' takes no weights='a.pth'"):
        make_flow_method(method, weights="a.pth")


def test_without_numba_opencv_serves_tvl1(monkeypatch):
    pair = tuple(np.random.default_rng(0).integers(0, 256, (2, 20, 24), np.uint8))
    (expected,) = make_flow_method("tvl1").flows([pair])
    monkeypatch.setattr(optical_flow, "find_spec", lambda name: None)
    method = make_flow_method("tvl1")
    assert isinstance(method, optical_flow.OpenCVFlow)
    np.testing.assert_array_equal(method.flows([pair])[0], expected)


def test_without_numba_and_contrib_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(optical_flow, "find_spec", lambda name: None)
    monkeypatch.delattr(cv2, "optflow")
    with pytest.raises(RuntimeError, match=r"pip install 'tsn_plugin\[flow\]'.*--no-deps opencv-contrib-python"):
        make_flow_method("tvl1")
    make_flow_method("dis")
