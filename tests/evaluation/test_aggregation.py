"""Scores of views to scores of videos: golden case 07 of the original code, and small cases by hand."""

from pathlib import Path

import numpy as np
import pytest

from tsn_plugin.evaluation.aggregation import (
    aggregate_top_k,
    aggregate_views,
    aggregate_windows,
    crop_major,
    frame_major,
    reaggregate,
    stack_views,
)
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


def test_fewer_frames_than_k_are_all_taken():
    np.testing.assert_array_equal(aggregate_top_k(np.array([[[1.0]], [[5.0]]]), 7), [3.0])


KEPT = ClassScores(  # one video, two frames of two crops: crop 0 scores 1 and 2, crop 1 scores 5 and 0
    ("a",), np.zeros((1, 1)), np.array([0]), np.array([[[1.0], [2.0], [5.0], [0.0]]])
)


@pytest.mark.parametrize(
    ("crops", "expected"),
    [
        ("mean", 2.0),  # frames: 3 and 1
        ("max", 3.5),  # frames: 5 and 2
        ("windows", (3.5 + 4 * 5) / 5),  # of one second: 5 and 2; the window of each greater length: 5
    ],
)
def test_kept_view_scores_are_aggregated_anew(crops, expected):
    anew = reaggregate(KEPT, crops=crops, num_crops=2)
    assert anew.scores.tolist() == [[expected]]
    assert (anew.names, anew.labels.tolist(), anew.num_crops) == (("a",), [0], 2)


def of_lengths(*frames, crops=2):
    """View scores ``(crops * frames, 1)`` of videos of different lengths, counted through."""
    ends = np.cumsum([crops * count for count in frames])
    return np.split(np.arange(ends[-1], dtype=np.float32)[:, None], ends[:-1])


def test_shorter_videos_are_filled_up():
    views = of_lengths(3, 1)
    stacked = stack_views(views, 2)
    assert stacked.shape == (2, 6, 1)
    np.testing.assert_array_equal(stacked[1, :, 0], [6, np.nan, np.nan, 7, np.nan, np.nan])  # crop 0, then crop 1
    assert frame_major(stacked[0], 2)[..., 0].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert frame_major(stacked[1], 2)[..., 0].tolist() == [[6, 7]]
    kept = ClassScores(("a", "b"), np.zeros((2, 1)), view_scores=stacked, num_crops=2)
    assert reaggregate(kept, crops="mean").scores.tolist() == [[2.5], [6.5]]
    # 3, 4 and 5 of the better crop: mean 4; windows of two seconds 4 and 5; the greater ones 5
    assert reaggregate(kept, crops="windows").scores.tolist() == [[pytest.approx((4 + 4.5 + 3 * 5) / 5)], [7]]


def test_videos_of_one_length_need_no_number_of_crops():
    np.testing.assert_array_equal(stack_views(of_lengths(2, 2), None), np.arange(8).reshape(2, 4, 1))


@pytest.mark.parametrize("num_crops", [None, 4])
def test_different_lengths_need_the_number_of_crops(num_crops):
    with pytest.raises(ValueError, match=rf"from 2 to 6 views, and num_crops={num_crops} does not tell .*on_device"):
        stack_views(of_lengths(3, 1), num_crops)


def test_all_golden_videos_are_aggregated_anew():
    views = np.stack([crop_major(view) for view in GOLDEN["scores_a"]])
    names = tuple(map(str, range(len(views))))
    scores = ClassScores(names, GOLDEN["mean"], view_scores=views, num_crops=10)
    for crops, key in (("max", "crop_max"), ("windows", "sliding_window_fps1")):
        np.testing.assert_allclose(reaggregate(scores, crops=crops).scores, GOLDEN[key], rtol=0, atol=1e-9)


def test_what_aggregating_anew_needs():
    with pytest.raises(ValueError, match="keep_view_scores=True"):
        reaggregate(ClassScores(("a",), np.zeros((1, 1))), crops="max")
    with pytest.raises(ValueError, match="crops='median' is unknown; known: mean, max, windows"):
        reaggregate(KEPT, crops="median", num_crops=2)
    with pytest.raises(ValueError, match="--num-crops"):
        reaggregate(KEPT, crops="max")
    with pytest.raises(ValueError, match="num_crops=3 does not divide the 4 views"):
        reaggregate(KEPT, crops="max", num_crops=3)


def test_errors_name_the_argument():
    with pytest.raises(ValueError, match=r"\(frames, crops, classes\), not \(25, 7\)"):
        aggregate_views(np.zeros((25, 7)))
    with pytest.raises(ValueError, match="crops='median' is unknown"):
        aggregate_views(np.zeros((25, 10, 7)), crops="median")
    with pytest.raises(ValueError, match="k=0 must be 1 or more"):
        aggregate_top_k(np.zeros((25, 10, 7)), 0)
    with pytest.raises(ValueError, match=r"overlap=1 must be in \[0, 1\)"):
        aggregate_windows(np.zeros((25, 10, 7)), overlap=1)
    with pytest.raises(ValueError, match=r"fps=0.5 at least 1 / 1"):
        aggregate_windows(np.zeros((25, 10, 7)), fps=0.5)
