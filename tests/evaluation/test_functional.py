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


def test_top_k_of_equal_scores_is_mmaction2s():
    scores = np.zeros((4, 3))
    labels = [0, 1, 2, 2]
    assert functional.top_k_accuracy(scores, labels, (1, 2)) == oracle.top_k_accuracy(list(scores), labels, (1, 2))


def test_top_k_with_several_labels_takes_any_of_them():
    assert functional.top_k_accuracy([[3.0, 2.0, 1.0]], [[0, 1, 1]], topk=(1, 2)) == [0.0, 1.0]


def test_mean_class_accuracy_is_mmaction2s_and_not_top_1():
    scores, labels = np.eye(2)[[0, 0, 0, 0]], [0, 0, 0, 1]
    assert functional.mean_class_accuracy(scores, labels) == 0.5  # class 0: 3 of 3, class 1: 0 of 1
    assert functional.mean_class_accuracy(SCORES, LABELS) == pytest.approx(
        oracle.mean_class_accuracy(list(SCORES), list(LABELS))
    )


def test_a_class_that_is_only_predicted_makes_no_nan():
    assert functional.mean_class_accuracy([[0, 0, 1], [1, 0, 0]], [1, 0]) == 0.5


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
    ],
)
def test_bad_input_is_named(scores, labels, message):
    with pytest.raises(ValueError, match=message):
        functional.top_k_accuracy(scores, labels)


def test_a_class_beyond_the_matrix_is_named():
    with pytest.raises(ValueError, match="predicted holds class 3, but there are 3 classes"):
        functional.confusion_matrix([3], [0], 3)
