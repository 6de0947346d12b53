from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsn_plugin.evaluation.average_precision import (
    TIOU_THRESHOLDS,
    Instances,
    average_precision,
    interpolated_average_precision,
    mean_average_precision,
)
from tsn_plugin.ops.intervals import interval_iou
from tsn_plugin.structures.proposals import Detections

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"


def instances(rows):
    rows = np.asarray(rows, float).reshape(-1, 3)
    return Instances(rows[:, 0].astype(int), np.zeros(len(rows), int), rows[:, 1:])


def detections(rows):
    rows = np.asarray(rows, float).reshape(-1, 4)
    return Detections(rows[:, 0].astype(int), np.zeros(len(rows), int), rows[:, 3], rows[:, 1:3])


@pytest.mark.parametrize("case", range(5))
@pytest.mark.parametrize(("protocol", "key"), [("thumos14", "01_09"), ("activitynet", "050_095")])
def test_average_precision_equals_the_toolkits(case, protocol, key):
    golden = np.load(GOLDEN / "case13_ap.npz")
    truth, found = instances(golden[f"c{case}_gt"]), detections(golden[f"c{case}_pred"])
    values = average_precision(truth, found, TIOU_THRESHOLDS[protocol])
    np.testing.assert_allclose(values, golden[f"c{case}_ap_{key}"], atol=1e-12)


def test_interpolation_equals_the_toolkits():
    golden = np.load(GOLDEN / "case13_ap.npz")
    value = interpolated_average_precision(golden["interp_prec"], golden["interp_rec"])
    assert value == pytest.approx(float(golden["interp_ap"]), abs=1e-12)


def slow(truth, found, threshold):
    """The toolkit's loop for one threshold."""
    taken, hits = set(), []
    for n in np.argsort(-found.scores, kind="stable"):
        ious = [
            interval_iou(found.intervals[n], box) if video == found.videos[n] else -1.0
            for video, box in zip(truth.videos, truth.intervals)
        ]
        free = [g for g in np.argsort(ious)[::-1] if ious[g] >= threshold and g not in taken]
        taken.update(free[:1])
        hits.append(bool(free))
    hits = np.cumsum(hits)
    return interpolated_average_precision(hits / np.arange(1, len(hits) + 1), hits / len(truth.videos))


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 40))
def test_all_thresholds_at_once_equal_one_after_the_other(seed, num_instances, num_detections):
    random = np.random.default_rng(seed)

    def intervals(count):
        starts = random.random(count)
        return np.stack([starts, starts + random.random(count)], axis=1)

    truth = Instances(random.integers(3, size=num_instances), np.zeros(num_instances, int), intervals(num_instances))
    found = Detections(
        random.integers(4, size=num_detections),
        np.zeros(num_detections, int),
        random.random(num_detections),
        intervals(num_detections),
    )
    values = average_precision(truth, found, (0.1, 0.3, 0.5))
    np.testing.assert_allclose(values, [slow(truth, found, threshold) for threshold in (0.1, 0.3, 0.5)], atol=1e-12)


def test_a_class_without_instances_is_left_out():
    truth = instances([[0, 0, 10]])
    found = Detections(np.zeros(2, int), np.array([0, 1]), np.ones(2), np.array([[0.0, 10.0], [0.0, 10.0]]))
    mean, per_class = mean_average_precision(truth, found, (0.5,), num_classes=3)
    assert mean.tolist() == [1]
    assert np.isnan(per_class[1:]).all()


def test_nothing_to_find_is_refused():
    with pytest.raises(ValueError, match="there is no instance in the list"):
        mean_average_precision(instances([]), detections([]), (0.5,), num_classes=1)


@st.composite
def evaluated(draw):
    """Instances and detections of two videos; scores differ."""
    intervals = st.tuples(st.integers(0, 30), st.integers(1, 15)).map(lambda pair: (pair[0], sum(pair)))
    rows = draw(st.lists(st.tuples(st.integers(0, 1), intervals), min_size=1, max_size=6))
    guesses = draw(st.lists(st.tuples(st.integers(0, 2), intervals), max_size=8))
    scores = draw(st.permutations(range(len(guesses))))
    truth = instances([(video, *interval) for video, interval in rows])
    return truth, detections([(video, *interval, score) for (video, interval), score in zip(guesses, scores)])


LIMITS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)


@given(evaluated())
def test_average_precision_is_a_share_that_falls_with_the_threshold_of_one_detection(case):
    truth, found = case
    values = average_precision(truth, found, LIMITS)
    assert ((values >= 0) & (values <= 1)).all()
    np.testing.assert_allclose(values, [slow(truth, found, limit) if len(found) else 0 for limit in LIMITS], atol=1e-12)
    if len(found) == 1:
        assert (np.diff(values) <= 0).all()


@given(evaluated(), st.randoms(use_true_random=False))
def test_only_the_order_of_the_scores_counts(case, random):
    truth, found = case
    values = average_precision(truth, found, LIMITS).tolist()
    for transform in (lambda scores: scores * 3 - 7, np.exp, lambda scores: -1 / (scores + 1)):
        changed = Detections(found.videos, found.labels, transform(found.scores), found.intervals)
        assert average_precision(truth, changed, LIMITS).tolist() == values
    order = np.array(random.sample(range(len(found)), len(found)), int)
    assert average_precision(truth, found[order], LIMITS).tolist() == values


@given(evaluated())
def test_perfect_detections_are_worth_1_and_useless_ones_behind_them_cost_nothing(case):
    truth, found = case
    perfect = Detections(truth.videos, truth.labels, np.arange(len(truth.videos)) + 100.0, truth.intervals)
    np.testing.assert_allclose(average_precision(truth, perfect, LIMITS), 1)
    np.testing.assert_allclose(average_precision(truth, Detections.joined([found, perfect]), LIMITS), 1)
    elsewhere = Detections(found.videos + 5, found.labels, found.scores, found.intervals)
    assert average_precision(truth, elsewhere, LIMITS).tolist() == [0] * len(LIMITS)
    # better ones that find nothing lower it
    first = Detections(found.videos + 5, found.labels, found.scores + 1000, found.intervals)
    total = len(truth.videos)
    expected = total / (total + len(found))
    np.testing.assert_allclose(average_precision(truth, Detections.joined([first, perfect]), LIMITS), expected)
