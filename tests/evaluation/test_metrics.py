import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from tsn_plugin.evaluation.metrics import AccMetric, ConfusionMatrix, DumpScores, relative_names
from tsn_plugin.evaluation.score_files import load_scores

SCORES = torch.tensor([[3.0, 1.0, 0.0], [0.0, 2.0, 1.0], [1.0, 0.0, 2.0], [2.0, 1.0, 0.0]])
LABELS = [0, 1, 1, 0]


def samples(**more):
    return [
        dict(pred_score=s.softmax(0), scores=s, gt_label=torch.tensor([y]), video_name=f"data/v/clip_{n}", **more)
        for n, (s, y) in enumerate(zip(SCORES, LABELS))
    ]


def evaluate(metric, data_samples):
    evaluator = Evaluator([metric])
    evaluator.metrics[0].process({}, data_samples)
    return evaluator.evaluate(len(data_samples))


def test_accuracies_have_mmaction2s_names():
    metric = AccMetric(metric_options=dict(top_k_accuracy=dict(topk=[1, 2])))
    assert evaluate(metric, samples()) == {"acc/top1": 0.75, "acc/top2": 0.75, "acc/mean1": 0.75}


def test_the_layout_of_1_1_is_read():
    old = [dict(pred_scores={"item": s["pred_score"]}, gt_labels={"item": s["gt_label"]}) for s in samples()]
    assert evaluate(AccMetric("mean_class_accuracy"), old) == {"acc/mean1": 0.75}


def test_several_labels_per_video():
    several = [dict(pred_score=s, gt_label=torch.tensor([1, 0, 1])) for s in SCORES]
    values = evaluate(AccMetric(["mean_average_precision", "mmit_mean_average_precision"]), several)
    assert values["acc/mean_average_precision"] == 1.0  # every video holds classes 0 and 2


def test_bfloat16_scores_are_taken():
    low = [dict(sample, pred_score=sample["pred_score"].bfloat16()) for sample in samples()]
    assert evaluate(AccMetric("top_k_accuracy"), low)["acc/top1"] == 0.75


@pytest.mark.parametrize("kwargs", [dict(metric_list="accuracy"), dict(metric_options=dict(mean_class_accuracy={}))])
def test_an_unknown_metric_or_option_lists_the_known_ones(kwargs):
    with pytest.raises(ValueError, match="known: top_k_accuracy"):
        AccMetric(**kwargs)


def test_confusion_matrix():
    (matrix,) = evaluate(ConfusionMatrix(), samples()).values()
    assert matrix.tolist() == [[2, 0, 0], [0, 1, 1], [0, 0, 0]]


def test_the_score_file_holds_relative_names_and_raw_scores(tmp_path):
    values = evaluate(DumpScores(str(tmp_path / "s.npz")), samples())
    loaded = load_scores(tmp_path / "s.npz")
    assert values == {"scores/videos": 4}
    assert loaded.names == ("clip_0", "clip_1", "clip_2", "clip_3")
    np.testing.assert_array_equal(loaded.scores, SCORES)
    assert loaded.labels.tolist() == LABELS


def test_view_scores_are_written_on_request(tmp_path):
    views = torch.arange(6.0).reshape(2, 3)
    evaluate(DumpScores(str(tmp_path / "s.npz"), keep_view_scores=True), samples(view_scores=views))
    np.testing.assert_array_equal(load_scores(tmp_path / "s.npz").view_scores[3], views)


def test_a_video_tested_twice_is_written_once(tmp_path):
    doubled = samples() + samples()[:1]
    assert evaluate(DumpScores(str(tmp_path / "s.npz")), doubled) == {"scores/videos": 4}


def test_a_name_with_two_results_is_an_error(tmp_path):
    other = dict(samples()[0], scores=SCORES[1])
    with pytest.raises(ValueError, match="clip_0 was tested twice with different scores"):
        evaluate(DumpScores(str(tmp_path / "s.npz")), [*samples(), other])


def test_a_head_without_raw_scores_is_named(tmp_path):
    stock = [{key: value for key, value in sample.items() if key != "scores"} for sample in samples()]
    with pytest.raises(ValueError, match=r"has no scores: use tsn_plugin.TSNHead"):
        evaluate(DumpScores(str(tmp_path / "s.npz")), stock)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("/d/v/A/x", "/d/v/B/y"), ("A/x", "B/y")),
        (("d/x", "d/y"), ("x", "y")),
        (("/d/v/x",), ("x",)),
        (("x", "A/y"), ("x", "A/y")),
        (("/d/x", "e/y"), ("/d/x", "e/y")),
    ],
)
def test_relative_names(names, expected):
    assert relative_names(names) == expected
