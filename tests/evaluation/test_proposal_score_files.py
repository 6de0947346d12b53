import pickle

import numpy as np
import pytest

from tsn_plugin.evaluation.detection_metrics import DetectionMAP, DumpProposalScores, DumpTickScores, scored_videos
from tsn_plugin.evaluation.proposal_score_files import (
    load_proposal_scores,
    load_tick_scores,
    load_video_scores,
    save_proposal_scores,
    save_tick_scores,
)
from tsn_plugin.evaluation.score_files import save_scores
from tsn_plugin.structures.proposals import ProposalScores
from tsn_plugin.structures.scores import ClassScores


def scores(name, count=2, *, regression=True):
    random = np.random.default_rng(len(name) + count)
    return ProposalScores(
        name,
        np.sort(random.random((count, 2)), axis=1),
        random.random((count, 4), np.float32),
        random.random((count, 3), np.float32),
        random.random((count, 3, 2), np.float32) if regression else None,
    )


def same(first, second):
    return all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("proposals", "activity", "completeness", "regression")
    )


@pytest.mark.parametrize("regression", [True, False])
def test_scores_come_back(tmp_path, regression):
    videos = [scores("a/Škoda", regression=regression), scores("b", 0, regression=regression)]
    save_proposal_scores(tmp_path / "scores.npz", videos)
    back = load_proposal_scores(tmp_path / "scores.npz")
    assert [video.name for video in back] == ["a/Škoda", "b"]
    assert all(same(*pair) for pair in zip(videos, back))


def test_the_originals_pickles_are_read(tmp_path):
    one = scores("v")
    content = {b"v": (one.proposals, one.activity, one.completeness, one.regression)}
    (tmp_path / "scores.pkl").write_bytes(pickle.dumps(content, protocol=2))
    (back,) = load_proposal_scores(tmp_path / "scores.pkl")
    assert back.name == "v"
    assert same(one, back)
    ticks = np.arange(40.0).reshape(2, 10, 2)
    (tmp_path / "ticks.pkl").write_bytes(pickle.dumps({"v": ticks}, protocol=2))
    np.testing.assert_allclose(load_tick_scores(tmp_path / "ticks.pkl")["v"], [[9, 10], [29, 30]])


def test_scores_of_whole_videos_are_read_from_a_tsns_file_and_from_untrimmednets_pickle(tmp_path):
    rows = np.array([[0.1, 0.9], [0.8, 0.2]])
    content = {b"/data/test/a.mp4": rows[0], b"/data/test/b.mp4": rows[1:]}
    (tmp_path / "untrimmed.pc").write_bytes(pickle.dumps(content, protocol=2))
    back = load_video_scores(tmp_path / "untrimmed.pc")
    assert {name: row.tolist() for name, row in back.items()} == {
        "/data/test/a.mp4": [0.1, 0.9],
        "/data/test/b.mp4": [0.8, 0.2],
    }
    for name in ("tsn.npz", "tsn.pkl"):
        save_scores(tmp_path / name, ClassScores(("a", "b"), rows, np.array([0, 1])))
        back = load_video_scores(tmp_path / name)
        np.testing.assert_allclose([back["a"], back["b"]], rows, rtol=1e-6)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pc does not exist"):
        load_video_scores(tmp_path / "nowhere.pc")
    (tmp_path / "text.pc").write_text("text")
    with pytest.raises(ValueError, match=r"text\.pc holds no scores of videos"):
        load_video_scores(tmp_path / "text.pc")


def test_a_malicious_pickle_runs_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    (tmp_path / "scores.pkl").write_bytes(pickle.dumps({"v": Evil()}))
    for load in (load_proposal_scores, load_tick_scores):
        with pytest.raises(ValueError, match="holds no scores"):
            load(tmp_path / "scores.pkl")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "scores.npz").write_bytes(content)
    for load in (load_proposal_scores, load_tick_scores):
        with pytest.raises(ValueError, match=r"scores\.npz holds no scores"):
            load(tmp_path / "scores.npz")
        with pytest.raises(FileNotFoundError, match=r"nowhere\.npz does not exist"):
            load(tmp_path / "nowhere.npz")


def test_lying_counts_and_broken_weights_are_refused(tmp_path):
    np.savez(tmp_path / "scores.npz", names=np.array(["v"]), counts=np.array([3]), ticks=np.zeros((2, 2)))
    with pytest.raises(ValueError, match="2 rows do not fill videos of"):
        load_tick_scores(tmp_path / "scores.npz")
    with pytest.raises(ValueError, match="scores are not finite"):
        save_tick_scores(tmp_path / "new.npz", {"v": np.array([[np.nan, 0]])})
    with pytest.raises(ValueError, match="there are no scores to write"):
        save_proposal_scores(tmp_path / "new.npz", [])


def sample(one, intervals=((0.1, 0.5),), labels=(0,)):
    import torch

    return dict(
        video_name=one.name,
        proposal_intervals=one.proposals,
        instance_intervals=np.array(intervals),
        instance_labels=np.array(labels),
        activity=torch.from_numpy(one.activity),
        completeness=torch.from_numpy(one.completeness),
    )


def test_an_interrupted_test_goes_on(tmp_path):
    path = str(tmp_path / "scores.npz")
    first = DumpProposalScores(path)
    first.process(None, [sample(scores("a", regression=False)), dict(video_name="b")])
    assert scored_videos(path) == ["a"]
    second = DumpProposalScores(path)  # another process, after the first was killed
    second.process(None, [sample(scores("b", regression=False))])
    assert second.compute_metrics(second.results) == {"videos": 2}
    assert [video.name for video in load_proposal_scores(path)] == ["a", "b"]
    assert scored_videos(path) == []


def test_actionness_is_written(tmp_path):
    import torch

    metric = DumpTickScores(str(tmp_path / "ticks.npz"))
    metric.process(None, [dict(video_name="v", tick_scores=torch.ones(3, 2)), dict(video_name="w")])
    metric.compute_metrics(metric.results)
    assert load_tick_scores(tmp_path / "ticks.npz")["v"].tolist() == [[1, 1]] * 3
    with pytest.raises(ValueError, match=r"are written as \.npz"):
        DumpTickScores("ticks.pkl")


def test_mean_average_precision_in_training():
    one = ProposalScores(
        "v", np.array([[0.1, 0.5], [0.6, 0.9]]), np.zeros((2, 3), np.float32), np.array([[5, -5], [-5, -5]], np.float32)
    )
    metric = DetectionMAP("thumos14", dict(with_regression=False))
    metric.process(None, [sample(one), dict(video_name="unfinished")])
    values = metric.compute_metrics(metric.results)
    assert values["mAP@0.50"] == values["mAP"] == 1  # the right proposal is the best
    assert len(values) == 10
    assert list(values)[0] == "mAP"  # what save_best="auto" takes
    with pytest.raises(ValueError, match=r"options has unknown keys \['topk'\]"):
        DetectionMAP("thumos14", dict(topk=3))
    with pytest.raises(ValueError, match="protocol='thumos15' is unknown"):
        DetectionMAP("thumos15")
    with pytest.raises(ValueError, match="no video was tested to its end"):
        metric.compute_metrics([])
