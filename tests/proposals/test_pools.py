from pathlib import Path

import numpy as np
import pytest

from tsn_plugin.proposals.labelling import labelled
from tsn_plugin.proposals.pools import THRESHOLDS, ProposalSampler, make_pools, regression_statistics
from tsn_plugin.proposals.proposal_files import read_proposals

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"
KINDS = ("fg", "inc", "bg")


def golden_pools(dataset):
    videos = read_proposals(GOLDEN / "case01_proposal_list.txt")
    return [make_pools(video, THRESHOLDS[dataset]) for video in videos if len(video.instances)]


@pytest.mark.parametrize(("dataset", "key"), [("thumos14", "thumos"), ("activitynet1.2", "anet")])
def test_pools_equal_the_originals(dataset, key):
    case, pools = np.load(GOLDEN / "case02_pools.npz"), golden_pools(dataset)
    for kind, name in enumerate(KINDS):
        rows = [
            [number, *video.intervals[index], video.labels[index]]
            for number, video in zip(case[f"{key}_video_ids"].tolist(), pools)
            for index in video.by_kind(kind)
        ]
        assert rows == case[f"{key}_{name}"].tolist()
    targets = np.concatenate([video.targets[video.foreground] for video in pools])
    np.testing.assert_allclose(targets, case[f"{key}_fg_reg_targets"], atol=1e-12)
    statistics = regression_statistics(pools)
    np.testing.assert_allclose([statistics.mean, statistics.std], case[f"{key}_reg_stats"], atol=1e-12)


def test_draws_equal_the_originals():
    pools, rows = golden_pools("thumos14"), np.load(GOLDEN / "case17_video_centric_sampling.npz")["rows"]
    sampler = ProposalSampler(pools, (1, 6, 1))
    for number in range(len(pools)):
        np.random.seed(number)
        drawn = [
            [number, video, kind, *pools[video].intervals[index], pools[video].labels[index]]
            for video, index, kind in sampler.draw(number)
        ]
        assert drawn == rows[rows[:, 0] == number].tolist()


def test_names_equal_the_originals():
    case = np.load(GOLDEN / "case12_iou.npz")
    for video in np.unique(case["props"][:, 0]):
        instances, proposals = case["gts"][case["gts"][:, 0] == video], case["props"][case["props"][:, 0] == video]
        named = labelled("video", 100, instances[:, 2:], instances[:, 1] + 1, proposals[:, 1:])  # lists count from 1
        wanted = case["named"][case["named"][:, 0] == video]
        np.testing.assert_array_equal(named.labels, wanted[:, 1])
        np.testing.assert_allclose(named.best_iou, wanted[:, 2], atol=1e-12)
        np.testing.assert_allclose(named.overlap_self, wanted[:, 3], atol=1e-12)


def test_what_does_not_lie_in_the_video_is_left_out():
    instances, proposals = [[10, 10], [20, 60], [100, 120]], [[30, 30], [20, 140], [120, 130]]
    video = labelled("video", 100, instances, [1, 2, 3], proposals)
    pools = make_pools(video, THRESHOLDS["thumos14"])
    assert pools.instances.tolist() == [[20, 60]]
    assert pools.proposals.tolist() == [[20, 100]]  # its end is cut


def test_a_normalised_list_is_refused_with_the_remedy():
    shares = labelled("video", 1, [[0.1, 0.3]], [1], [[0.1, 0.3]])
    with pytest.raises(
        ValueError, match=r"list is normalised; turn it into frames with tools/denormalize_proposals.py"
    ):
        make_pools(shares, THRESHOLDS["thumos14"])
    assert len(make_pools(labelled("video", 1, [[0, 1]], [1], [[0, 1]]), THRESHOLDS["thumos14"]).proposals) == 1


def test_a_list_without_a_kind_of_proposal_is_refused():
    pools = [make_pools(labelled("video", 100, [[10, 30]], [1], [[10, 30]]), THRESHOLDS["thumos14"])]
    with pytest.raises(ValueError, match="1 videos of the list have no incomplete proposal"):
        ProposalSampler(pools, (1, 6, 1))
    with pytest.raises(ValueError, match="1 proposals lie close to an instance: too few"):
        regression_statistics(pools)


def test_a_video_without_background_takes_that_of_others():
    first = labelled("first", 1000, [[0, 1000]], [1], [[0, 900]])
    second = labelled("second", 1000, [[0, 100]], [2], [[500, 600], [10, 25]])
    sampler = ProposalSampler([make_pools(video, THRESHOLDS["thumos14"]) for video in (first, second)], (1, 1, 1))
    assert [(video, kind) for video, _, kind in sampler.draw(0)] == [(0, 0), (1, 1), (1, 2)]
