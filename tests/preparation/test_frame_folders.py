import pytest

from tsn_plugin.preparation.frame_folders import FrameCounts, FramePrefixes, count_frames, index_frame_folders
from tsn_plugin.readers.frame_archive import ArchiveWriter


def test_count_frames_by_hand():
    names = ["img_00001.jpg", "img_00002.jpg", "flow_x_00001.jpg", "flow_y_00001.jpg", "notes.txt", "img_1.gif"]
    assert count_frames(names, FramePrefixes(), folder="v") == FrameCounts(rgb=2, flow=1)


def test_count_frames_takes_other_names_and_a_count_from_zero():
    names = ["00000.png", "00001.png", "x_00000.jpg", "y_00000.jpg"]
    assert count_frames(names, FramePrefixes("", "x_", "y_"), folder="v") == FrameCounts(rgb=2, flow=1)


def test_different_x_and_y_counts_are_an_error():
    with pytest.raises(ValueError, match="some/video holds 1 x flow files and 0 y flow files"):
        count_frames(["flow_x_00001.jpg"], FramePrefixes(), folder="some/video")


@pytest.mark.parametrize(("names", "number"), [(["img_1.jpg", "img_3.jpg"], 2), (["img_2.jpg", "img_3.jpg"], 1)])
def test_a_missing_number_is_an_error(names, number):
    with pytest.raises(ValueError, match=rf"v lacks number {number} of its img_\* files"):
        count_frames(names, FramePrefixes(), folder="v")


def test_index_finds_flat_and_nested_folders_and_no_half_written_ones(tmp_path, make_frames):
    make_frames(tmp_path / "flat", rgb=3)
    make_frames(tmp_path / "b_class" / "a video", rgb=2, flow=2)
    make_frames(tmp_path / "b_class" / "other.partial-host-1", rgb=1)
    (tmp_path / "extraction.json").touch()
    (tmp_path / "empty").mkdir()
    assert index_frame_folders(tmp_path) == {"b_class/a video": FrameCounts(2, 2), "flat": FrameCounts(3, 0)}


def pack(path, names):
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = ArchiveWriter(path)
    for name in names:
        writer.write(name, b"content")
    writer.close()


def test_archives_stand_for_folders(tmp_path, make_frames):
    make_frames(tmp_path / "A" / "one", rgb=2)
    pack(tmp_path / "A" / "one.zip", ["img_00001.jpg"])
    pack(tmp_path / "A" / "two (é).zip", ["img_00001.jpg", "flow_x_00001.jpg", "flow_y_00001.jpg"])
    pack(tmp_path / "A" / "three.zip.partial-host-1", ["img_00001.jpg"])
    pack(tmp_path / "notes.zip", ["notes.txt"])
    assert index_frame_folders(tmp_path) == {"A/one": FrameCounts(2, 0), "A/two (é)": FrameCounts(1, 1)}


def test_an_archive_that_lacks_a_frame_is_named(tmp_path):
    pack(tmp_path / "a.zip", ["img_00002.jpg"])
    with pytest.raises(ValueError, match=r"a\.zip lacks number 1 of its img_\* files"):
        index_frame_folders(tmp_path)
