import json

import numpy as np
import pytest

from tsn_plugin.proposals.databases import DatabaseVideo, read_database
from tsn_plugin.proposals.generation import actionness_proposals, fused_ticks, window_proposals
from tsn_plugin.proposals.labelling import held_out, labelled, merged

VIDEO = DatabaseVideo("v", 10.0, "training", np.array([[2.0, 6.0]]), np.array([3]))
ENTRY = dict(duration=10, subset="training", annotations=[dict(segment=[2, 6], label="run")])


def write(path, content):
    path.write_text(json.dumps(content))
    return path


def test_classes_are_leaves_in_alphabetical_order(tmp_path):
    taxonomy = [dict(nodeName=name, parentName=parent) for name, parent in (("run", "sport"), ("eat", "home"))]
    taxonomy += [dict(nodeName="sport", parentName="Root"), dict(nodeName="home", parentName="Root")]
    database = read_database(write(tmp_path / "a.json", dict(taxonomy=taxonomy, database=dict(v=ENTRY))))
    assert database.classes == ("eat", "run")
    (video,) = database.subset(["training"])
    assert (video.labels.tolist(), video.instances.tolist(), video.duration) == ([2], [[2, 6]], 10)
    with pytest.raises(ValueError, match="no video is in the subsets test; known: training"):
        database.subset(["test"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "a.json must hold a JSON dict, got a list"),
        (dict(database=[]), r"a.json is no file of ActivityNet's form: it has no 'database' of videos"),
        (dict(database={}), r"a.json is no file of ActivityNet's form: it has no 'database' of videos"),
        (dict(databases={}), r"it has no 'database' of videos, got \['databases'\]"),
        (dict(taxonomy=[3], database=dict(v=ENTRY)), "its taxonomy needs nodes with nodeName and parentName"),
        (dict(database=dict(v=dict(ENTRY, duration=0))), r"a.json, video v: has the duration 0.0 or a time"),
        (
            dict(database=dict(v=dict(ENTRY, annotations=[dict(segment=[1], label="run")]))),
            "a.json, video v: needs a duration, and of each annotation a segment of two numbers and a label",
        ),
        (dict(taxonomy=[dict(nodeName="eat", parentName="Root")], database=dict(v=ENTRY)), r"v: .*KeyError\('run'\)"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    with pytest.raises(ValueError, match=message):
        read_database(write(tmp_path / "a.json", content))


def test_windows_are_named_in_seconds_and_written_in_frames():
    report = window_proposals([VIDEO], {"v": ("folder/v", 255)}, num_levels=3)
    (video,) = report.videos
    assert (video.name, video.length) == ("folder/v", 255)
    assert video.instances.tolist() == [[51, 153]]  # 25.5 frames per second
    best = video.best_iou.argmax()
    assert (video.proposals[best].tolist(), video.best_iou[best], video.labels[best]) == ([51, 153], 1, 3)


def test_videos_without_frames_scores_or_proposals_are_reported():
    frames = {"v": ("v", 100), "w": ("w", 100)}
    others = [
        VIDEO,
        DatabaseVideo("w", 10.0, "", np.zeros((0, 2)), np.zeros(0, int)),
        DatabaseVideo("x", 1, "", *2 * [[]]),
    ]
    quiet = np.tile([9.0, -9.0], (50, 1))
    report = actionness_proposals(others, frames, {"v": quiet})
    assert (report.missing, report.without_proposals) == (["w", "x"], ["v"])
    loud = quiet.copy()
    loud[10:30] = loud[10:30, ::-1]
    (video,) = actionness_proposals(others[:1], frames, {"v": loud}).videos
    assert video.best_iou.max() > 0.8
    short = actionness_proposals(others[:1], frames, {"v": loud}, min_length=100)
    assert short.without_proposals == ["v"]


def test_streams_of_different_length_are_thinned():
    fused = fused_ticks([{"v": np.arange(8.0).reshape(4, 2)}, {"v": np.ones((2, 2))}], [1, 10])
    assert fused["v"].tolist() == [[10, 11], [14, 15]]
    with pytest.raises(ValueError, match="score file 2 lacks v"):
        fused_ticks([{"v": np.ones((1, 2))}, {}])
    with pytest.raises(ValueError, match="1 weights do not fit 2 score files"):
        fused_ticks([{}, {}], [1])


def test_lists_are_merged_by_name():
    first, second = (labelled("v", 10, [[0, 4]], [1], [box]) for box in ([0, 4], [5, 9]))
    (video,) = merged([[first, labelled("w", 10, [], [], [])], [second]])
    assert (video.proposals.tolist(), video.labels.tolist()) == ([[0, 4], [5, 9]], [1, 0])


def test_annotated_videos_are_held_out_evenly():
    instances = {name: np.array([[2.0, 6.0]]) for name in "abdef"}
    instances["c"] = np.zeros((0, 2))
    videos = [labelled(name, 10, instances[name], np.ones(len(instances[name])), [[2, 5]]) for name in "abcdef"]
    rest, held = held_out(videos, 2)
    assert ["".join(video.name for video in part) for part in (rest, held)] == ["bcef", "ad"]
    for count in (0, 5):
        with pytest.raises(ValueError, match=f"holding out {count} videos must leave some of the 5 annotated"):
            held_out(videos, count)
