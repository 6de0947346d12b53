from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsn_plugin.ops.proposal_sampling import (
    actionness_starts,
    central_offsets,
    random_offsets,
    stage_spans,
    tick_frames,
    tick_marks,
)

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"
SNIPPETS = (2, 5, 2)


def sampled(spans, rule):
    """Snippets of the three stages, counted from 1 as the original does."""
    offsets = [start + rule(valid, count) for start, valid, count in zip(spans.offsets, spans.valid, SNIPPETS)]
    return np.concatenate(offsets) + 1


def test_snippets_of_proposals_equal_the_originals():
    rows = np.load(GOLDEN / "case04_ssn_sampling.npz")["rows"]
    negative = 0
    for row in rows:
        snippet_len, start, end, num_frames = row[:4].astype(int)
        spans = stage_spans(start, end, num_frames, snippet_len, legacy=True)
        np.testing.assert_allclose(spans.scales, row[4:6], atol=1e-12)
        assert sampled(spans, central_offsets).tolist() == row[6:15].tolist()
        np.random.seed(int(row[24]))
        assert sampled(spans, random_offsets).tolist() == row[15:24].tolist()
        right = stage_spans(start, end, num_frames, snippet_len)
        assert right.scales == (spans.scales[0], max(0, spans.scales[1]))
        negative += spans.scales[1] < 0
    assert negative == 7  # as the golden set says


def test_stages_by_hand():
    # 10 frames from 20 on: 5 before, 5 behind; the video ends 3 frames behind the proposal
    spans = stage_spans(20, 30, 33)
    assert spans.offsets == (15, 20, 29)
    assert spans.scales == (1.0, 0.6)


@pytest.mark.parametrize(("start", "end"), [(5, 5), (-1, 3), (8, 11)])
def test_a_proposal_outside_the_video_is_refused(start, end):
    with pytest.raises(ValueError, match=rf"\[{start}, {end}\) is empty or leaves its video of 10 frames"):
        stage_spans(start, end, 10)


@given(st.integers(1, 400), st.data(), st.sampled_from([1, 5]))
def test_snippets_begin_in_the_video(num_frames, data, snippet_len):
    start = data.draw(st.integers(0, num_frames - 1))
    end = data.draw(st.integers(start + 1, num_frames))
    spans = stage_spans(start, end, num_frames, snippet_len)
    for rule in (central_offsets, random_offsets):
        first = sampled(spans, rule) - 1
        assert (first >= 0).all()
        assert (first < num_frames).all()
    assert all(0 <= scale <= 1 for scale in spans.scales)


def test_snippets_of_actionness_equal_the_originals():
    for seed, start, end, *frames in np.load(GOLDEN / "case18_binary_sampling.npz")["rows"].tolist():
        np.random.seed(seed)
        assert (actionness_starts(start, end) + 1).tolist() == frames


@pytest.mark.parametrize("case", range(6))
def test_ticks_equal_the_originals(case):
    golden = np.load(GOLDEN / "case05_test_ticks.npz")
    num_frames, snippet_len, interval = golden[f"c{case}_in"].tolist()
    frames = tick_frames(num_frames, snippet_len, interval)
    proposals = golden[f"c{case}_rel"]
    marks = tick_marks(proposals, len(frames))
    assert len(frames) == golden[f"c{case}_nticks"]
    assert (frames[:, None] + 1 + np.arange(snippet_len)).ravel().tolist() == golden[f"c{case}_frames"].tolist()
    assert marks.marks.tolist() == golden[f"c{case}_ticks"].tolist()
    np.testing.assert_allclose(marks.scales, golden[f"c{case}_scale"], atol=1e-12)


def test_a_thousand_frames_by_hand():
    marks = tick_marks([[0.1, 0.2]], len(tick_frames(1000)))
    assert marks.marks.tolist() == [[8, 16, 33, 41]]  # int(167 * (.05, .1, .2, .25))


@pytest.mark.parametrize(("num_frames", "snippet_len"), [(1, 1), (5, 5)])
def test_the_shortest_video_has_one_tick(num_frames, snippet_len):
    assert tick_frames(num_frames, snippet_len).tolist() == [0]


def test_a_video_shorter_than_a_snippet_is_refused():
    with pytest.raises(ValueError, match="4 frames holds no snippet of 5"):
        tick_frames(4, 5)


def test_an_empty_proposal_has_no_surroundings():
    assert tick_marks([[0.5, 0.5]], 10).scales.tolist() == [[0, 0]]
