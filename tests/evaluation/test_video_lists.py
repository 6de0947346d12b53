import numpy as np
import pytest

from tsn_plugin.evaluation.video_lists import label_from_list, read_labels, read_names
from tsn_plugin.structures.scores import ClassScores

SCORES = ClassScores(("Dive/a", "Swim/b"), np.zeros((2, 3)))


@pytest.fixture
def list_file(tmp_path):
    def write(text):
        path = tmp_path / "list.txt"
        path.write_text(text, encoding="utf-8-sig")
        return path

    return write


def test_a_video_list(list_file):
    path = list_file("videos/Swim/b.avi 2\n\nvideos/Dive/a.mp4 0\n")
    assert read_names(path) == ("videos/Swim/b", "videos/Dive/a")
    assert read_labels(path).tolist() == [2, 0]
    assert label_from_list(SCORES, path).labels.tolist() == [0, 2]


def test_a_frame_list_keeps_dots_that_start_no_extension(list_file):
    path = list_file("v_1.5x 120 3\n")
    assert read_names(path) == ("v_1.5x",)
    assert read_labels(path).tolist() == [3]


def test_a_list_without_labels(list_file):
    path = list_file("Dive/a.avi\nSwim/b.avi\n")
    assert read_labels(path) is None
    with pytest.raises(ValueError, match=r"list\.txt is no list of labelled videos: .* and line \d+ does not"):
        label_from_list(SCORES, path)


def test_a_list_of_other_videos(list_file):
    with pytest.raises(ValueError, match=r"(?s)list\.txt is not the list that was tested .* lacks 1 of 3: c"):
        label_from_list(SCORES, list_file("Dive/a 10 0\nSwim/b 10 1\nc 10 1\n"))


def test_a_missing_list(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.txt does not exist"):
        read_names(tmp_path / "none.txt")
