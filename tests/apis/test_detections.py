import json

import numpy as np
import pytest

from tsn_plugin.apis.detections import evaluate_detections, matching_names
from tsn_plugin.evaluation.detection_report import detections_by_video
from tsn_plugin.evaluation.proposal_score_files import save_proposal_scores
from tsn_plugin.evaluation.score_files import save_scores
from tsn_plugin.structures.proposals import Detections, ProposalScores
from tsn_plugin.structures.scores import ClassScores

LOGS = np.log([[0.5, 0.25, 0.25], [0.2, 0.5, 0.3]])  # background and two classes of two proposals
RECORD = "# {}\n{}\n100\n1\n{}2\n1 0.8000 1.0000 10 29\n0 0.0000 0.0000 60 90\n"
INSTANCES = "2\n1 10 30\n2 60 90\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two annotated videos, one without instances, and their scores; each instance is found, its class is the best."""
    monkeypatch.chdir(tmp_path)
    names = ("a/one", "a/two", "a/three")
    records = zip(names, (INSTANCES, INSTANCES, "0\n"))
    text = "".join(RECORD.format(number, name, rows) for number, (name, rows) in enumerate(records))
    (tmp_path / "list.txt").write_text(text)
    save_proposal_scores("scores.npz", [scores(name, better=name == "a/three") for name in names])
    return tmp_path


def scores(name, *, better=False):
    completeness = np.array([[3.0, -3.0], [-3.0, 3.0]]) + better
    return ProposalScores(name, np.array([[0.1, 0.3], [0.6, 0.9]]), LOGS, completeness)


def test_detections_of_videos_without_instances_do_not_count(files):
    # each class has two right detections, and a better one in the video without instances
    result = evaluate_detections("list.txt", ["scores.npz"], top_k=2)
    assert result.values.tolist() == [1] * 9
    assert result.unannotated == ["a/three"]
    assert "1 of these videos have no instance in the list, so that their detections do not count" in result.text()


@pytest.mark.parametrize("protocol", ["thumos14", "activitynet1.2"])
def test_scores_of_whole_videos_bring_the_originals_softmax(files, protocol):
    """Source: ``eval_detection_results.py``, with ``--cls_scores`` and without."""
    save_scores("video.npz", ClassScores(("one", "v/two.mp4", "three"), np.array([[1.0, 0], [0, 1], [1, 0]])))
    found = evaluate_detections("list.txt", ["scores.npz"], protocol=protocol, video_scores="video.npz").found
    assert found.labels[found.videos == 0].tolist() == [0, 0]
    assert found.labels[found.videos == 1].tolist() == [1, 1]
    activity = [0.25, 0.5] if protocol == "thumos14" else np.log([0.25, 0.5])
    np.testing.assert_allclose(sorted(found.scores[found.videos == 0]), sorted(activity * np.exp([3.0, -3.0])))
    chosen = evaluate_detections(
        "list.txt", ["scores.npz"], protocol=protocol, video_scores="video.npz", softmax="without_background"
    ).found
    np.testing.assert_allclose(chosen.scores[chosen.videos == 0], [0.5 * np.exp(3), 5 / 8 * np.exp(-3)])


def test_detections_are_written_under_the_annotations_names(files):
    entry = dict(duration=10, subset="testing", annotations=[dict(segment=[1, 3], label="jump")])
    other = dict(entry, annotations=[dict(segment=[6, 9], label="run")])
    (files / "database.json").write_text(json.dumps(dict(database=dict(one=entry, two=other, three=entry))))
    evaluate_detections("list.txt", ["scores.npz"], top_k=1, database="database.json", out="found.json")
    written = json.loads((files / "found.json").read_text())
    assert set(written) == {"version", "results", "external_data"}
    assert list(written["results"]) == ["one", "two", "three"]
    ((found,),) = [written["results"]["two"]]
    assert (found["label"], found["segment"]) == ("jump", [1, 3])


def test_what_was_moved_out_of_the_video_is_not_told():
    found = Detections(np.zeros(2, int), np.zeros(2, int), np.array([0.2, 0.9]), np.array([[0.1, 0.5], [1.0, 1.0]]))
    assert detections_by_video(found, ["v"], {"v": 10.0}, ["jump"]) == {
        "v": [dict(label="jump", score=0.2, segment=[1.0, 5.0])]
    }


def test_names_that_mean_the_same_video():
    known = ("videos/a.mp4", "x/abcdefghijk", "x/b.v2", "y/b.v2")
    found = matching_names(("frames/a", "v_abcdefghijk", "x/b.v2", "c"), known)
    assert found == {"frames/a": "videos/a.mp4", "v_abcdefghijk": "x/abcdefghijk", "x/b.v2": "x/b.v2"}
    with pytest.raises(ValueError, match=r"z/b\.v2 could be x/b\.v2 or y/b\.v2"):
        matching_names(("z/b.v2",), known)
    with pytest.raises(ValueError, match=r"p/a and q/a are both called videos/a\.mp4"):
        matching_names(("p/a", "q/a"), known)


def test_videos_of_one_name_in_two_folders_are_kept_apart(files):
    text = (files / "list.txt").read_text().replace("a/two", "b/one").replace("1 10 30", "1 40 50", 1)
    (files / "list.txt").write_text(text)
    save_proposal_scores("scores.npz", [scores("a/one"), scores("b/one")])
    result = evaluate_detections("list.txt", ["scores.npz"], top_k=2, thresholds=[0.5])
    # class 1: the first of two detections is wrong, half of the instances at a precision of a half; class 2: all right
    assert result.values.tolist() == [(0.25 + 1) / 2]
