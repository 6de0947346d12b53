"""What a user of the tools gets for a list that is wrong."""

import shutil

import pytest


@pytest.fixture
def bad_root(data_root, tmp_path):
    """The small data set with a list of one's own."""

    def make(content):
        (tmp_path / "list.txt").write_bytes(content)
        if not (tmp_path / "videos").exists():
            shutil.copytree(data_root / "videos", tmp_path / "videos")
        return tmp_path

    return make


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"clip_0.mp4 0\nclip_1.mp4 2\n", "list.txt, line 2: videos/clip_1.mp4 has the label 2, and the model has 2"),
        (b"clip_0.mp4 0\nclip_1.mp4\n", "list.txt, line 2: videos/clip_1.mp4 has no label: write a class's number"),
        (b"\r\n", "list.txt holds no video, or none that is chosen: mend the list, or name another"),
        (b"clip_0.mp4 0\ncl\xe9p.mp4 1\n", "list.txt is not UTF-8 text (line 2:"),
    ],
    ids=["label out of range", "no label", "empty", "not UTF-8"],
)
def test_training_with_a_wrong_list_ends_before_it_begins(child, run, bad_root, tmp_path, content, message):
    root = bad_root(content)
    process = child(lambda: run("train", tmp_path / "work", "--data-root", root))
    assert process.end() == 1
    assert message.replace("videos/", f"{root}/videos/") in process.output()
    assert "Epoch(train)" not in process.output()
