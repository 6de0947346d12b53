import numpy as np
import pytest

from tsn_plugin.structures.scores import ClassScores


def test_reordering_takes_every_part_along():
    scores = ClassScores(("a", "b"), np.array([[1.0], [2.0]]), np.array([3, 4]), np.array([[[5.0]], [[6.0]]]))
    other = scores.ordered_as(("b", "a"))
    assert other.scores.tolist() == [[2], [1]]
    assert other.labels.tolist() == [4, 3]
    assert other.view_scores.tolist() == [[[6]], [[5]]]


@pytest.mark.parametrize(
    ("names", "scores", "labels", "message"),
    [
        (("a", "b", "a"), np.zeros((3, 2)), None, "video 'a' occurs twice"),
        (("a",), np.zeros((2, 2)), None, "scores belong to 2 videos, but there are 1 names"),
        (("a",), np.zeros((1, 2)), np.zeros(2), "labels belong to 2 videos"),
        (("a",), np.zeros(2), None, r"shape \(videos, classes\), not \(2,\)"),
    ],
)
def test_parts_that_do_not_belong_together(names, scores, labels, message):
    with pytest.raises(ValueError, match=message):
        ClassScores(names, scores, labels)
