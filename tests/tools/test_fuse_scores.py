import numpy as np
import pytest

from tsn_plugin.__main__ import main as tsn
from tsn_plugin.evaluation.score_files import load_scores, save_scores
from tsn_plugin.structures.scores import ClassScores


@pytest.fixture
def files(tmp_path):
    names, labels = ("a", "b", "c", "d"), np.array([0, 0, 1, 1])
    rgb = np.array([[2.0, 0], [0, 1], [0, 1], [2, 0]])
    flow = np.array([[0.0, 1], [2, 0], [0, 2], [0, 4]])
    for name, scores in (("rgb", rgb), ("flow", flow)):
        save_scores(tmp_path / f"{name}.npz", ClassScores(names, scores, labels))
    return [str(tmp_path / "rgb.npz"), str(tmp_path / "flow.npz")]


def test_the_table_shows_every_stream_and_the_fused_one(files, capsys, tmp_path):
    tsn(["fuse", *files, "--weights", "1", "1.5", "--out", str(tmp_path / "fused.npz")])
    rows = [line for line in capsys.readouterr().out.splitlines() if "0." in line or "1." in line]
    # rgb is right on a and c; flow on b, c and d; fused on all: a 2 : 1.5, b 3 : 1, c 0 : 4, d 2 : 6
    assert ["0.5000" in rows[0], "0.7500" in rows[1], "1.0000" in rows[2]] == [True] * 3
    assert load_scores(tmp_path / "fused.npz").scores[0].tolist() == [2, 1.5]


def test_a_stream_of_other_videos_is_an_error(files, tmp_path):
    save_scores(tmp_path / "other.npz", ClassScores(("x",), np.zeros((1, 2)), np.array([0])))
    with pytest.raises(ValueError, match="do not cover the same videos"):
        tsn(["fuse", files[0], str(tmp_path / "other.npz")])
