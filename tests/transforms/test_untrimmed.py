import numpy as np
import pytest

from tsn_plugin.ops.sampling import fixed_rate_starts
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms import SampleFramesAtRate


@pytest.mark.parametrize(
    ("num_frames", "fps", "rate", "expected"),
    [
        (100, 25, 1, [12, 37, 62, 87]),  # the middle of each second
        (99, 25, 1, [12, 37, 62]),  # what is left of a second is left out
        (50, 25, 2, [6, 18, 31, 43]),  # 12.5 frames apart: 6.25, 18.75, 31.25, 43.75
        (10, 25, 1, [5]),  # less than a second
        (1, 25, 1, [0]),
        (4, 1, 5, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]),  # more often than there are frames
    ],
)
def test_starts_by_hand(num_frames, fps, rate, expected):
    assert fixed_rate_starts(num_frames, fps, rate).tolist() == expected


def sampled(total_frames=60, modality="RGB", start_index=0, **keywords):
    results = dict(total_frames=total_frames, modality=modality, start_index=start_index, avg_fps=20.0)
    return SampleFramesAtRate(**keywords).transform(results)


def test_snippets_of_several_frames_repeat_the_last_one():
    results = sampled(modality="Flow", clip_len=5, start_index=1, frame_interval=3)
    assert results["frame_inds"].reshape(3, 5).tolist() == [
        [11, 14, 17, 20, 23],
        [31, 34, 37, 40, 43],
        [51, 54, 57, 60, 60],
    ]
    assert results["frame_inds"].dtype == np.int32
    assert (results["num_clips"], results["clip_len"], results["frame_interval"]) == (3, 5, 3)


def test_differences_need_one_frame_more():
    assert sampled(modality="RGBDiff", clip_len=5)["clip_len"] == 6


def test_the_rate_of_extracted_frames_is_given():
    assert len(sampled(fps=10.0)["frame_inds"]) == 6
    with pytest.raises(ValueError, match=r"the frame rate of clips/a is not known: .* SampleFramesAtRate\(fps="):
        SampleFramesAtRate().transform(dict(total_frames=9, start_index=1, frame_dir="clips/a"))


@pytest.mark.parametrize("keywords", [dict(rate=0), dict(fps=-1.0)])
def test_rates_must_be_positive(keywords):
    with pytest.raises(ValueError, match="must be positive"):
        SampleFramesAtRate(**keywords)


def test_it_is_built_by_name():
    transform = TRANSFORMS.build(dict(type="SampleFramesAtRate", rate=2.0))
    assert repr(transform) == "SampleFramesAtRate(rate=2.0, clip_len=1, frame_interval=1, fps=None)"
