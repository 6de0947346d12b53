import cv2
import numpy as np
import pytest
import torch

from tsn_plugin.models import flow_from_frames
from tsn_plugin.models.flow_from_frames import FlowFromFrames, flow_levels, grey_levels
from tsn_plugin.ops.flow_encoding import quantize_flow
from tsn_plugin.registry import TRANSFORMS


def colors():
    """Every eighth level of each colour, as a picture ``(32, 1024, 3)``."""
    levels = np.arange(0, 256, 8, dtype=np.uint8)
    return np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(32, 1024, 3)


def test_grey_is_that_of_opencv_to_the_last_bit():
    rng = np.random.default_rng(0)
    for image in (colors(), rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)):
        grey = grey_levels(torch.from_numpy(image).permute(2, 0, 1)[None])
        np.testing.assert_array_equal(grey[0].numpy(), cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def test_levels_are_those_of_the_array():
    flow = np.random.default_rng(0).normal(0, 12, (4, 2, 30, 40)).astype(np.float32)
    flow[0, 0, 0, :4] = (-20, 20, 0, 1e6)
    np.testing.assert_array_equal(flow_levels(torch.from_numpy(flow), 20).numpy(), quantize_flow(flow, 20))


@pytest.fixture
def recorded(monkeypatch):
    """A stand-in for TV-L1: x is the first frame's grey level, y the second's; what it was asked for."""
    asked = []

    def flow(previous, current, *, compiled):
        asked.append((len(previous), previous.dtype, torch.is_autocast_enabled("cpu"), compiled))
        return torch.stack([previous, current], 1).float()

    monkeypatch.setitem(flow_from_frames.TENSOR_FLOW_METHODS, "grey", flow)
    return asked


def grey_video(levels, size=(4, 6)):
    return torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, *size).contiguous()


def test_pairs_become_channels_and_each_is_computed_once_in_batches(recorded):
    videos = [grey_video([10, 20, 30]), grey_video([5, 7], (3, 3)), grey_video([40, 50])]
    pairs = [np.array([[[0, 1], [1, 2]], [[1, 2], [1, 2]]]), np.array([[[0, 1]]]), np.array([[[0, 1], [0, 1]]])]
    snippets = FlowFromFrames("grey", 127.5, max_pairs=2)(videos, pairs)
    # level = 127.5 + v, halves to even: odd numbers round up (5 -> 132.5 -> 132, 7 -> 134.5 -> 134, 10 -> 137.5 -> 138)
    assert [each[..., 0, 0].tolist() for each in snippets] == [
        [[138, 148, 148, 158], [148, 158, 148, 158]],
        [[132, 134]],
        [[168, 178, 168, 178]],
    ]
    assert [tuple(each.shape[-2:]) for each in snippets] == [(4, 6), (3, 3), (4, 6)]
    assert [count for count, *_ in recorded] == [2, 1, 1]  # three distinct pairs of one size, one of the other
    assert {dtype for _, dtype, *_ in recorded} == {torch.uint8}


def test_mixed_precision_of_the_training_step_does_not_reach_the_flow(recorded):
    with torch.autocast("cpu", torch.bfloat16):
        FlowFromFrames("grey")([grey_video([1, 2])], [np.array([[[0, 1]]])])
    assert [autocast for *_, autocast, _ in recorded] == [False]


@pytest.fixture(scope="module")
def scene():
    """Frames ``(6, 60, 80, 3)`` of a smooth texture that moves by (1.5, -0.75) pixels per frame."""
    rng = np.random.default_rng(0)
    texture = cv2.GaussianBlur(rng.integers(0, 256, (120, 140, 3)).astype(np.float32), (0, 0), 2)
    texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    moved = [
        cv2.warpAffine(texture, np.float32([[1, 0, 1.5 * n - 30], [0, 1, -0.75 * n - 25]]), (80, 60)) for n in range(6)
    ]
    return np.stack(moved).round().astype(np.uint8)


def test_levels_are_within_one_of_those_of_the_transform(scene):
    class Reader:
        def read(self, numbers):
            return [scene[number] for number in numbers]

        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda *_: None  # noqa: E731

    def run(name, **keywords):
        fields = np.array([[0, 1, 2], [2, 3, 4]])
        results = {"video_reader": Reader(), "frame_inds": fields, "clip_len": 3, "modality": "Flow"}
        return TRANSFORMS.build(dict(type=name, **keywords))(results)

    expected = np.stack(run("ComputeFlow", method="tvl1", size=(72, 56))["imgs"]).reshape(2, 3, 56, 72, 2)
    expected = expected.transpose(0, 1, 4, 2, 3).reshape(2, 6, 56, 72)
    results = run("DecodeFlowFrames", size=(72, 56))
    frames = torch.from_numpy(np.stack(results["imgs"])).permute(0, 3, 1, 2)
    (levels,) = FlowFromFrames(max_pairs=3)([frames], [results["flow_pairs"]])
    difference = np.abs(levels.numpy().astype(int) - expected)
    assert (difference <= 1).mean() > 0.99
    # 1.5 * 72 / 80 and -0.75 * 56 / 60 pixels: levels 136 and 123; the right ones where the texture was found again
    assert np.median(levels[:, ::2].numpy()) == 136
    assert np.median(levels[:, 1::2].numpy()) == 123


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"method": "dis"}, "method='dis' does not run on tensors; known: tvl1. The transform ComputeFlow has more"),
        ({"bound": 0}, "bound=0 and max_pairs=64 must be positive"),
        ({"max_pairs": 0}, "max_pairs=0 must be positive"),
    ],
)
def test_wrong_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        FlowFromFrames(**keywords)


@pytest.mark.parametrize(
    ("video", "pairs", "message"),
    [
        (grey_video([1, 2]), [[[0, 2]]], "flow_pairs name frames 0 to 2 of a video of 2 frames"),
        (grey_video([1, 2])[:, :2], [[[0, 1]]], r"RGB frames uint8 \(N, 3, H, W\), but got torch.uint8 \(2, 2, 4, 6\)"),
        (grey_video([1, 2]).float(), [[[0, 1]]], "but got torch.float32"),
    ],
)
def test_frames_and_pairs_that_do_not_fit_are_refused(video, pairs, message):
    with pytest.raises(ValueError, match=message):
        FlowFromFrames()([video], [np.array(pairs)])
    with pytest.raises(ValueError, match="frames of 1 videos, but flow_pairs of 2"):
        FlowFromFrames()([video], [np.array(pairs)] * 2)
