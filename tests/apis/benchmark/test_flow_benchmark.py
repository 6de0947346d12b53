import numpy as np
import pytest

from tsn_plugin.apis.benchmark.flow import OPENCV, compare_flow


@pytest.fixture
def video(make_video, tmp_path):
    return make_video(tmp_path / "a.mp4", num_frames=5, size=(64, 48))


def test_each_method_is_measured_beside_opencvs_tvl1(video):
    timing = compare_flow(
        video, ["tvl1", "dis"], size=(48, 40), num_pairs=2, rounds=1, batch_sizes=[1, 3], device="cpu"
    )
    batched = [f"tvl1 cpu, {batch} at a time" for batch in (1, 3)]
    assert list(timing.seconds) == [OPENCV, "tvl1", "dis", *batched]
    assert timing.baseline == OPENCV
    assert timing.facts["tvl1"]["mean EPE px"] == "0.000"
    assert timing.facts["tvl1"]["within 1/2 step"] == "100.0%"
    assert float(timing.facts["dis"]["pairs/s"]) == pytest.approx(1 / timing.seconds["dis"], rel=0.01, abs=0.1)
    assert np.isfinite(timing.ratio("tvl1"))


def test_a_video_that_is_too_short_is_named(video):
    with pytest.raises(ValueError, match="has 5 frames, fewer than the 9 of --pairs plus one"):
        compare_flow(video, ["dis"], num_pairs=8)
