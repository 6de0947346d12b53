import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tsn_plugin.ops.pyramid import course_scores, num_parts, pyramid_features, pyramid_scores, stage_parts

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"


@pytest.mark.parametrize("case", range(4))
def test_pooled_features_equal_the_originals(case):
    golden = np.load(GOLDEN / "case06_stpp_train.npz")
    pyramid, snippets = json.loads(str(golden[f"c{case}_cfg"])), golden[f"c{case}_seg"].tolist()
    features = torch.from_numpy(golden[f"c{case}_x"]).unflatten(0, (-1, sum(snippets)))
    course, parts = pyramid_features(features, torch.from_numpy(golden[f"c{case}_scale"]), snippets, pyramid)
    np.testing.assert_allclose(course, golden[f"c{case}_act"], atol=1e-6)
    np.testing.assert_allclose(parts, golden[f"c{case}_comp"], atol=1e-6)


def test_pooled_scores_by_hand():
    ticks = torch.arange(10.0)[:, None, None].expand(10, 5, 1)  # five parts, each scores a tick with its number
    marks, scales = torch.tensor([[1, 3, 7, 9]]), torch.tensor([[0.5, 1.0]])
    # starting (1 + 2) / 2 * 0.5; course: ticks 3 to 6, then its halves 3, 4 and 5, 6, all over 3; ending (7 + 8) / 2
    assert pyramid_scores(ticks, marks, scales, (1, (1, 2), 1)).item() == 0.75 + (4.5 + 3.5 + 5.5) / 3 + 7.5
    assert pyramid_scores(ticks, marks, scales, (1, (1, 2), 1), legacy=True).item() == 0.75 + 4.5 + 3.5 + 5.5 + 7.5
    assert course_scores(ticks[:, 0], marks).item() == 4.5


def test_stages_at_the_end_of_the_video():
    ticks, scales = torch.ones(4, 3, 1), torch.ones(2, 2)
    marks = torch.tensor([[2, 3, 4, 4], [4, 4, 4, 4]])  # no ending; and a proposal behind the last tick
    assert pyramid_scores(ticks, marks, scales, (1, 1, 1)).flatten().tolist() == [2, 0]
    assert course_scores(ticks[:, 0], marks).flatten().tolist() == [1, 1]


def test_a_part_without_ticks_counts_nothing():
    ticks, marks = torch.ones(4, 4, 1), torch.tensor([[0, 1, 2, 3]])  # a course of one tick in two parts
    assert pyramid_scores(ticks, marks, torch.zeros(1, 2), (1, 2, 1)).item() == 0.5


@pytest.mark.parametrize("pyramid", [(1, 1), (1, 0, 1), (1, (), 1)])
def test_what_is_no_pyramid_is_refused(pyramid):
    with pytest.raises(ValueError, match="must have three stages"):
        stage_parts(pyramid)


def test_snippets_must_be_those_of_the_stages():
    with pytest.raises(ValueError, match=r"8 snippets per proposal, but the stages have \(2, 5, 2\)"):
        pyramid_features(torch.zeros(1, 8, 3), torch.zeros(1, 2), (2, 5, 2), (1, 1, 1))
    assert num_parts((2, (1, 2, 4), 2)) == 11
