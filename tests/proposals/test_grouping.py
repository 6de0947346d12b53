from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsn_plugin.ops.intervals import interval_iou
from tsn_plugin.proposals.grouping import THRESHOLDS, TOLERANCES, group_ticks, search_groups, smoothed_actionness
from tsn_plugin.proposals.sliding_windows import sliding_windows

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"
TOY = np.isin(np.arange(12), [1, 2, 4, 8, 9, 10])


def rows(boxes, scores):
    return np.column_stack([boxes, scores])


@pytest.mark.parametrize("case", range(5))
def test_groups_equal_the_originals(case):
    golden = np.load(GOLDEN / "case15_tag.npz")
    scores = golden[f"c{case}_signal"]
    smooth = smoothed_actionness(scores)
    np.testing.assert_allclose(smooth, golden[f"c{case}_smooth"], atol=1e-12)
    labels = np.array([smooth > threshold for threshold in THRESHOLDS])
    np.testing.assert_array_equal(labels, golden[f"c{case}_labels"])
    raw = [rows(*search_groups(label, scores[:, 1], TOLERANCES)) for label in labels]
    np.testing.assert_allclose(np.concatenate(raw), golden[f"c{case}_raw"], atol=1e-9)
    np.testing.assert_allclose(rows(*group_ticks(scores)), golden[f"c{case}_kept"], atol=1e-9)


@pytest.mark.parametrize("tolerance", ["0.05", "0.20", "0.30", "0.40", "0.50", "0.60", "1.00"])
def test_the_toy_equals_the_originals(tolerance):
    found = search_groups(TOY, np.arange(12.0), [float(tolerance)])
    assert rows(*found).tolist() == np.load(GOLDEN / "case15_tag.npz")[f"tiny_tol{tolerance}"].tolist()


def test_no_action_and_an_empty_video_give_no_group():
    assert len(search_groups(np.zeros(5, bool), np.zeros(5), [0.5])[0]) == 0
    assert len(group_ticks(np.zeros((0, 2)))[0]) == 0


@pytest.mark.parametrize("duration", ["0.5", "1", "5.5", "30.2", "177.239", "600.0"])
def test_windows_equal_the_originals(duration):
    golden = np.load(GOLDEN / "case16_sliding_window.npz")
    np.testing.assert_array_equal(sliding_windows(float(duration)), golden[f"dur_{duration}"])


@pytest.mark.parametrize("subset", ["validation", "test"])
def test_windows_of_thumos14_are_as_many_as_the_originals(subset):
    golden = np.load(GOLDEN / "case16_sliding_window.npz")
    counts = [len(sliding_windows(duration)) for duration in golden[f"thumos_{subset}_dur"]]
    assert counts == golden[f"thumos_{subset}_nprop"].tolist()


def test_windows_need_a_share_below_one():
    with pytest.raises(ValueError, match="overlap=1 must be at least 0 and below 1"):
        sliding_windows(10, overlap=1)


@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(-4, 4)), max_size=40),
    st.sampled_from([0, 1, 3]),
    st.integers(-3, 3),
)
def test_groups_begin_and_end_at_action_and_keep_apart(scores, sigma, shift):
    scores = np.array(scores, float).reshape(-1, 2)
    options = dict(thresholds=(0.2, 0.5, 0.8), tolerances=(0.1, 0.5, 1.0), sigma=sigma)
    boxes, values = group_ticks(scores, **options)
    assert (boxes[:, 0] >= 0).all()
    assert (boxes[:, 1] <= len(scores) + 1).all()
    assert (boxes[:, 1] > boxes[:, 0]).all()
    assert (np.diff(values) <= 0).all()
    shared = interval_iou(boxes[:, None], boxes[None], plus_one=True)
    assert (shared[~np.eye(len(boxes), dtype=bool)] <= 0.9).all()
    is_action = smoothed_actionness(scores, sigma=sigma)[:, None] > np.array(options["thresholds"])
    for start, end in boxes:
        assert (is_action[start] & (start == 0 or ~is_action[start - 1])).any()
        # the end is one tick behind the first tick without action
        assert is_action[end - 2].any()
    # what is added to both scores of a tick does not change its probability
    same = smoothed_actionness(scores + shift, sigma=sigma)
    np.testing.assert_allclose(same, smoothed_actionness(scores, sigma=sigma), atol=1e-12)
    assert not len(scores) or ((same >= 0) & (same <= 1)).all()
