from pathlib import Path

import numpy as np
import pytest

from tsn_plugin.evaluation.proposal_recall import average_recall, instance_recall
from tsn_plugin.proposals.labelling import labelled

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"


def golden_videos():
    case = np.load(GOLDEN / "case12_iou.npz")
    for name in np.unique(case["gts"][:, 0]):
        truth, proposals = case["gts"][case["gts"][:, 0] == name], case["props"][case["props"][:, 0] == name]
        yield labelled(f"{name:g}", 100, truth[:, 2:], truth[:, 1] + 1, proposals[:, 1:])


def test_recall_equals_the_originals():
    wanted = np.load(GOLDEN / "case12_iou.npz")["recall"]  # rows: threshold, per video, per instance
    np.testing.assert_allclose(instance_recall(list(golden_videos()), wanted[:, 0]), wanted[:, 2], atol=1e-12)


def test_average_recall_by_hand():
    first = labelled("first", 100, [[0, 10], [50, 60]], [1, 1], [[0, 10], [50, 60]])
    second = labelled("second", 100, [[0, 10]], [1], [[90, 95], [0, 8]])
    counts, recalls = average_recall([first, second], max_proposals=2)
    # one proposal each: 1 of 3; two each: the last has IoU 0.8, which 7 of the 10 thresholds allow
    assert counts.tolist() == [1, 2]
    np.testing.assert_allclose(recalls, [1 / 3, (2 + 0.7) / 3])


def test_more_proposals_than_there_are_change_nothing():
    video = labelled("video", 100, [[0, 10]], [1], [[0, 10]])
    assert average_recall([video], max_proposals=5)[1].tolist() == [1] * 5


def test_lists_without_instances_or_proposals_are_refused():
    with pytest.raises(ValueError, match="there is no instance"):
        instance_recall([labelled("video", 100, [], [], [[0, 10]])])
    with pytest.raises(ValueError, match="1 videos with instances have 0 proposals"):
        average_recall([labelled("video", 100, [[0, 10]], [1], [])])
