import json

import pytest

from tsn_plugin.preparation.annotations.activitynet import read_activitynet
from tsn_plugin.preparation.annotations.records import Entry, ListRequest
from tsn_plugin.preparation.annotations.thumos14 import CLASSES, read_thumos14_database


@pytest.fixture
def files():
    """All files of the data set, most of them empty."""
    empty = {
        f"temporal_annotations_{part}/{name}_{short}.txt": ""
        for part, short in (("validation", "val"), ("test", "test"))
        for name in (*CLASSES, "Ambiguous")
    }
    return {
        **empty,
        "validation_durations.txt": "video_validation_0000001.mp4\r\n20.5\r\nvideo_validation_0000002.mp4\r\n9.000\r\n",
        "test_durations.txt": "/data/TH14/video_test_0000007.mp4\n30\nvideo_test_0000008.mp4\n5\n",
        "validation_avoid_videos.txt": "video_validation_0000002 Diving\n",
        "test_avoid_videos.txt": "",
        "temporal_annotations_validation/Diving_val.txt": (
            "video_validation_0000001  7.8 9.0\r\n"
            "video_validation_0000001  1.5 2.0\r\n"
            "video_validation_0000002  1 2\r\n"
        ),
        "temporal_annotations_validation/CliffDiving_val.txt": (
            "video_validation_0000001  7.8 9.0\nvideo_validation_0000001 21 22\n"
        ),
        "temporal_annotations_validation/Ambiguous_val.txt": "video_validation_0000001  4.0 5.0\n",
        "temporal_annotations_test/Billiards_test.txt": "video_test_0000007  0.0 1.5\n",
        "temporal_annotations_test/Ambiguous_test.txt": "video_test_0000008  0.0 1.5\n",
    }


def test_the_database_by_hand(write, files):
    """Left out: the avoided pair of video 2, which is then without any, and the interval behind the end of video 1."""
    database = read_thumos14_database(write(files))["database"]
    assert database == {
        "video_validation_0000001": {
            "subset": "training",
            "duration": 20.5,
            "annotations": [
                {"segment": [1.5, 2.0], "label": "Diving"},
                {"segment": [7.8, 9.0], "label": "CliffDiving"},
                {"segment": [7.8, 9.0], "label": "Diving"},
            ],
            "ambiguous": [[4.0, 5.0]],
        },
        "video_test_0000007": {
            "subset": "testing",
            "duration": 30.0,
            "annotations": [{"segment": [0.0, 1.5], "label": "Billiards"}],
            "ambiguous": [],
        },
        "video_test_0000008": {"subset": "testing", "duration": 5.0, "annotations": [], "ambiguous": [[0.0, 1.5]]},
    }


def test_the_folders_of_mmaction2s_download_script(write, files, tmp_path):
    expected = read_thumos14_database(write(files))
    (tmp_path / "temporal_annotations_validation").rename(tmp_path / "annotations_val")
    (tmp_path / "temporal_annotations_test").rename(tmp_path / "annotations_test")
    assert read_thumos14_database(tmp_path) == expected


def test_the_lists_hold_the_videos_with_instances(write, read, files):
    write(files)
    (train,), (test,) = read("thumos14", "train"), read("thumos14", "test")
    assert train.entries == (Entry("video_validation_0000001"),)
    assert test.entries == (Entry("video_test_0000007"),)
    assert train.file_names["flow"] == "thumos14_flow_train.txt"
    assert train.notes == test.notes


def test_the_note_is_a_file_in_activitynets_format_with_the_official_class_order(write, read, files):
    folder = write(files)
    (train,) = read("thumos14", "train")
    path = folder / "thumos14.json"
    path.write_text(train.notes["thumos14.json"])
    (trimmed,) = read_activitynet(ListRequest("activitynet1.3", path, "train", forms=("trimmed",)))
    assert list(trimmed.classes) == sorted(CLASSES) == list(CLASSES)
    assert list(CLASSES.values()) == sorted(CLASSES.values())  # numbers among the 101 classes of the recognition task
    assert [entry.labels for entry in trimmed.entries] == [(7,), (4,), (7,)]
    assert {node["nodeName"]: node["nodeId"] for node in json.loads(path.read_text())["taxonomy"]}["Diving"] == 26


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "temporal_annotations_test/Diving_test.txt",
            "x 1\n",
            r"Diving_test.txt, line 1: 'x 1' is not '<video> <start>",
        ),
        (
            "temporal_annotations_test/Diving_test.txt",
            "\nx 1 2\n",
            r"Diving_test.txt, line 2: there is no duration of video x",
        ),
        ("temporal_annotations_test/Diving_test.txt", "video_test_0000007 a 2\n", r"line 1: time 'a' is no float"),
        ("test_durations.txt", "a.mp4\n", r"test_durations.txt has 1 lines: not one for the file and one for"),
        ("test_durations.txt", "a.mp4\nb.mp4\n", r"test_durations.txt, line 2: duration 'b.mp4' is no float"),
        ("test_avoid_videos.txt", "a\n", r"avoid_videos.txt, line 1: 'a' is not '<video> <class>'"),
    ],
)
def test_wrong_lines_are_named(write, files, name, text, message):
    with pytest.raises(ValueError, match=message):
        read_thumos14_database(write({**files, name: text}))


def test_a_missing_class_is_an_error(write, files):
    del files["temporal_annotations_test/Shotput_test.txt"]
    with pytest.raises(FileNotFoundError, match=r"temporal_annotations_test has no file called Shotput_test.txt"):
        read_thumos14_database(write(files))
