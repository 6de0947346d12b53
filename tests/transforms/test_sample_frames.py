import itertools

import numpy as np
import pytest
from mmaction.datasets.transforms import DenseSampleFrames
from mmaction.datasets.transforms import SampleFrames as UpstreamSampleFrames

from tsn_plugin.ops.sampling import ORIGINAL_RULES
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms import SampleFrames


def sampled(transform, num_frames, seed=0, **more):
    np.random.seed(seed)
    return transform({"total_frames": num_frames, "start_index": 0, "modality": "RGB", **more})


GRID = list(
    itertools.product(
        (1, 2, 5, 9, 30, 164),  # num_frames
        (1, 3, 5),  # clip_len
        (1, 4),  # frame_interval
        (1, 3, 8),  # num_clips
        ("loop", "repeat_last"),
    )
)


def assert_same_as_mmaction2(**keywords):
    compared = 0
    for num_frames, clip_len, frame_interval, num_clips, out_of_bound_opt in GRID:
        if keywords.get("twice_sample") and clip_len > 1 and num_clips == 1:
            continue  # MMAction2 divides by zero; ours has a message of its own
        arguments = dict(keywords, out_of_bound_opt=out_of_bound_opt)
        ours = SampleFrames(clip_len, frame_interval, num_clips, **arguments)
        theirs = UpstreamSampleFrames(clip_len, frame_interval, num_clips, **arguments)
        fps = {"avg_fps": 29.97} if keywords.get("target_fps") else {}
        result, expected = (sampled(transform, num_frames, start_index=1, **fps) for transform in (ours, theirs))
        assert result["frame_inds"].tolist() == expected["frame_inds"].tolist(), repr(theirs)
        assert result["frame_inds"].dtype == expected["frame_inds"].dtype
        assert {key: result[key] for key in result if key != "frame_inds"} == {
            key: expected[key] for key in expected if key != "frame_inds"
        }
        assert repr(ours) == repr(theirs)
        compared += 1
    assert compared > 100


@pytest.mark.parametrize("temporal_jitter", [False, True])
@pytest.mark.parametrize("keep_tail_frames", [False, True])
def test_training_equals_mmaction2(keep_tail_frames, temporal_jitter):
    assert_same_as_mmaction2(keep_tail_frames=keep_tail_frames, temporal_jitter=temporal_jitter)


@pytest.mark.parametrize("temporal_jitter", [False, True])
@pytest.mark.parametrize("twice_sample", [False, True])
def test_testing_equals_mmaction2(twice_sample, temporal_jitter):
    assert_same_as_mmaction2(test_mode=True, twice_sample=twice_sample, temporal_jitter=temporal_jitter)


@pytest.mark.parametrize("test_mode", [False, True])
@pytest.mark.parametrize("keep_tail_frames", [False, True])
def test_target_fps_equals_mmaction2(keep_tail_frames, test_mode):
    assert_same_as_mmaction2(target_fps=15, keep_tail_frames=keep_tail_frames, test_mode=test_mode)


def test_target_fps_with_jitter_moves_every_frame_on_its_own():
    transform = SampleFrames(3, 4, 2, target_fps=15, temporal_jitter=True)  # MMAction2 raises
    frames = sampled(transform, 300, avg_fps=30.0)["frame_inds"]
    assert frames.shape == (6,)


@pytest.mark.parametrize("phase", ["train", "val", "test"])
@pytest.mark.parametrize("protocol", sorted(ORIGINAL_RULES))
@pytest.mark.parametrize("num_frames", [1, 4, 5, 14, 15, 60])
def test_original_protocols_read_whole_snippets_from_their_starts(protocol, phase, num_frames):
    transform = SampleFrames(clip_len=5, num_clips=3, protocol=protocol, phase=phase)
    frames = sampled(transform, num_frames)["frame_inds"].reshape(3, 5)
    np.random.seed(0)
    starts = ORIGINAL_RULES[protocol][phase](num_frames, 3, 5)
    assert frames.tolist() == [[min(start + step, num_frames - 1) for step in range(5)] for start in starts]


def test_caffe_val_and_test_differ():
    # val: centres of the thirds of 9 frames; test: steps of (9 - 1) // 2 = 4 from the first frame
    frames = {
        phase: sampled(SampleFrames(1, num_clips=3, protocol="tsn_caffe", phase=phase), 9)["frame_inds"].tolist()
        for phase in ("val", "test")
    }
    assert frames == {"val": [1, 4, 7], "test": [0, 4, 8]}


def test_start_index_is_added():
    transform = SampleFrames(2, num_clips=2, protocol="tsn_caffe", test_mode=True)
    assert sampled(transform, 6, start_index=1)["frame_inds"].tolist() == [1, 2, 5, 6]


@pytest.mark.parametrize("protocol", ["mmaction2", "tsn_pytorch", "tsn_caffe"])
def test_rgbdiff_reads_one_frame_more(protocol):
    transform = SampleFrames(clip_len=5, num_clips=3, protocol=protocol, test_mode=True)
    result = sampled(transform, 100, modality="RGBDiff")
    assert result["clip_len"] == 6
    frames = result["frame_inds"].reshape(3, 6)
    assert (np.diff(frames, axis=1) == 1).all()
    assert sampled(transform, 100, modality="Flow")["clip_len"] == 5


def test_rgbdiff_of_a_single_frame_is_a_snippet_of_two():
    # tsn-pytorch: 100 - 2 + 1 = 99 possible starts in 3 segments of 33: centres 16, 49, 82
    transform = SampleFrames(clip_len=1, num_clips=3, protocol="tsn_pytorch", test_mode=True)
    assert sampled(transform, 100, modality="RGBDiff")["frame_inds"].tolist() == [16, 17, 49, 50, 82, 83]


def test_modalities_of_mmaction2_and_results_without_one_are_plain():
    assert sampled(SampleFrames(4), 30, modality="Audio")["clip_len"] == 4
    np.random.seed(0)
    assert SampleFrames(4)({"total_frames": 30, "start_index": 0})["clip_len"] == 4


@pytest.mark.parametrize(
    ("keywords", "phase", "test_mode"),
    [({}, "train", False), ({"test_mode": True}, "test", True), ({"phase": "val"}, "val", True)],
)
def test_phase_and_test_mode_follow_each_other(keywords, phase, test_mode):
    transform = SampleFrames(1, **keywords)
    assert (transform.phase, transform.test_mode) == (phase, test_mode)


def test_repr_names_what_mmaction2_does_not_know():
    text = repr(SampleFrames(5, num_clips=3, protocol="tsn_caffe", phase="val"))
    assert text.endswith("test_mode=True, protocol='tsn_caffe', phase='val')")


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"protocol": "caffe"}, "protocol='caffe' is unknown; known: mmaction2, tsn_pytorch, tsn_caffe"),
        ({"phase": "testing"}, "phase='testing' is unknown; known: train, val, test"),
        ({"out_of_bound_opt": "clamp"}, "out_of_bound_opt='clamp' is unknown; known: loop, repeat_last"),
        ({"phase": "train", "test_mode": True}, "phase='train' contradicts test_mode=True"),
        ({"num_clips": 0}, "num_clips=0 must be at least 1"),
        ({"protocol": "tsn_caffe", "frame_interval": 2}, "protocol='tsn_caffe' reads neighbouring frames"),
        ({"protocol": "tsn_pytorch", "twice_sample": True}, "twice_sample belongs to protocol='mmaction2'"),
        ({"protocol": "tsn_pytorch", "target_fps": 15}, "target_fps belongs to protocol='mmaction2'"),
    ],
)
def test_contradicting_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        SampleFrames(1, **keywords)


def test_a_video_without_frames_is_named():
    with pytest.raises(ValueError, match=r"total_frames=0: the video 'a\.mp4' has no frame"):
        sampled(SampleFrames(1), 0, filename="a.mp4")


def test_mmaction2s_other_samplers_resolve_through_our_registry():
    transform = TRANSFORMS.build({"type": "DenseSampleFrames", "clip_len": 1, "num_clips": 8})
    assert type(transform) is DenseSampleFrames
    assert len(sampled(transform, 100)["frame_inds"]) == 8
    assert type(TRANSFORMS.build({"type": "SampleFrames", "clip_len": 1})) is SampleFrames
