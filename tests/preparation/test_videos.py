import pytest

from tsn_plugin.preparation.videos import ListedVideo, find_videos, read_video_list


def test_read_video_list_by_hand(tmp_path):
    lines = "Archery/v_1.avi 3\r\n\r\na b (c) #2&.mp4 0\nx.y.mkv 1 5 -1\nno_label 7.mov\na\u2028b.avi 2\n"
    (tmp_path / "list.txt").write_text(lines, newline="")
    videos = read_video_list(tmp_path / "list.txt")
    assert videos == [
        ListedVideo("Archery/v_1.avi", (3,)),
        ListedVideo("a b (c) #2&.mp4", (0,)),
        ListedVideo("x.y.mkv", (1, 5, -1)),
        ListedVideo("no_label 7.mov", ()),
        ListedVideo("a\u2028b.avi", (2,)),
    ]
    assert [video.name for video in videos] == ["Archery/v_1", "a b (c) #2&", "x.y", "no_label 7", "a\u2028b"]


def test_a_line_without_a_file_extension_is_named(tmp_path):
    (tmp_path / "list.txt").write_text("a.avi 1\nfolder 30 2\n")
    with pytest.raises(ValueError, match="list.txt, line 2: 'folder 30 2' is not '<path of a video> <label>'"):
        read_video_list(tmp_path / "list.txt")


@pytest.fixture
def tree(tmp_path):
    for name in ("b/2.AVI", "b/1.mp4", "a.mkv", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_folder_is_searched_at_any_depth(tree):
    assert find_videos(tree) == [(tree / "a.mkv", "a"), (tree / "b/1.mp4", "b/1"), (tree / "b/2.AVI", "b/2")]
    assert find_videos(tree, extensions=["avi", ".MKV"]) == [(tree / "a.mkv", "a"), (tree / "b/2.AVI", "b/2")]


def test_one_video_and_a_list(tree):
    assert find_videos(tree / "a.mkv") == [(tree / "a.mkv", "a")]
    (tree / "list.txt").write_text("b/2.AVI 1\na.mkv 0\n")
    assert find_videos(tree / "list.txt") == [(tree / "b/2.AVI", "b/2"), (tree / "a.mkv", "a")]
    assert find_videos(tree / "list.txt", list_root="/data")[1][0].as_posix() == "/data/a.mkv"


def test_a_missing_source_and_an_empty_one_are_errors(tree):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        find_videos(tree / "nowhere")
    with pytest.raises(ValueError, match="holds no video with the extensions wmv"):
        find_videos(tree, extensions=["wmv"])
