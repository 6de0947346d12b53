import copy

import numpy as np
import pytest
import torch
from mmaction.evaluation import AccMetric as StockMetric
from mmengine.evaluator import Evaluator

from tsn_plugin.evaluation.fusion import fuse_scores
from tsn_plugin.evaluation.metrics import AccMetric, ConfusionMatrix, DumpScores
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


def test_view_scores_of_videos_of_different_lengths_are_filled_up(tmp_path):
    tested = samples(view_boxes=np.zeros((2, 5), int))
    for index, sample in enumerate(tested):
        sample["view_scores"] = torch.arange(6.0 * (1 + index % 2)).reshape(-1, 3)  # two crops of one frame, or of two
    evaluate(DumpScores(str(tmp_path / "s.npz"), keep_view_scores=True), tested)
    views = load_scores(tmp_path / "s.npz").view_scores
    assert views[0, :, 0].tolist() == [0, pytest.approx(np.nan, nan_ok=True), 3, pytest.approx(np.nan, nan_ok=True)]
    assert views[1, :, 0].tolist() == [0, 3, 6, 9]


def test_the_originals_layout_is_written_on_request(tmp_path):
    views = torch.arange(6.0).reshape(2, 3)
    tested = samples(view_scores=views, view_boxes=np.zeros((2, 5), int))
    evaluate(DumpScores(str(tmp_path / "s.npz"), keep_view_scores=True, layout="tsn"), tested)
    with np.load(tmp_path / "s.npz", allow_pickle=True) as file:
        np.testing.assert_array_equal(file["scores"][0, 0], views[None])  # one frame of two crops


@pytest.mark.parametrize(
    ("name", "kwargs", "message"),
    [
        ("s.txt", {}, r"scores are kept in \.npz, \.pkl"),
        ("s.pkl", dict(layout="tsn", keep_view_scores=True), r"scores are kept in \.npz;"),
        ("s.npz", dict(layout="caffe"), "layout='caffe' is unknown"),
        ("s.npz", dict(layout="tsn"), "set keep_view_scores=True here and in the head"),
        ("s.json", dict(keep_view_scores=True), r"'s\.json' cannot keep view scores; use the suffix \.npz"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_before_the_test(name, kwargs, message):
    with pytest.raises(ValueError, match=message):
        DumpScores(name, **kwargs)


def test_a_k_beyond_the_number_of_classes_is_said_once(monkeypatch):
    said = []
    monkeypatch.setattr("tsn_plugin.evaluation.metrics.print_log", lambda text, **_: said.append(text))
    metric = AccMetric("top_k_accuracy")
    for _ in range(2):
        assert evaluate(metric, samples())["acc/top5"] == 1
    assert said == ["top-5 of 3 classes is always 1; set topk in metric_options"]


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


def test_a_head_without_raw_scores_is_taken_at_its_word(tmp_path):
    stock = [dict(pred_score=s["scores"], gt_label=s["gt_label"], video_name=s["video_name"]) for s in samples()]
    evaluate(DumpScores(str(tmp_path / "s.npz"), from_pred_score=True), stock)
    np.testing.assert_array_equal(load_scores(tmp_path / "s.npz").scores, SCORES)


def test_raw_scores_come_before_predicted_ones(tmp_path):
    evaluate(DumpScores(str(tmp_path / "s.npz"), from_pred_score=True), samples())
    np.testing.assert_array_equal(load_scores(tmp_path / "s.npz").scores, SCORES)


def test_streams_from_different_folders_are_fused_by_name(tmp_path):
    names = ("Dive/a", "Dive/b", "Swim/a", "Swim/c")
    for folder, order in (("videos", (0, 1, 2, 3)), ("/data/rawframes", (3, 1, 0, 2))):
        tested = [dict(samples()[index], video_name=f"{folder}/{names[index]}") for index in order]
        evaluate(DumpScores(str(tmp_path / f"{len(folder)}.npz")), tested)
    fused = fuse_scores([load_scores(path) for path in sorted(tmp_path.iterdir(), reverse=True)], [1, 1.5])
    assert fused.names == names
    np.testing.assert_allclose(fused.scores, 2.5 * SCORES)


def test_the_number_of_crops_is_known_from_the_boxes(tmp_path):
    views = torch.zeros(4, 3)
    tested = samples(view_scores=views, view_boxes=np.zeros((2, 5), int))
    evaluate(DumpScores(str(tmp_path / "s.npz"), keep_view_scores=True), tested)
    assert load_scores(tmp_path / "s.npz").num_crops == 2


def test_a_name_with_two_labels_is_an_error(tmp_path):
    other = dict(samples()[0], gt_label=torch.tensor([2]))
    with pytest.raises(ValueError, match="clip_0 was tested twice with different scores or labels"):
        evaluate(DumpScores(str(tmp_path / "s.npz")), [*samples(), other])


def test_scores_that_are_not_finite_are_an_error(tmp_path):
    bad = [*samples()[:3], dict(samples()[3], scores=torch.full((3,), float("nan")))]
    with pytest.raises(ValueError, match="scores of video 'clip_3' and 0 others are not finite"):
        evaluate(DumpScores(str(tmp_path / "s.npz")), bad)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValueError, match="scores of video 0 and 3 others are not finite"):
        evaluate(AccMetric(), [dict(s, pred_score=s["pred_score"] * float("nan")) for s in samples()])


def test_bfloat16_scores_are_written(tmp_path):
    low = [dict(sample, scores=sample["scores"].bfloat16()) for sample in samples()]
    evaluate(DumpScores(str(tmp_path / "s.pkl")), low)
    np.testing.assert_array_equal(load_scores(tmp_path / "s.pkl").scores, SCORES)  # small integers are exact


def test_several_labels_are_written(tmp_path):
    several = [dict(sample, gt_label=torch.tensor([1, 0, 1])) for sample in samples()]
    evaluate(DumpScores(str(tmp_path / "s.npz")), several)
    assert load_scores(tmp_path / "s.npz").labels.tolist() == [[1, 0, 1]] * 4


def test_a_confusion_matrix_of_labels_needs_their_number():
    labels = [{key: value for key, value in sample.items() if key != "pred_score"} for sample in samples()]
    for sample in labels:
        sample["pred_label"] = torch.tensor([0])
    with pytest.raises(AssertionError, match="Please specify the `num_classes`"):
        evaluate(ConfusionMatrix(), labels)
    (matrix,) = evaluate(ConfusionMatrix(num_classes=3), labels).values()
    assert matrix.sum(0).tolist() == [len(labels), 0, 0]


@pytest.mark.parametrize("metric", [ConfusionMatrix(), AccMetric("mean_class_accuracy")])
def test_several_labels_have_no_class_accuracy(metric):
    several = [dict(sample, gt_label=torch.tensor([1, 0, 1])) for sample in samples()]
    with pytest.raises(ValueError, match="one class for each video|one label per video"):
        evaluate(metric, several)


def test_scores_of_single_views_name_the_setting():
    views = [dict(sample, pred_score=sample["pred_score"][None]) for sample in samples()]
    with pytest.raises(ValueError, match=r"shape \(1, 3\): set average_clips"):
        evaluate(AccMetric(), views)


def test_nothing_tested():
    with pytest.raises(ValueError, match="no video was tested"):
        AccMetric().compute_metrics([])


def test_results_are_those_of_mmaction2s_metric():
    rng = np.random.default_rng(0)
    tested = [
        dict(pred_score=torch.tensor(rng.normal(size=7)), gt_label=torch.tensor([int(rng.integers(7))]))
        for _ in range(40)
    ]
    for sample in tested:  # the layout of 1.1 beside that of 1.2
        sample.update(pred_scores={"item": sample["pred_score"]}, gt_labels={"item": sample["gt_label"]})
    stock = StockMetric()
    stock.process(None, copy.deepcopy(tested))
    expected = {f"acc/{name}": value for name, value in stock.compute_metrics(stock.results).items()}
    assert evaluate(AccMetric(), tested) == pytest.approx(expected)
