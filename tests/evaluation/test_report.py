import numpy as np
import pytest

from tsn_plugin.evaluation.report import accuracy_table
from tsn_plugin.structures.scores import ClassScores


def cells(table):
    """Header and rows of a table as lists of strings."""
    columns = [[column.header, *column.cells] for column in table.columns]
    return [list(row) for row in zip(*columns)]


def test_accuracies_by_hand():
    right = ClassScores(("a", "b", "c"), np.eye(2)[[0, 0, 1]], np.array([0, 0, 1]))
    partly = ClassScores(("a", "b", "c"), np.eye(2)[[0, 0, 0]], np.array([0, 0, 1]))  # 2 of 3; classes 1 and 0
    assert cells(accuracy_table({"rgb": right, "flow": partly})) == [
        ["stream", "videos", "top-1", "mean class accuracy"],
        ["rgb", "3", "1.0000", "1.0000"],
        ["flow", "3", "0.6667", "0.5000"],
    ]


def test_top_5_needs_more_than_five_classes():
    scores = ClassScores(("a", "b"), np.tile(np.arange(6.0), (2, 1)), np.array([1, 0]))  # ranks: 5 4 3 2 1 | 0
    assert cells(accuracy_table({"rgb": scores})) == [
        ["stream", "videos", "top-1", "top-5", "mean class accuracy"],
        ["rgb", "2", "0.0000", "0.5000", "0.0000"],
    ]


def test_several_labels_are_rated_by_average_precision():
    scores = ClassScores(("a", "b"), np.array([[2.0, 1], [1, 2]]), np.array([[1, 1], [0, 1]]))
    assert cells(accuracy_table({"rgb": scores}))[0][-1] == "mean average precision"


def test_chosen_metrics_are_the_columns_in_their_order():
    # class 0: ranked b, a, c with a and c right: (1/2 + 2/3) / 2; class 1: only b right, ranked second: 1/2
    # videos: a right first: 1; b right second: 1/2; c right second: 1/2
    scores = ClassScores(("a", "b", "c"), np.array([[2.0, 1], [3, 2], [1, 4]]), np.array([0, 1, 0]))
    metrics = ["mmit_mean_average_precision", "mean_average_precision"]
    assert cells(accuracy_table({"rgb": scores}, metrics=metrics)) == [
        ["stream", "videos", "MMIT average precision", "mean average precision"],
        ["rgb", "3", "0.6667", "0.5417"],
    ]


def test_metrics_need_labels_and_known_names():
    with pytest.raises(ValueError, match="need labels; .*--labels-from"):
        accuracy_table({"rgb": ClassScores(("a",), np.zeros((1, 2)))}, metrics=["top_k_accuracy"])
    with pytest.raises(ValueError, match="'accuracy' is unknown; known: top_k_accuracy, mean_class_accuracy"):
        accuracy_table({"rgb": ClassScores(("a",), np.zeros((1, 2)), np.array([0]))}, metrics=["accuracy"])


def test_without_labels_only_the_videos_are_counted():
    assert cells(accuracy_table({"rgb": ClassScores(("a",), np.zeros((1, 2)))})) == [["stream", "videos"], ["rgb", "1"]]
