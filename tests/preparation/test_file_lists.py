import json
import re
import zipfile

import pytest

from tsn_plugin.preparation.file_lists import (
    Entry,
    MediaIndex,
    build_official_lists,
    build_rawframe_lists,
    open_media,
    summary,
    write_lists,
)


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
    assert "left out, being missing: 1 videos: HandstandPushups/v_HandStandPushups_g08_c01 (see" in summary(written)
    for kind in ("rgb", "flow"):
        note = tmp_path / f"missing_ucf101_{kind}_train_split_1.txt"
        assert note.read_text() == "HandstandPushups/v_HandStandPushups_g08_c01\n"
    make_frames(tmp_path / "frames" / "v_HandStandPushups_g08_c01", flow=2)
    build_official_lists("ucf101", MediaIndex(tmp_path / "frames"), tmp_path, annotations=ucf, split=1)
    assert not list(tmp_path.glob("missing_*"))  # nothing is missing any more


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


KINETICS = "label,youtube_id,time_start,time_end,split\n"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("riding_a_bike/x&(1)_000003_000013.mp4", "riding_a_bike/x&(1)_000003_000013.mp4 0\n"),
        ("riding a bike/x&(1)_000003_000013.mp4", "riding a bike/x&(1)_000003_000013.mp4\t0\n"),
        ("x&(1)_000003_000013.webm", "x&(1)_000003_000013.webm 0\n"),
        ("train/x&(1)_000003_000013.mkv", "train/x&(1)_000003_000013.mkv 0\n"),
        ("train/riding a bike/x&(1).mp4", "train/riding a bike/x&(1).mp4\t0\n"),
        ("x&(1).mp4", "x&(1).mp4 0\n"),
    ],
)
def test_a_kinetics_video_is_found_however_it_is_stored(tmp_path, file, line):
    (tmp_path / "train.csv").write_text(KINETICS + "riding a bike,x&(1),3,13,train\n")
    path = tmp_path / "videos" / file
    path.parent.mkdir(parents=True)
    path.touch()
    written = build_official_lists(
        "kinetics400", open_media(tmp_path / "videos"), tmp_path, annotations=tmp_path, split="train"
    )
    assert [path.name for path in written.paths] == ["kinetics400_train_list_videos.txt", "kinetics400_classes.txt"]
    assert written.paths[0].read_text() == line
    assert written.paths[1].read_text() == "riding_a_bike\n"


def test_one_of_several_parts_of_a_video_is_not_taken_for_another(tmp_path):
    (tmp_path / "train.csv").write_text(KINETICS + "a,x,3,13,train\nb,x,20,30,train\n")
    (tmp_path / "x_000003_000013.mp4").touch()
    (tmp_path / "x.mp4").touch()
    with pytest.raises(ValueError, match="1 of 2 videos for kinetics400_train_list_videos.txt .*: b/x_000020_000030"):
        build_official_lists("kinetics400", open_media(tmp_path), tmp_path, annotations=tmp_path, split="train")


@pytest.mark.parametrize("prefix", ["", "img_"])
def test_the_frames_of_something_something_are_found_by_either_name(tmp_path, prefix):
    (tmp_path / "something-something-v1-labels.csv").write_text("Holding something\n")
    (tmp_path / "something-something-v1-train.csv").write_text("12;Holding something\n")
    folder = tmp_path / "frames" / "12"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / f"{prefix}{number:05d}.jpg").touch()
    media = open_media(tmp_path / "frames", dataset="sthv1")
    written = build_official_lists("sthv1", media, tmp_path, annotations=tmp_path, split="train")
    assert written.paths[0].name == "sthv1_train_list_rawframes.txt"
    assert written.paths[0].read_text() == "12 3 0\n"


def test_an_archive_of_frames_stands_for_its_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        for number in (1, 2):
            archive.writestr(f"img_{number:05d}.jpg", b"")
    (tmp_path / "my_video.txt").write_text("v.mp4 3\n")
    written = build_rawframe_lists(tmp_path / "my_video.txt", MediaIndex(tmp_path), tmp_path)
    assert written.paths[0].read_text() == "v 2 3\n"


def test_lists_that_need_frames_are_not_written_for_video_files(tmp_path):
    database = {"x": {"subset": "training", "duration": 4, "annotations": [{"segment": [1, 2], "label": "a"}]}}
    taxonomy = [{"nodeName": "a", "parentName": "Root"}]
    (tmp_path / "activity_net.v1-3.min.json").write_text(json.dumps({"database": database, "taxonomy": taxonomy}))
    (tmp_path / "v_x.mp4").touch()
    keywords = dict(annotations=tmp_path, split="train")
    written = build_official_lists("activitynet1.3", open_media(tmp_path), tmp_path, **keywords)
    assert [path.name for path in written.paths] == ["anet_train_video_files.txt", "anet_classes.txt"]
    assert written.paths[0].read_text() == "v_x.mp4 0\n"
    with pytest.raises(ValueError, match="anet_train_clip.txt, anet_flow_train_clip.txt need frames"):
        build_official_lists("activitynet1.3", open_media(tmp_path), tmp_path, forms=["clips"], **keywords)


def test_a_path_that_is_not_utf8_is_named(tmp_path, make_frames):
    make_frames(tmp_path / "frames" / "caf\udce9" / "v", rgb=1)
    with pytest.raises(ValueError, match=r"a.txt: 'caf\\udce9' begins a path that is not UTF-8: rename"):
        write_lists([Entry("v", (0,))], MediaIndex(tmp_path / "frames"), tmp_path, names={"rgb": "a.txt"})
    assert not (tmp_path / "a.txt").exists()


def test_the_same_seed_writes_the_same_bytes_and_no_seed_the_authors_order(tmp_path, make_frames):
    for name in "cab":
        make_frames(tmp_path / "frames" / name, rgb=1)
    entries = [Entry(name, (0,)) for name in "cab"]
    texts = [
        write_lists(entries, MediaIndex(tmp_path / "frames"), tmp_path, names={"rgb": "a.txt"}, shuffle_seed=seed)
        .paths[0]
        .read_text()
        for seed in (None, 3, 3)
    ]
    assert texts[0] == "c 1 0\na 1 0\nb 1 0\n"
    assert texts[1] == texts[2]


def test_no_entries_at_all_are_an_error(tmp_path):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(ValueError, match=r"there is no video for a.txt: check the annotations"):
        write_lists([], MediaIndex(tmp_path), tmp_path, names={"video": "a.txt"})
