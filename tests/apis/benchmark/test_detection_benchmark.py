import numpy as np
import pytest

from tsn_plugin.apis.benchmark.detection import HERE, ORIGINAL, compare_detection, loop_groups
from tsn_plugin.apis.benchmark.timing import STOCK


def test_all_ways_have_the_same_result():
    timings = compare_detection(rounds=1, predictions=60, videos=5, proposals=12, ticks=70)
    assert [timing.name.split(",")[0] for timing in timings] == ["AP", "NMS", "TAG", "pooling"]
    for timing in timings:
        assert timing.ratio(HERE) > 0
        assert {way: float(facts["difference"]) for way, facts in timing.facts.items()} == pytest.approx(
            dict.fromkeys(timing.seconds, 0), abs=1e-5
        )
    assert set(timings[0].seconds) == {ORIGINAL, STOCK, HERE}


def test_groups_by_hand():
    """The toy of case 15: action at ticks 1, 2, 4, 8, 9, 10, scores that are the ticks' numbers."""
    is_action = np.isin(np.arange(12), (1, 2, 4, 8, 9, 10))
    wanted = [[1, 6, 15], [4, 6, 9], [8, 12, 38], [1, 12, 66], [1, 6, 21], [1, 4, 10]]
    assert loop_groups(is_action, np.arange(12.0), 0.5).tolist() == wanted
