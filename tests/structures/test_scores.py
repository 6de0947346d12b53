import numpy as np
import pytest

from tsn_plugin.structures.scores import ClassScores


def test_reordering_takes_every_part_along():
    scores = ClassScores(
        ("a", "b"),
        np.array([[1.0], [2.0]]),
        np.array([3, 4]),
        np.array([[[5.0]], [[6.0]]]),
        are_probabilities=True,
        num_crops=1,
    )
    other = scores.ordered_as(("b", "a"))
    assert other.names == ("b", "a")
    assert other.scores.tolist() == [[2], [1]]
    assert other.labels.tolist() == [4, 3]
    assert other.view_scores.tolist() == [[[6]], [[5]]]
    assert (other.are_probabilities, other.num_crops) == (True, 1)


@pytest.mark.parametrize("names", [("a",), ("a", "c"), ("a", "b", "b")])
def test_reordering_by_other_names_is_refused(names):
    scores = ClassScores(("a", "b"), np.zeros((2, 3)))
    with pytest.raises(ValueError, match="names must be those of the 2 videos in another order"):
        scores.ordered_as(names)


@pytest.mark.parametrize(
    ("names", "scores", "labels", "message"),
    [
        (("a", "b", "a"), np.zeros((3, 2)), None, "video 'a' occurs twice, as do 0 others"),
        (("a",), np.zeros((2, 2)), None, "scores belong to 2 videos, but there are 1 names"),
        (("a",), np.zeros((1, 2)), np.zeros(2), "labels belong to 2 videos"),
        (("a",), np.zeros((1, 2)), np.zeros((1, 3)), r"shape \(1,\) or, as 0/1, \(1, 2\), not \(1, 3\)"),
        (("a",), np.zeros(2), None, r"shape \(videos, classes\), not \(2,\)"),
        (
            ("a", "b", "c"),
            np.array([[0.0], [np.nan], [np.inf]]),
            None,
            "scores of video 'b' and 1 others are not finite",
        ),
    ],
)
def test_parts_that_do_not_belong_together(names, scores, labels, message):
    with pytest.raises(ValueError, match=message):
        ClassScores(names, scores, labels)


@pytest.mark.parametrize(
    ("views", "num_crops", "message"),
    [
        (np.zeros((1, 4, 3)), None, r"shape \(videos, views, 2\), not \(1, 4, 3\)"),
        (np.zeros((1, 4, 2)), 3, "num_crops=3 does not divide the 4 views"),
        (np.zeros((1, 4, 2)), 0, "num_crops=0 does not divide"),
    ],
)
def test_view_scores_must_fit(views, num_crops, message):
    with pytest.raises(ValueError, match=message):
        ClassScores(("a",), np.zeros((1, 2)), view_scores=views, num_crops=num_crops)
