import pytest

from tsn_plugin.preparation.frame_folders import FramePrefixes
from tsn_plugin.preparation.media_index import MediaIndex


@pytest.mark.parametrize(
    ("folders", "name", "expected"),
    [
        (["a/x", "b/x"], "b/x", "b/x"),  # the class decides
        (["a/x"], "b/x", None),  # the same name in another class is another video
        (["x"], "b/x", "x"),
        (["x", "b/x"], "b/x", "b/x"),
        (["x", "X"], "b/x", "x"),  # capitals decide where two fit
        (["B/X"], "b/x", "B/X"),
        (["b/x"], "videos/b/x", "b/x"),
        (["train/b/x"], "b/x", "train/b/x"),
        (["train/x"], "x", "train/x"),
        (["y"], "x", None),
        (["x"], "a/b/x", "x"),
        (["b/x", "x"], "a/b/x", "b/x"),
        (["c/b/x"], "a/b/x", None),
        (["a/X", "a/x"], "a/x", "a/x"),
        (["x"], "", None),
        (["x"], ".", None),
        (["x"], "../x", "x"),
    ],
)
def test_find(tmp_path, make_frames, folders, name, expected):
    for folder in folders:
        make_frames(tmp_path / folder, rgb=1)
    assert MediaIndex(tmp_path).find(name) == expected


def test_two_folders_that_fit_equally_well_are_an_error(tmp_path, make_frames):
    for folder in ("train/x", "val/x"):
        make_frames(tmp_path / folder, rgb=1)
    with pytest.raises(ValueError, match="x could be train/x or val/x below"):
        MediaIndex(tmp_path).find("x")


def test_many_that_fit_are_not_all_named(tmp_path):
    for number in range(7):
        (tmp_path / f"f{number}").mkdir()
        (tmp_path / f"f{number}" / "x.mp4").touch()
    with pytest.raises(ValueError, match="x could be f0/x or f1/x or f2/x or f3/x or f4/x below"):
        MediaIndex(tmp_path).find("x")


def test_a_look_up_costs_the_same_however_many_videos_share_a_name(tmp_path, monkeypatch):
    """Each folder's ``take1`` is found without a look at those of all other folders."""
    compared = []
    videos = [(tmp_path / f"f{number}" / "take1.mp4", f"f{number}/take1") for number in range(2000)]
    monkeypatch.setattr("tsn_plugin.preparation.media_index.find_videos", lambda root: videos)
    media = MediaIndex(tmp_path)
    ending_in = media._ending_in

    def counted(length):
        index = ending_in(length)
        compared.append(max(map(len, index.values())))
        return index

    monkeypatch.setattr(media, "_ending_in", counted)
    assert media.find("f7/take1") == "f7/take1"
    assert media.find("none/take1") is None
    assert compared == [1, 1]


def test_unusable_folders_are_errors(tmp_path, make_frames):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        MediaIndex(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds neither videos nor frames called img_00001.jpg, flow_x_00001.jpg"):
        MediaIndex(tmp_path)
    make_frames(tmp_path / "v", rgb=1)
    with pytest.raises(ValueError, match=r"frames called 00001.jpg, x_00001.jpg"):
        MediaIndex(tmp_path, prefixes=FramePrefixes("", "x_", "y_"))


def test_two_videos_that_differ_in_their_extension_are_an_error(tmp_path):
    for name in ("a.avi", "a.mp4"):
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match="differ in their extension only"):
        MediaIndex(tmp_path)


def test_the_first_name_that_fits_decides(tmp_path, make_frames):
    for folder in ("a/x", "y"):
        make_frames(tmp_path / folder, rgb=1)
    media = MediaIndex(tmp_path)
    assert media.find("b/x", "y", "a/x") == "y"
    assert media.find("b/x", "z") is None


def test_kinds_files_and_frames(tmp_path, make_frames):
    make_frames(tmp_path / "a b #1 (é)", rgb=2, flow=1)
    make_frames(tmp_path / "c", rgb=2)
    media = MediaIndex(tmp_path)
    assert media.kinds == ("rgb", "flow")
    assert media.file("a b #1 (é)") == "a b #1 (é)"
    assert media.holds("a b #1 (é)", ["rgb", "flow"])
    assert not media.holds("c", ["rgb", "flow"])


def test_other_prefixes_are_tried_in_turn(tmp_path, make_frames):
    make_frames(tmp_path / "v", rgb=1)
    media = MediaIndex(tmp_path, prefixes=FramePrefixes(""), other_prefixes=[FramePrefixes()])
    assert list(media.frames) == ["v"]


def test_video_files(tmp_path):
    (tmp_path / "v.webm").touch()
    media = MediaIndex(tmp_path)
    assert (media.kinds, media.find("c/V"), media.file("v")) == (("video",), "v", "v.webm")
    assert media.holds("v", ["video"])
