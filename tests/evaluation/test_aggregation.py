"""Scores of views to scores of videos: golden case 07 of the original code, and small cases by hand."""

from pathlib import Path

import numpy as np
import pytest

from tsn_plugin.evaluation.aggregation import aggregate_top_k, aggregate_views, aggregate_windows
from tsn_plugin.evaluation.functional import mean_class_accuracy, softmax
from tsn_plugin.evaluation.fusion import fuse_scores
from tsn_plugin.structures.scores import ClassScores

GOLDEN = np.load(Path(__file__).parents[1] / "data" / "golden" / "case07_evaluation.npz", allow_pickle=False)


def of_all_videos(function, stream="scores_a", **kwargs):
    return np.stack([function(views, **kwargs) for views in GOLDEN[stream]])


@pytest.mark.parametrize(
    ("key", "scores"),
    [
        ("mean", lambda: of_all_videos(aggregate_views)),
        ("mean_b", lambda: of_all_videos(aggregate_views, "scores_b")),
        ("crop_max", lambda: of_all_videos(aggregate_views, crops="max")),
        ("top5", lambda: of_all_videos(aggregate_top_k, k=5)),
        ("sliding_window_fps1", lambda: of_all_videos(aggregate_windows)),
        ("softmax_T1", lambda: softmax(of_all_videos(aggregate_views))),
    ],
)
def test_golden_aggregations(key, scores):
    np.testing.assert_allclose(scores(), GOLDEN[key], rtol=0, atol=1e-9)


def test_golden_fusion_and_mean_class_accuracy():
    names = tuple(f"video_{number}" for number in range(len(GOLDEN["labels"])))
    streams = [
        ClassScores(names, of_all_videos(aggregate_views, stream), GOLDEN["labels"])
        for stream in ("scores_a", "scores_b")
    ]
    fused = fuse_scores(streams, [1, 1.5])
    np.testing.assert_allclose(fused.scores, GOLDEN["fused_1_1p5"], rtol=0, atol=1e-9)
    assert mean_class_accuracy(streams[0].scores, GOLDEN["labels"]) == pytest.approx(float(GOLDEN["mca_a"]), abs=1e-9)
    assert mean_class_accuracy(fused.scores, GOLDEN["labels"]) == pytest.approx(float(GOLDEN["mca_fused"]), abs=1e-9)


def test_top_k_by_hand():
    views = np.array([[[1.0, 9.0]], [[5.0, 1.0]], [[3.0, 5.0]]])  # three frames, one crop, two classes
    np.testing.assert_array_equal(aggregate_top_k(views, 2), [4.0, 7.0])


def test_windows_by_hand():
    views = np.array([[[1.0]], [[5.0]], [[2.0]], [[0.0]]])  # windows of 2 every 2 frames: max 5 and 2, all of them kept
    np.testing.assert_array_equal(aggregate_windows(views, seconds=(2,), overlap=0.0), [3.5])


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match=r"\(frames, crops, classes\), not \(25, 7\)"):
        aggregate_views(np.zeros((25, 7)))
    with pytest.raises(ValueError, match="crops='median' is unknown"):
        aggregate_views(np.zeros((25, 10, 7)), crops="median")
