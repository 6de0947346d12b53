import mmaction.evaluation as oracle
import numpy as np
import pytest

from tsn_plugin.evaluation import functional

RNG = np.random.default_rng(0)
SCORES = RNG.normal(size=(60, 7))
LABELS = RNG.integers(0, 7, 60)
ONE_HOT = np.eye(7, dtype=int)[LABELS]


def test_top_k_by_hand():
    scores = [[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]
    assert functional.top_k_accuracy(scores, [1, 1, 0], topk=(1, 2, 3)) == [1 / 3, 2 / 3, 1.0]


def test_top_k_is_mmaction2s():
    assert functional.top_k_accuracy(SCORES, LABELS, (1, 3, 5)) == pytest.approx(
        oracle.top_k_accuracy(list(SCORES), list(LABELS), (1, 3, 5))
    )


def test_of_equal_scores_the_later_class_is_higher():
    assert functional.top_k_accuracy(np.zeros((3, 20)), [19, 18, 0], topk=(1, 2, 20)) == [1 / 3, 2 / 3, 1.0]


def test_of_equal_scores_the_earlier_class_is_predicted():
    np.testing.assert_array_equal(functional.per_class_accuracy(np.zeros((2, 2)), [0, 1]), [1, 0])


def test_a_class_without_videos_has_no_accuracy():
    np.testing.assert_array_equal(functional.per_class_accuracy([[1, 0, 0]], [0]), [1, np.nan, np.nan])


def test_top_k_with_several_labels_takes_any_of_them():
    assert functional.top_k_accuracy([[3.0, 2.0, 1.0]], [[0, 1, 1]], topk=(1, 2)) == [0.0, 1.0]


def test_mean_class_accuracy_is_mmaction2s_and_not_top_1():
    scores, labels = np.eye(2)[[0, 0, 0, 0]], [0, 0, 0, 1]
    assert functional.mean_class_accuracy(scores, labels) == 0.5  # class 0: 3 of 3, class 1: 0 of 1
    assert functional.mean_class_accuracy(SCORES, LABELS) == pytest.approx(
        oracle.mean_class_accuracy(list(SCORES), list(LABELS))
    )


def test_a_class_that_is_only_predicted_makes_no_nan():
    assert functional.mean_class_accuracy([[0, 0, 1], [1, 0, 0]], [1, 0]) == 0.5  # class 1: 0 of 1, class 0: 1 of 1


def test_confusion_matrix_by_hand():
    matrix = functional.confusion_matrix([0, 1, 1], [0, 0, 1], 3)
    assert matrix.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]


def test_average_precision_by_hand():
    # ranked: right, wrong, right: precision 1 at recall 1/2, and 2/3 at recall 1
    scores, labels = np.array([[0.9], [0.8], [0.7]]), np.array([[1], [0], [1]])
    assert functional.mean_average_precision(scores, labels) == pytest.approx((1 + 2 / 3) / 2)


def test_average_precisions_are_mmaction2s():
    assert functional.mean_average_precision(SCORES, ONE_HOT) == pytest.approx(
        oracle.mean_average_precision(list(SCORES), list(ONE_HOT))
    )
    assert functional.mmit_mean_average_precision(SCORES, ONE_HOT) == pytest.approx(
        oracle.mmit_mean_average_precision(list(SCORES), list(ONE_HOT))
    )


def test_average_precisions_of_several_labels_are_mmaction2s():
    several = (RNG.random((60, 7)) < 0.3).astype(int)
    several[:, 0] |= ~several.any(axis=1)  # MMAction2 gives NaN for a video without labels
    assert functional.mean_average_precision(SCORES, several) == pytest.approx(
        oracle.mean_average_precision(list(SCORES), list(several))
    )
    assert functional.mmit_mean_average_precision(SCORES, several) == pytest.approx(
        oracle.mmit_mean_average_precision(list(SCORES), list(several))
    )


def test_labels_of_single_videos_are_stacked():
    assert functional.stack_labels([np.array([2]), np.array([0])], 3).tolist() == [2, 0]
    assert functional.stack_labels([np.array([1, 0, 1])], 3).tolist() == [[1, 0, 1]]
    with pytest.raises(ValueError, match=r"\[1, 2\] labels.* set multi_class=True"):
        functional.stack_labels([np.array([2]), np.array([0, 1])], 3)


def test_softmax_of_large_scores_does_not_overflow():
    np.testing.assert_allclose(functional.softmax([[1000.0, 1000.0]]), [[0.5, 0.5]])
    np.testing.assert_allclose(functional.softmax([[0.0, np.log(3)]], temperature=2), [[0.1, 0.9]])


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([[0.0, np.nan], [np.inf, 0.0]], [0, 1], "scores of video 0 and 1 others are not finite"),
        ([[0.0, 1.0]], [0, 1], "1 scores and 2 labels"),
        ([[0.0, 1.0]], [2], "label 2 is no class of 2"),
        ([[0.0, 1.0]], [-1], "label -1 is no class of 2"),
        ([], [], "not be empty"),
        ([[0.0, 1.0]], [[0, 1, 0]], r"0/1 of the shape \(1, 2\), got \(1, 3\)"),
        ([[0.0, 1.0]], [[0, 2]], "several labels per video must be 0/1"),
    ],
)
def test_bad_input_is_named(scores, labels, message):
    with pytest.raises(ValueError, match=message):
        functional.top_k_accuracy(scores, labels)


def test_several_labels_have_no_accuracy_per_class():
    with pytest.raises(ValueError, match="use mean_average_precision"):
        functional.mean_class_accuracy([[0.0, 1.0]], [[1, 1]])


def test_videos_without_labels_have_no_average_precision():
    with pytest.raises(ValueError, match="no video has a label"):
        functional.mean_average_precision([[0.0, 1.0]], [[0, 0]])


def test_k_starts_at_one():
    with pytest.raises(ValueError, match=r"topk=\(0, 5\)"):
        functional.top_k_accuracy(SCORES, LABELS, (0, 5))


@pytest.mark.parametrize(
    ("predicted", "labels", "message"),
    [
        ([3], [0], "predicted holds class 3, but there are 3 classes"),
        ([0, 0], [-1, 2], "labels holds class -1"),
        ([0], [0, 1], r"predicted \(1,\) and labels \(2,\)"),
        ([0], [[0, 1]], "one class for each video"),
    ],
)
def test_a_confusion_matrix_of_impossible_classes(predicted, labels, message):
    with pytest.raises(ValueError, match=message):
        functional.confusion_matrix(predicted, labels, 3)
