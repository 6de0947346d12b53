import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsn_plugin.ops.sampling import (
    ORIGINAL_RULES,
    center_snippet_starts,
    loop_frames,
    mmaction2_test_starts,
    mmaction2_train_starts,
    repeat_last_frame,
    repeat_last_sampled_frame,
    snippet_frames,
    tsn_caffe_test_starts,
    tsn_caffe_train_starts,
    tsn_caffe_val_starts,
    tsn_pytorch_test_starts,
    tsn_pytorch_train_starts,
    tsn_pytorch_val_starts,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "data/golden/case03_sampling.json").read_text())


class Extreme:
    """Draws always the lowest or always the highest number it may."""

    def __init__(self, highest):
        self.highest = highest

    def randint(self, low, high=None, size=None):
        low, high = (0, low) if high is None else (low, high)
        return np.full(size, high - 1 if self.highest else low)


def one_based(starts):
    return (starts + 1).tolist()


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("tsn_pytorch_val", tsn_pytorch_val_starts),
        ("tsn_pytorch_test", tsn_pytorch_test_starts),
        ("caffe_val", tsn_caffe_val_starts),
        ("caffe_test", tsn_caffe_test_starts),
    ],
)
def test_fixed_starts_equal_the_original(name, rule):
    for num_frames, num_segments, snippet_len, expected in GOLDEN[name]:
        assert one_based(rule(num_frames, num_segments, snippet_len)) == expected, (
            num_frames,
            num_segments,
            snippet_len,
        )


def test_caffe_training_range_equals_the_original():
    for *case, lowest, highest in GOLDEN["caffe_train_range"]:
        assert one_based(tsn_caffe_train_starts(*case, rng=Extreme(highest=False))) == lowest, case
        assert one_based(tsn_caffe_train_starts(*case, rng=Extreme(highest=True))) == highest, case


def test_tsn_pytorch_training_range_equals_the_original():
    for *case, lowest, highest in GOLDEN["tsn_pytorch_train_range"]:
        drawn_lowest = one_based(tsn_pytorch_train_starts(*case, rng=Extreme(highest=False)))
        drawn_highest = one_based(tsn_pytorch_train_starts(*case, rng=Extreme(highest=True)))
        num_frames, num_segments, snippet_len = case
        if lowest is None:  # fewer possible starts than segments: draws from all of them, or the first frame
            lowest = [1] * num_segments
            highest = [num_frames - snippet_len + 1 if num_frames > num_segments else 1] * num_segments
            if num_frames < snippet_len:
                highest = lowest
        elif lowest == "crash":  # no whole snippet in the video: what is meant is the first frame
            lowest = highest = [1] * num_segments
        assert (drawn_lowest, drawn_highest) == (lowest, highest), case


def test_tsn_pytorch_test_starts_of_a_video_shorter_than_a_snippet_are_its_first_frame():
    # the original gives -2 (1-based) for one frame and snippets of 6
    assert tsn_pytorch_test_starts(1, 3, 6).tolist() == [0, 0, 0]
    assert tsn_pytorch_test_starts(5, 3, 6).tolist() == [0, 0, 0]
    assert tsn_pytorch_test_starts(6, 3, 6).tolist() == [0, 0, 0]  # one possible start, three times
    assert tsn_pytorch_test_starts(8, 3, 6).tolist() == [0, 1, 2]  # three possible starts: 0.5, 1.5, 2.5


def test_caffe_test_starts_by_hand():
    # (100 - 1) // 24 = 4 and (100 - 5) // 24 = 3: 1-based last ticks 97 and 73
    assert one_based(tsn_caffe_test_starts(100, 25, 1))[-1] == 97
    assert one_based(tsn_caffe_test_starts(100, 25, 5))[-1] == 73
    assert tsn_caffe_test_starts(24, 25, 1).tolist() == [0] * 25
    assert tsn_caffe_test_starts(9, 1, 1).tolist() == [0]  # the original divides by zero


@pytest.mark.parametrize(("num_frames", "expected"), [(9, [1, 4, 7]), (3, [0, 1, 2])])
def test_center_snippet_starts_by_hand(num_frames, expected):
    assert center_snippet_starts(num_frames, num_segments=3).tolist() == expected


def test_center_snippet_starts_rejects_a_video_shorter_than_one_snippet():
    with pytest.raises(ValueError, match="4 frames holds no snippet of 5"):
        center_snippet_starts(4, num_segments=3, snippet_len=5)


@given(
    protocol=st.sampled_from(sorted(ORIGINAL_RULES)),
    phase=st.sampled_from(["train", "val", "test"]),
    num_frames=st.integers(1, 300),
    num_segments=st.integers(1, 30),
    snippet_len=st.integers(1, 6),
)
def test_every_original_rule_gives_sorted_starts_inside_the_video(
    protocol, phase, num_frames, num_segments, snippet_len
):
    starts = ORIGINAL_RULES[protocol][phase](num_frames, num_segments, snippet_len)
    assert starts.shape == (num_segments,)
    assert np.issubdtype(starts.dtype, np.integer)
    assert (np.diff(starts) >= 0).all()
    assert starts.min() >= 0
    assert starts.max() <= max(num_frames - snippet_len, 0)  # whole snippets wherever the video holds one


def test_caffe_snippets_stay_inside_their_segments():
    starts = tsn_caffe_train_starts(100, 3, 5, rng=np.random.RandomState(0))
    for segment, start in enumerate(starts):
        assert 33 * segment <= start <= 33 * (segment + 1) - 5


def test_training_rules_draw_what_the_originals_draw_from_numpy():
    # tsn-pytorch: avg = (100 - 5 + 1) // 3 = 32, offsets = k * 32 + randint(32, size=3)
    starts = tsn_pytorch_train_starts(100, 3, 5, rng=np.random.RandomState(7))
    assert starts.tolist() == (np.array([0, 32, 64]) + np.random.RandomState(7).randint(32, size=3)).tolist()


def test_mmaction2_rules_by_hand():
    # segments of (9 - 3 + 1) // 2 = 3 possible starts
    assert mmaction2_train_starts(9, 2, 3, rng=Extreme(highest=True)).tolist() == [2, 5]
    # 4 possible starts for 5 clips of a longer video: sorted draws from all; 6 frames are not more: 4 / 5 apart
    assert mmaction2_train_starts(8, 5, 5, rng=Extreme(highest=True)).tolist() == [3] * 5
    assert mmaction2_train_starts(5, 5, 2, rng=Extreme(highest=True)).tolist() == [0, 1, 2, 2, 3]
    assert mmaction2_train_starts(2, 2, 5).tolist() == [0, 0]
    assert mmaction2_test_starts(6, 2, 1, single_frames=True).tolist() == [1.5, 4.5]
    assert mmaction2_test_starts(6, 2, 1, single_frames=True, twice_sample=True).tolist() == [1.5, 4.5, 0, 3]
    assert mmaction2_test_starts(10, 3, 3, single_frames=False).tolist() == [0, 4, 7]  # steps of 3.5, half to even
    assert mmaction2_test_starts(10, 3, 3, single_frames=False, whole_steps=True).tolist() == [0, 3, 6]
    assert mmaction2_test_starts(10, 1, 3, single_frames=False).tolist() == [3]


def test_mmaction2_test_starts_explains_what_mmaction2_divides_by_zero():
    with pytest.raises(ValueError, match="num_clips of at least 2"):
        mmaction2_test_starts(10, 1, 3, single_frames=False, twice_sample=True)


def test_frames_behind_the_end_by_hand():
    frames = snippet_frames(np.array([0, 3]), 3, frame_interval=2)
    assert frames.tolist() == [[0, 2, 4], [3, 5, 7]]
    assert repeat_last_frame(frames, 5).tolist() == [[0, 2, 4], [3, 4, 4]]
    assert repeat_last_sampled_frame(frames, 5).tolist() == [[0, 2, 4], [3, 3, 3]]
    assert loop_frames(frames, 5).tolist() == [[0, 2, 4], [3, 0, 2]]
    assert repeat_last_sampled_frame(np.array([[7, 9]]), 5).tolist() == [[0, 0]]
