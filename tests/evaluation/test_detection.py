import numpy as np
import pytest

from tsn_plugin.evaluation.detection import (
    DETECTION_OPTIONS,
    DetectionOptions,
    combined_scores,
    detect,
    fuse_proposal_scores,
)
from tsn_plugin.structures.proposals import ProposalScores

LOGS = np.log([[0.5, 0.25, 0.25], [0.2, 0.4, 0.4]])  # background and two classes of two proposals


def video(name="v", proposals=((0.0, 0.4), (0.5, 0.9)), regression=None, completeness=None):
    proposals = np.array(proposals, float)
    completeness = np.zeros((len(proposals), 2)) if completeness is None else np.array(completeness, float)
    return ProposalScores(name, proposals, LOGS[: len(proposals)], completeness, regression)


def test_softmax_by_hand():
    one = video(completeness=[[0, np.log(2)], [0, 0]])
    without = combined_scores(one, DetectionOptions())
    np.testing.assert_allclose(without, [[0.5, 1.0], [0.5, 0.5]])  # 0.25 of 0.25 + 0.25; times exp(completeness)
    with_background = combined_scores(one, DetectionOptions(softmax="with_background"))
    np.testing.assert_allclose(with_background, [[0.25, 0.5], [0.4, 0.4]])
    squared = combined_scores(one, DetectionOptions(completeness_exponent=2))
    np.testing.assert_allclose(squared[0], [0.5, 2.0])
    np.testing.assert_allclose(combined_scores(one, DetectionOptions(softmax="none"))[1], LOGS[1, 1:])


def test_low_scores_do_not_become_equal():
    logs = np.array([[0, 20, 0], [0, 20, 0]], np.float32)
    one = ProposalScores("v", np.zeros((2, 2)), logs, np.array([[0, 0], [1e-8, 0]], np.float32))
    assert len(set(combined_scores(one, DetectionOptions())[:, 0])) == 2


def test_suppression_comes_before_regression():
    # both proposals of each class are moved onto the same place: suppressed first, both stay
    regression = np.zeros((2, 2, 2))
    regression[1, :, 0] = -1.25  # by 1.25 of its length 0.4
    one = video(regression=regression)
    kept = detect([one], DetectionOptions(nms_threshold=0.2))
    assert len(kept) == 4
    np.testing.assert_allclose(kept.intervals, [[0, 0.4]] * 4, atol=1e-12)
    assert len(detect([one], DetectionOptions(nms_threshold=0.2, regression_first=True))) == 2
    unmoved = detect([one], DetectionOptions(with_regression=False))
    assert sorted(map(tuple, unmoved.intervals)) == [(0, 0.4)] * 2 + [(0.5, 0.9)] * 2


def test_only_the_best_pairs_of_a_video_count():
    found = detect([video(completeness=[[0, 1], [2, 0]]), video("w")], DetectionOptions(top_k=2))
    assert sorted(zip(found.videos.tolist(), found.labels.tolist())) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert found[found.videos == 0].scores.max() == pytest.approx(0.5 * np.exp(2))


def test_classes_are_chosen_by_scores_of_whole_videos():
    found = detect([video()], DetectionOptions(top_k=1), video_scores={"v": [0.1, 0.9]})
    assert found.labels.tolist() == [1, 1]  # all proposals of the class
    with pytest.raises(ValueError, match="scores of whole videos lack v"):
        detect([video()], DetectionOptions(), video_scores={})
    with pytest.raises(ValueError, match=r"v has 2 classes, scores of whole videos \(3,\)"):
        detect([video()], DetectionOptions(), video_scores={"v": [0.1, 0.9, 0]})


@pytest.mark.parametrize("kind", ["linear", "gaussian"])
def test_soft_suppression_lowers_scores(kind):
    overlapping = video(proposals=((0.0, 0.4), (0.1, 0.4)))
    hard = detect([overlapping], DetectionOptions())
    soft = detect([overlapping], DetectionOptions(nms=kind))
    assert len(hard) == 2
    assert len(soft) == 4
    assert soft.scores.min() < hard.scores.min()


def test_no_video_and_no_proposal_give_no_detection():
    empty = ProposalScores("v", np.zeros((0, 2)), np.zeros((0, 3)), np.zeros((0, 2)), np.zeros((0, 2, 2)))
    assert len(detect([], DetectionOptions())) == 0
    assert len(detect([empty], DETECTION_OPTIONS["activitynet"])) == 0
    assert len(detect([empty], DetectionOptions(nms="gaussian"))) == 0


def test_streams_are_fused_by_name():
    first, second = [video("a"), video("b")], [video("b"), video("a", completeness=[[4, 4], [4, 4]])]
    fused = fuse_proposal_scores([first, second], [3, 1])
    assert [each.name for each in fused] == ["a", "b"]
    assert fused[0].completeness.tolist() == [[1, 1], [1, 1]]
    with pytest.raises(ValueError, match="stream 2 and the first one differ in 1 videos: b"):
        fuse_proposal_scores([first, second[1:]])
    with pytest.raises(ValueError, match="a: the streams were tested on different proposals"):
        fuse_proposal_scores([first[:1], [video("a", proposals=((0, 0.3), (0.5, 0.9)))]])
    with pytest.raises(ValueError, match="1 weights with the sum 1 do not fit 2 streams"):
        fuse_proposal_scores([first, second], [1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(softmax="hard"), "softmax='hard' is unknown"),
        (dict(nms="soft"), "nms='soft' is unknown; known: hard, linear, gaussian"),
        (dict(top_k=0), "top_k=0 must be at least 1"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        DetectionOptions(**options)


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="do not fit completeness"):
        ProposalScores("v", np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2)))
