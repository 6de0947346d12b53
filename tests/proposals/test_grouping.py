from pathlib import Path

import numpy as np
import pytest

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
