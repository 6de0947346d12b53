import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

from tsn_plugin.__main__ import main as tsn
from tsn_plugin.evaluation.score_files import load_scores, save_scores
from tsn_plugin.structures.scores import ClassScores

fuse = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "fuse_scores.py"))["main"]
RGB = np.array([[2.0, 0], [0, 1], [0, 1], [2, 0]])
FLOW = np.array([[0.0, 1], [2, 0], [0, 2], [0, 4]])


@pytest.fixture
def files(tmp_path):
    names, labels = ("a", "b", "c", "d"), np.array([0, 0, 1, 1])
    save_scores(tmp_path / "rgb.npz", ClassScores(names, RGB, labels))
    save_scores(tmp_path / "flow.npz", ClassScores(names, FLOW, labels).ordered_as(("d", "b", "c", "a")))
    return [str(tmp_path / "rgb.npz"), str(tmp_path / "flow.npz")]


def shown(capsys):
    """Rows of the printed table as lists of words, without the rules."""
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.replace("┃", "│").split("│")[1:-1]] for line in lines]
    return [row for row in rows if row]


# rgb is right on a and c; flow on b, c and d; fused 1 : 1.5 on all: a 2 : 1.5, b 3 : 1, c 0 : 4, d 2 : 6
TABLE = [
    ["stream", "videos", "top-1", "mean class accuracy"],
    ["1 rgb", "4", "0.5000", "0.5000"],
    ["2 flow", "4", "0.7500", "0.7500"],
    ["fused", "4", "1.0000", "1.0000"],
]


@pytest.mark.parametrize("main", [fuse, lambda arguments: tsn(["fuse", *arguments])], ids=["script", "tsn fuse"])
def test_the_table_shows_every_stream_and_the_fused_one(main, files, capsys, tmp_path):
    main([*files, "--weights", "1", "1.5", "--out", str(tmp_path / "fused.npz")])
    assert shown(capsys) == TABLE
    fused = load_scores(tmp_path / "fused.npz")
    assert fused.names == ("a", "b", "c", "d")
    np.testing.assert_array_equal(fused.scores, RGB + 1.5 * FLOW)


def test_metrics_are_chosen(files, capsys):
    fuse([*files, "--metrics", "mean_average_precision"])
    rows = shown(capsys)
    assert rows[0] == ["stream", "videos", "mean average precision"]
    # rgb, either class: two videos tie at the top, one of them right (1/2), then the other two, one right (2/4)
    assert rows[1][2] == "0.5000"


def test_the_picture_shows_the_names_of_the_classes(files, tmp_path):
    (tmp_path / "classInd.txt").write_text("1 Dive\n2 Swim\n")
    fuse([*files, "--plot", str(tmp_path / "new" / "p.png"), "--classes", str(tmp_path / "classInd.txt")])
    assert cv2.imread(str(tmp_path / "new" / "p.png")).shape[1] == 1600
    (tmp_path / "classInd.txt").write_text("Dive\nSwim\nRun\n")
    with pytest.raises(ValueError, match="class_names holds 3 names, but there are 2 classes"):
        fuse([*files, "--plot", str(tmp_path / "p.png"), "--classes", str(tmp_path / "classInd.txt")])


def test_json_files_take_names_and_labels_from_the_list(tmp_path, capsys):
    for name, scores in (("rgb", RGB), ("flow", FLOW)):
        (tmp_path / f"{name}.json").write_text(json.dumps(scores.tolist()))
    (tmp_path / "list.txt").write_text("a.avi 0\nb.avi 0\nc.avi 1\nd.avi 1\n")
    streams = [str(tmp_path / f"{name}.json") for name in ("rgb", "flow")]
    fuse([*streams, "--weights", "1", "1.5", "--names-from", str(tmp_path / "list.txt")])
    assert shown(capsys) == TABLE


def test_labels_from_a_list_replace_those_of_the_files(files, tmp_path, capsys):
    (tmp_path / "list.txt").write_text("d 9 1\nc 9 1\nb 9 1\na 9 1\n")
    fuse([*files, "--labels-from", str(tmp_path / "list.txt")])
    assert [row[2] for row in shown(capsys)[1:]] == ["0.5000", "0.7500", "0.5000"]  # fused 1 : 1 says 0 0 1 1


def test_crops_are_aggregated_anew(tmp_path, capsys):
    views = np.array([[[0.0, 3.0], [4.0, 3.0]]])  # two crops of one frame: mean 2 : 3, max 4 : 3
    scores = ClassScores(("a",), views.mean(axis=1), np.array([0]), views)
    save_scores(tmp_path / "s.npz", scores)
    fuse([str(tmp_path / "s.npz")])
    assert [row[2] for row in shown(capsys)[1:]] == ["0.0000", "0.0000"]
    fuse([str(tmp_path / "s.npz"), "--crop-agg", "max", "--num-crops", "2"])
    assert [row[2] for row in shown(capsys)[1:]] == ["1.0000", "1.0000"]


def test_probabilities_need_permission(tmp_path, capsys):
    save_scores(tmp_path / "p.npz", ClassScores(("a",), np.array([[1.0, 0]]), np.array([0]), are_probabilities=True))
    with pytest.raises(ValueError, match="stream 1, 2 holds probabilities"):
        fuse([str(tmp_path / "p.npz")] * 2)
    fuse([*[str(tmp_path / "p.npz")] * 2, "--allow-probs"])
    assert shown(capsys)[-1][0] == "fused"


def test_a_stream_of_other_videos_is_an_error(files, tmp_path):
    save_scores(tmp_path / "other.npz", ClassScores(("x",), np.zeros((1, 2)), np.array([0])))
    with pytest.raises(ValueError, match="do not cover the same videos"):
        fuse([files[0], str(tmp_path / "other.npz")])
