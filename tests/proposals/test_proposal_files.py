import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsn_plugin.proposals.proposal_files import (
    ProposalListError,
    denormalize_all,
    denormalized,
    format_proposals,
    read_proposals,
)
from tsn_plugin.structures.proposals import VideoProposals

GOLDEN = Path(__file__).parents[1] / "data" / "golden" / "ssn"
NORMALIZED, IN_FRAMES = GOLDEN / "case01_normalized_proposal_list.txt", GOLDEN / "case01_proposal_list.txt"
RECORD = "# 1\nvideo\n100\n1\n1\n3 10 20\n2\n3 0.8 1.0 10 19\n0 0 0 50 60\n"


@pytest.fixture
def counts():
    case = np.load(GOLDEN / "case01_proposal_io.npz")
    names, frames = case["video_ids"].tolist(), case["frame_counts"].tolist()
    return {name: (f"/frames/{name}", count) for name, count in zip(names, frames)}


def test_lists_equal_the_originals(counts):
    videos = read_proposals(NORMALIZED)
    assert format_proposals(videos) == NORMALIZED.read_text()
    in_frames, missing = denormalize_all(videos, counts)
    assert missing == []
    assert format_proposals(in_frames) == IN_FRAMES.read_text()


def test_parsed_values_equal_the_originals():
    case, videos = np.load(GOLDEN / "case01_proposal_io.npz"), read_proposals(IN_FRAMES)
    assert [video.name for video in videos] == case["parsed_ids"].tolist()
    assert [video.length for video in videos] == case["parsed_frames"].tolist()
    rows = [np.column_stack([v.labels, v.best_iou, v.overlap_self, v.proposals]) for v in videos]
    np.testing.assert_array_equal(np.concatenate(rows), case["prop"][:, 1:])
    rows = [np.column_stack([v.instance_labels, v.instances]) for v in videos]
    np.testing.assert_array_equal(np.concatenate(rows), case["gt"][:, 1:])


def test_missing_videos_are_reported(counts):
    del counts["synth0000003"]
    counts["synth0000005"] = ("/frames/synth0000005", 0)
    found, missing = denormalize_all(read_proposals(NORMALIZED), counts)
    assert missing == ["synth0000003", "synth0000005"]
    assert len(found) == 12


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_names_and_line_ends_of_any_kind(tmp_path, ending):
    path = tmp_path / "list.txt"
    path.write_bytes(("\ufeff" + RECORD.replace("video", "a b & (c) Škoda")).replace("\n", ending).encode())
    (video,) = read_proposals(path)
    assert video.name == "a b & (c) Škoda"
    assert video.proposals.tolist() == [[10, 19], [50, 60]]


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("100", "many", 3, "number of units"),
        ("100", "0", 3, "a number of frames from 1 to 10000000"),
        ("3 10 20", "3 10", 6, "one of 1 instances, 'class start end'"),
        ("\n2\n", "\n3\n", 9, "one of 3 proposals"),
        ("\n2\n", "\n1\n", 9, "the next record to begin with '#'"),
        ("\n1\n3", "\nx\n3", 5, "the number of instances"),
        ("0 0 0 50 60", "0 0 0 nan 60", 9, "one of 2 proposals"),
        ("3 10 20", "0 10 20", 6, "one of 1 instances, .* with a whole class from 1 on: classes count from 1"),
        ("0 0 0 50", "-1 0 0 50", 9, "one of 2 proposals, .* with a whole class from 0 on"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, old, new, line, expected):
    path = tmp_path / "list.txt"
    path.write_text(RECORD.replace(old, new, 1))
    with pytest.raises(ProposalListError, match=f"list.txt, line {line}: .* expected {expected}"):
        read_proposals(path)


def test_a_second_record_of_a_video_is_refused(tmp_path):
    (tmp_path / "list.txt").write_text(RECORD + RECORD)
    with pytest.raises(ProposalListError, match=r"line 11: 'video': expected another video"):
        read_proposals(tmp_path / "list.txt")


def test_a_list_in_seconds_is_no_normalised_one(tmp_path):
    (tmp_path / "list.txt").write_text(RECORD.replace("100", "1"))
    (video,) = read_proposals(tmp_path / "list.txt")
    with pytest.raises(ValueError, match="video: 50 is no share of the video; a normalised list has 0 to 1"):
        denormalized(video, 300)


def test_a_list_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt does not exist"):
        read_proposals(tmp_path / "nowhere.txt")


def test_frames_are_not_multiplied_twice(tmp_path):
    (tmp_path / "list.txt").write_text(RECORD)
    (video,) = read_proposals(tmp_path / "list.txt")
    with pytest.raises(ValueError, match="video has 100 frames: its record is not normalised"):
        denormalized(video, 50)


def test_proposals_need_their_labels():
    with pytest.raises(ValueError, match="labels and overlaps belong to other proposals"):
        VideoProposals("video", 10, proposals=np.zeros((2, 2)))


_NAMES = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n\0"), min_size=1).filter(
    lambda name: name == name.strip() and not name.startswith(("#", "\ufeff"))
)


@st.composite
def proposal_videos(draw):
    name = draw(_NAMES)
    length = draw(st.integers(2, 2_000_000))  # one of length 1 is normalised
    frames = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))
    shares = st.integers(0, 10_000).map(lambda number: number / 10_000)
    truth = draw(st.lists(st.tuples(st.integers(1, 200), frames), max_size=3))
    found = draw(st.lists(st.tuples(st.integers(0, 200), shares, shares, frames), max_size=3))
    return VideoProposals(
        name,
        length,
        np.array([interval for _, interval in truth], float).reshape(-1, 2),
        np.array([label for label, _ in truth], int),
        np.array([interval for *_, interval in found], float).reshape(-1, 2),
        *(np.array([row[column] for row in found], kind) for column, kind in ((0, int), (1, float), (2, float))),
    )


@settings(max_examples=60)
@given(st.lists(proposal_videos(), max_size=4, unique_by=lambda video: video.name))
def test_what_is_written_is_read(tmp_path_factory, videos):
    path = tmp_path_factory.getbasetemp() / "written.txt"
    path.write_bytes(format_proposals(videos).encode())
    again = read_proposals(path)
    assert len(again) == len(videos)
    for ours, theirs in zip(again, videos):
        for field in dataclasses.fields(VideoProposals):
            assert np.array_equal(getattr(ours, field.name), getattr(theirs, field.name)), field.name


@pytest.mark.parametrize("name", ["", " ", "#v", " v", "v\n", "a\nb", "a\rb"])
def test_a_name_that_no_list_can_hold_is_not_written(name):
    with pytest.raises(ValueError, match="begins with '#' or a blank, or holds a line end: rename it"):
        format_proposals([VideoProposals(name, 5)])
