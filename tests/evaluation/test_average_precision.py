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
