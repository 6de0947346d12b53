import re

import pytest

from tsn_plugin.preparation.file_lists import (
    Entry,
    MediaIndex,
    build_official_lists,
    build_rawframe_lists,
    summary,
    write_lists,
)
from tsn_plugin.preparation.frame_folders import FramePrefixes


@pytest.fixture
def ucf(tmp_path):
    """Official files of two classes in the style of UCF101, with the capitals that trip people."""
    folder = tmp_path / "annotations"
    folder.mkdir()
    (folder / "classInd.txt").write_text("1 HammerThrow\r\n2 HandstandPushups\r\n")
    (folder / "trainlist01.txt").write_text(
        "HandstandPushups/v_HandStandPushups_g08_c01.avi 2\r\nHammerThrow/v_HammerThrow_g08_c01.avi 1\r\n"
    )
    (folder / "testlist01.txt").write_text("HammerThrow/v_HammerThrow_g01_c01.avi\r\n")
    return folder


NAMES = {"v_HandStandPushups_g08_c01": 9, "v_HammerThrow_g08_c01": 7, "v_HammerThrow_g01_c01": 5}


def test_lists_of_a_flat_frame_folder(tmp_path, ucf, make_frames):
    for name, length in NAMES.items():
        make_frames(tmp_path / "frames" / name, rgb=length + 1, flow=length)
    written = build_official_lists("ucf101", MediaIndex(tmp_path / "frames"), tmp_path / "l", annotations=ucf, split=1)
    assert {path.name: path.read_text() for path in written.paths} == {
        "ucf101_rgb_train_split_1.txt": "v_HandStandPushups_g08_c01 10 1\nv_HammerThrow_g08_c01 8 0\n",
        "ucf101_flow_train_split_1.txt": "v_HandStandPushups_g08_c01 9 1\nv_HammerThrow_g08_c01 7 0\n",
        "ucf101_rgb_val_split_1.txt": "v_HammerThrow_g01_c01 6 0\n",
        "ucf101_flow_val_split_1.txt": "v_HammerThrow_g01_c01 5 0\n",
    }
    assert "ucf101_rgb_train_split_1.txt" in summary(written)


def test_lists_of_class_folders_whose_capitals_differ(tmp_path, ucf, make_frames):
    for name, length in NAMES.items():
        folder = "HandStandPushups" if "Stand" in name else "HammerThrow"
        make_frames(tmp_path / "frames" / folder / name.replace("Stand", "stand"), rgb=length)
    written = build_official_lists("ucf101", MediaIndex(tmp_path / "frames"), tmp_path, annotations=ucf, split=1)
    assert [path.name for path in written.paths] == ["ucf101_rgb_train_split_1.txt", "ucf101_rgb_val_split_1.txt"]
    assert written.paths[0].read_text().startswith("HandStandPushups/v_HandstandPushups_g08_c01 9 1\n")


def test_video_lists(tmp_path, ucf):
    for name in NAMES:
        path = tmp_path / "videos" / f"{name}.avi"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    written = build_official_lists("ucf101", MediaIndex(tmp_path / "videos"), tmp_path, annotations=ucf, split=1)
    assert [path.name for path in written.paths] == ["ucf101_video_train_split_1.txt", "ucf101_video_val_split_1.txt"]
    assert written.paths[0].read_text() == "v_HandStandPushups_g08_c01.avi 1\nv_HammerThrow_g08_c01.avi 0\n"


def test_a_class_file_chooses_and_numbers(tmp_path, ucf, make_frames):
    for name, length in NAMES.items():
        make_frames(tmp_path / "frames" / name, rgb=length)
    (tmp_path / "classes.txt").write_text("2 HammerThrow\n")
    written = build_official_lists(
        "ucf101",
        MediaIndex(tmp_path / "frames"),
        tmp_path,
        annotations=ucf,
        split=1,
        classes=tmp_path / "classes.txt",
    )
    assert written.paths[0].read_text() == "v_HammerThrow_g08_c01 7 1\n"


def test_missing_videos_are_one_error_or_left_out(tmp_path, ucf, make_frames):
    make_frames(tmp_path / "frames" / "v_HammerThrow_g08_c01", rgb=3, flow=2)
    make_frames(tmp_path / "frames" / "v_HandStandPushups_g08_c01", rgb=3)  # no flow
    make_frames(tmp_path / "frames" / "v_HammerThrow_g01_c01", rgb=4, flow=4)
    media = MediaIndex(tmp_path / "frames")
    with pytest.raises(ValueError, match="1 of 2 videos for .*: HandstandPushups/v_HandStandPushups_g08_c01. Extract"):
        build_official_lists("ucf101", media, tmp_path, annotations=ucf, split=1)
    written = build_official_lists("ucf101", media, tmp_path, annotations=ucf, split=1, allow_missing=True)
    assert [path.read_text() for path in written.paths[:2]] == [
        "v_HammerThrow_g08_c01 3 0\n",
        "v_HammerThrow_g08_c01 2 0\n",
    ]
    assert "left out, being missing: 1 videos: HandstandPushups/v_HandStandPushups_g08_c01" in summary(written)


def test_only_the_first_missing_names_are_given_and_none_left_is_always_an_error(tmp_path, make_frames):
    make_frames(tmp_path / "other", rgb=1)
    entries = [Entry(f"c/{number}", (0,)) for number in range(8)]
    with pytest.raises(ValueError, match=re.escape("8 of 8 videos for a.txt are not below")) as error:
        write_lists(entries, MediaIndex(tmp_path), tmp_path, names={"rgb": "a.txt"}, allow_missing=True)
    assert "c/0, c/1, c/2, c/3, c/4, ..." in str(error.value)
    assert not (tmp_path / "a.txt").exists()


def test_shuffled_lists_keep_the_same_order_in_both_modalities(tmp_path, make_frames):
    for number in range(9):
        make_frames(tmp_path / "frames" / f"v{number}", rgb=number + 1, flow=number + 1)
    (tmp_path / "my_video_list.txt").write_text("".join(f"v{number}.mp4 {number}\n" for number in range(9)))
    lists = {}
    for seed in (None, 1, 1):
        written = build_rawframe_lists(
            tmp_path / "my_video_list.txt", MediaIndex(tmp_path / "frames"), tmp_path, shuffle_seed=seed
        )
        rgb, flow = (path.read_text() for path in written.paths)
        assert rgb == flow
        assert lists.setdefault(seed, rgb) == rgb
    assert lists[1] != lists[None]
    assert sorted(lists[1].splitlines()) == lists[None].splitlines()


def test_a_video_list_becomes_raw_frame_lists(tmp_path, make_frames):
    make_frames(tmp_path / "frames" / "red" / "1", rgb=4, flow=3)
    make_frames(tmp_path / "frames" / "blue" / "1", rgb=6, flow=5)
    (tmp_path / "toy_video_train.txt").write_text("blue/1.mp4 1 4\nred/1.mp4 0\n")
    (tmp_path / "plain.txt").write_text("red/1.mp4 0\n")
    media = MediaIndex(tmp_path / "frames")
    written = build_rawframe_lists(tmp_path / "toy_video_train.txt", media, tmp_path / "lists")
    assert {path.name: path.read_text() for path in written.paths} == {
        "toy_rgb_train.txt": "blue/1 6 1 4\nred/1 4 0\n",
        "toy_flow_train.txt": "blue/1 5 1 4\nred/1 3 0\n",
    }
    written = build_rawframe_lists(tmp_path / "plain.txt", media, tmp_path)
    assert [path.name for path in written.paths] == ["plain_rgb.txt", "plain_flow.txt"]


def test_raw_frame_lists_need_frames(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(ValueError, match="holds no frames: extract them first"):
        build_rawframe_lists(tmp_path / "list.txt", MediaIndex(tmp_path), tmp_path)


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


def test_a_name_with_a_blank_is_followed_by_tabs(tmp_path, make_frames):
    make_frames(tmp_path / "a b #1 (é)", rgb=1)
    assert MediaIndex(tmp_path).line("rgb", "a b #1 (é)", (1,)) == "a b #1 (é)\t1\t1"


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
