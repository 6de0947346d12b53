import numpy as np
import pytest

from tsn_plugin.evaluation.fusion import fuse_scores
from tsn_plugin.structures.scores import ClassScores


def stream(names, scores, labels=None, **kwargs):
    return ClassScores(tuple(names), np.array(scores, float), None if labels is None else np.array(labels), **kwargs)


RGB = stream("abc", [[1, 0], [0, 1], [2, 2]], [0, 1, 0])


def test_streams_in_another_order_are_matched_by_name():
    flow = stream("cab", [[10, 0], [20, 0], [30, 0]], [0, 0, 1])
    fused = fuse_scores([RGB, flow], [1, 1.5])
    assert fused.names == ("a", "b", "c")
    assert fused.scores.tolist() == [[31, 0], [45, 1], [17, 2]]
    assert fused.labels.tolist() == [0, 1, 0]


def test_weights_default_to_one_each():
    assert fuse_scores([RGB, RGB]).scores.tolist() == (2 * RGB.scores).tolist()


def test_three_streams_with_the_papers_weights():
    streams = [stream("ab", [[1], [2]]), stream("ba", [[30], [10]]), stream("ab", [[4], [6]])]
    assert fuse_scores(streams, [1, 1, 0.5]).scores.tolist() == [[13], [35]]  # 1 + 10 + 2, 2 + 30 + 3


def test_float32_scores_are_summed_in_double_precision():
    single = ClassScores(("a",), np.float32([[0.1]]))
    assert fuse_scores([single, single], [1, 1.5]).scores[0, 0] == float(np.float32(0.1)) * 2.5


def test_folders_are_ignored_where_base_names_are_unique():
    fused = fuse_scores([stream(["Dive/a", "Swim/b"], [[1], [2]]), stream(["b", "a"], [[10], [20]])])
    assert fused.names == ("Dive/a", "Swim/b")
    assert fused.scores.tolist() == [[21], [12]]


def test_base_names_that_are_not_unique_are_not_matched():
    with pytest.raises(ValueError, match="do not cover the same videos"):
        fuse_scores([stream(["x/a", "y/a"], [[1], [2]]), stream(["x/a", "z/a"], [[1], [2]])])


def test_missing_videos_are_counted_and_named():
    with pytest.raises(ValueError, match=r"stream 2 lacks 2 of 3: b, c"):
        fuse_scores([RGB, stream("a", [[1, 0]])])


def test_labels_must_agree():
    with pytest.raises(ValueError, match="disagree in the label of b and 0 others"):
        fuse_scores([RGB, stream("abc", RGB.scores, [0, 0, 0])])


def test_one_and_several_labels_are_not_compared():
    with pytest.raises(ValueError, match="one label per video, another several"):
        fuse_scores([RGB, stream("abc", RGB.scores, [[1, 0], [0, 1], [1, 0]])])


def test_several_labels_are_compared():
    several = stream("ab", np.zeros((2, 2)), [[1, 0], [0, 1]])
    assert fuse_scores([several, several.ordered_as(("b", "a"))]).labels.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match="disagree in the label of b"):
        fuse_scores([several, stream("ab", np.zeros((2, 2)), [[1, 0], [1, 1]])])


def test_a_stream_without_labels_takes_those_of_the_other():
    assert fuse_scores([stream("abc", RGB.scores), RGB]).labels.tolist() == [0, 1, 0]


def test_probabilities_are_not_mixed_with_scores():
    probabilities = stream("abc", [[1, 0], [0, 1], [0.5, 0.5]], are_probabilities=True)
    with pytest.raises(ValueError, match="stream 2 holds probabilities"):
        fuse_scores([RGB, probabilities], allow_probabilities=True)
    with pytest.raises(ValueError, match="stream 1, 2 holds probabilities"):
        fuse_scores([probabilities, probabilities])
    assert fuse_scores([probabilities, probabilities], allow_probabilities=True).are_probabilities


@pytest.mark.parametrize("weights", [[1], [1, 2, 3], [1, float("nan")]])
def test_weights_must_fit(weights):
    with pytest.raises(ValueError, match="2 finite numbers"):
        fuse_scores([RGB, RGB], weights)


def test_streams_must_have_the_same_classes():
    with pytest.raises(ValueError, match=r"number of classes: \[2, 3\]"):
        fuse_scores([RGB, stream("abc", np.zeros((3, 3)))])


def test_nothing_to_fuse():
    with pytest.raises(ValueError, match="at least one stream"):
        fuse_scores([])
