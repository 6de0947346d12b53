from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsn_plugin.ops.intervals import (
    apply_regression,
    batched_nms,
    batched_soft_nms,
    interval_iou,
    iou_matrix,
    nms,
    overlaps,
    regression_targets,
)

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"


def test_overlaps_equal_the_originals():
    case = np.load(GOLDEN / "case12_iou.npz")
    np.testing.assert_allclose(interval_iou(case["a"], case["b"]), case["iou"], atol=1e-12)
    shares = overlaps(case["a"], case["b"]) / (case["b"][:, 1] - case["b"][:, 0])
    np.testing.assert_allclose(shares, case["overlap_over_b"], atol=1e-12)


def test_regression_targets_equal_the_originals():
    case = np.load(GOLDEN / "case03_regression_targets.npz")
    for row in case["rows"]:
        proposal, instances = np.array([row[1], row[9]]), np.minimum(row[3:9].reshape(3, 2), [np.inf, row[0]])
        nearest = instances[iou_matrix(proposal[None], instances)[0].argmax()]
        np.testing.assert_allclose(regression_targets(proposal, nearest), row[11:13], atol=1e-12)


def test_intervals_without_length_share_nothing():
    assert interval_iou(np.array([1.0, 1.0]), np.array([1.0, 1.0])) == 0


def test_regression_moves_the_centre_and_stretches():
    # centre 0.5 + 0.5 * 0.2 = 0.6, length 0.2 * 2 = 0.4
    moved = apply_regression(np.array([[0.4, 0.6], [0.8, 1.0]]), np.array([[0.5, np.log(2)], [1.0, 0.0]]))
    np.testing.assert_allclose(moved, [[0.4, 0.8], [1.0, 1.0]])


@pytest.mark.parametrize(("threshold", "kept"), [(0.5, [1, 2]), (0.7, [1, 0, 2]), (2 / 3, [1, 0, 2])])
def test_suppression_keeps_what_overlaps_no_more_than_the_threshold(threshold, kept):
    intervals = np.array([[0.0, 10.0], [2.0, 12.0], [20.0, 30.0]])  # the first two share 8 of 12
    assert nms(intervals, np.array([0.8, 0.9, 0.1]), threshold).tolist() == kept


def test_of_equal_scores_the_first_stays():
    assert nms(np.array([[0, 4], [0, 5]]), np.array([1.0, 1.0]), 0.5).tolist() == [0]


def slow_nms(intervals, scores, threshold):
    order, kept = np.argsort(-scores, kind="stable").tolist(), []
    while order:
        kept.append(order.pop(0))
        order = [other for other in order if interval_iou(intervals[kept[-1]], intervals[other]) <= threshold]
    return kept


@given(st.integers(0, 60), st.integers(1, 5), st.integers(0, 10**6))
def test_suppression_in_groups_is_that_of_each_group(count, num_groups, seed):
    random = np.random.default_rng(seed)
    starts = random.random(count)
    intervals = np.stack([starts, starts + random.random(count)], axis=1)
    scores, groups = random.random(count), random.integers(num_groups, size=count)
    kept, kept_groups = batched_nms(intervals, scores, groups, 0.4)
    wanted = []
    for group in range(num_groups):
        members = np.flatnonzero(groups == group)
        wanted += members[slow_nms(intervals[members], scores[members], 0.4)].tolist()
    assert kept.tolist() == wanted
    assert kept_groups.tolist() == groups[wanted].tolist()


def test_soft_suppression_by_hand():
    intervals = np.array([[0.0, 10.0], [0.0, 10.0], [5.0, 15.0], [20.0, 30.0]])
    scores = np.array([0.9, 0.6, 0.5, 0.4])
    indices, values = batched_soft_nms(intervals, scores, np.zeros(4, int), kind="gaussian", sigma=0.5)
    # IoU with the best: 1, 1/3, 0; then of the third with the second again 1/3
    gauss = np.exp(-((1 / 3) ** 2) / 0.5)
    assert indices.tolist() == [0, 3, 2, 1] or indices.tolist() == [0, 2, 3, 1]
    by_index = dict(zip(indices.tolist(), values.tolist()))
    assert by_index[0] == 0.9
    assert by_index[3] == pytest.approx(0.4)
    assert by_index[2] == pytest.approx(0.5 * gauss)
    assert by_index[1] == pytest.approx(0.6 * np.exp(-2) * gauss)


def test_linear_soft_suppression_leaves_small_overlaps_alone():
    intervals = np.array([[0.0, 10.0], [5.0, 15.0], [0.0, 10.0]])
    indices, values = batched_soft_nms(
        intervals, np.array([0.9, 0.5, 0.6]), np.zeros(3, int), kind="linear", threshold=0.4
    )
    assert indices.tolist() == [0, 1]  # the third has IoU 1 with the first: its score is 0
    assert values.tolist() == [0.9, 0.5]


def test_soft_suppression_drops_by_what_is_left_of_a_score():
    intervals = np.array([[0.0, 10.0], [0.0, 10.0], [20.0, 30.0], [0.0, 10.0], [20.0, 30.0]])
    scores, groups = np.array([50.0, 5, 1e-4, 1e-4, -1]), np.array([0, 0, 0, 1, 1])
    indices, values = batched_soft_nms(intervals, scores, groups, kind="gaussian", sigma=0.1)
    # the second keeps exp(-10) of its score, the small ones all of theirs; the last has none to lose
    assert indices.tolist() == [0, 2, 3]
    assert values.tolist() == [50, 1e-4, 1e-4]


def test_unknown_soft_suppression_is_refused():
    with pytest.raises(ValueError, match="kind='cubic' is unknown; known: linear, gaussian"):
        batched_soft_nms(np.zeros((1, 2)), np.ones(1), np.zeros(1, int), kind="cubic")
