import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from tsn_plugin.preparation.official_splits import Split, SplitVideo, read_classes, read_split

DATA = Path(__file__).parents[1] / "data"
GOLDEN = json.loads((DATA / "golden" / "case08_split_lists.json").read_text())


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """The official split files of both data sets."""
    folder = tmp_path_factory.mktemp("official")
    with tarfile.open(DATA / "official_splits.tar.xz") as archive:
        archive.extractall(folder)
    return {"ucf101": folder / "ucf101_splits", "hmdb51": folder / "hmdb51_splits"}


@pytest.mark.parametrize("dataset", ["ucf101", "hmdb51"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_official_splits_as_the_original_reads_them(official, dataset, number):
    split = read_split(dataset, official[dataset], number)
    for part, videos in (("train", split.train), ("test", split.val)):
        golden = GOLDEN[f"{dataset}_split{number}_{part}"]
        lines = sorted(f"{video.name.rpartition('/')[2]} {video.label}" for video in videos)
        assert len(lines) == golden["num"]
        assert (lines[:3], lines[-3:]) == (golden["first3"], golden["last3"])
        assert hashlib.sha256("\n".join(lines).encode()).hexdigest() == golden["sha256"]


def test_the_order_is_that_of_the_files_and_the_class_that_of_the_folder(official):
    train = read_split("ucf101", official["ucf101"], 1).train
    assert train[0] == SplitVideo("ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01", 0)
    assert SplitVideo("HandstandPushups/v_HandStandPushups_g08_c01", 36) in train


@pytest.mark.parametrize(
    ("dataset", "index", "expected"),
    [
        ("ucf101", "classInd.txt", {"Hammering": 34, "HammerThrow": 35, "JumpingJack": 46, "JumpRope": 47}),
        ("hmdb51", "class_list.txt", {"kick_ball": 20, "kick": 21, "sword_exercise": 44, "sword": 45}),
    ],
)
def test_class_numbers_are_the_official_ones_where_sorting_gives_others(official, dataset, index, expected):
    classes = read_classes(official[dataset] / index)
    assert {name: classes[name] for name in expected} == expected


@pytest.fixture
def small(tmp_path):
    """A data set of each kind, with the traps of the real ones: CRLF, blanks at line ends, odd names."""
    files = {
        "classInd.txt": "1 b\r\n2 a\r\n",
        "trainlist01.txt": "b/v x.avi 1\r\na/#1&(2).avi 2\r\n\r\n",
        "testlist01.txt": "a/t.avi\r\n",
        "class_list.txt": "wave\nclap\n",
        "wave_test_split1.txt": "w 1!.avi 1 \nw2.avi 2 \nunused.avi 0 \n",
        "clap_test_split1.txt": "c#.x.avi 2 \r\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, newline="")
    return tmp_path


def test_small_splits_by_hand(small):
    assert read_split("ucf101", small, 1) == Split(
        (SplitVideo("b/v x", 0), SplitVideo("a/#1&(2)", 1)), (SplitVideo("a/t", 1),)
    )
    assert read_split("hmdb51", small, 1) == Split(
        (SplitVideo("wave/w 1!", 0),), (SplitVideo("wave/w2", 0), SplitVideo("clap/c#.x", 1))
    )


def test_classes_choose_and_number_the_videos(small):
    assert read_split("ucf101", small, 1, classes={"a": 4}) == Split(
        (SplitVideo("a/#1&(2)", 4),), (SplitVideo("a/t", 4),)
    )
    assert read_split("hmdb51", small, 1, classes={"clap": 0}) == Split((), (SplitVideo("clap/c#.x", 0),))


def test_a_class_index_may_have_the_numbers_of_the_whole_data_set(small):
    (small / "subset.txt").write_text("20 BrushingTeeth\n99 WallPushups\n")
    assert read_classes(small / "subset.txt") == {"BrushingTeeth": 19, "WallPushups": 98}


@pytest.mark.parametrize("text", ["0 a\n1 b\n", "", "\n\n"])
def test_a_class_index_has_classes_and_counts_from_1(small, text):
    (small / "wrong.txt").write_text(text)
    with pytest.raises(ValueError, match=r"wrong.txt must have classes, and number them from 1, not from 0"):
        read_classes(small / "wrong.txt")


def test_hmdb51_without_class_order_says_where_to_get_it(small):
    """The authors' archive has none. MMAction2's ``classInd.txt`` serves as well."""
    (small / "class_list.txt").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"class_list.txt does not exist; .* take https://.*/class_list.txt, or give"
    ):
        read_split("hmdb51", small, 1)
    (small / "mine.txt").write_text("1 clap\n2 wave\n")
    assert read_split("hmdb51", small, 1, classes=read_classes(small / "mine.txt")).val[0] == SplitVideo("clap/c#.x", 0)


def test_a_class_name_does_not_lead_out_of_the_folder(small):
    with pytest.raises(ValueError, match=r"class '\.\./wave' is no folder's name"):
        read_split("hmdb51", small, 1, classes={"../wave": 0})


@pytest.mark.parametrize("text", ["1 a\n1 b\n", "1 a\n2 a\n", "a\na\n"])
def test_a_class_or_number_that_comes_twice_is_refused(small, text):
    (small / "twice.txt").write_text(text)
    with pytest.raises(ValueError, match="holds a class or a number twice"):
        read_classes(small / "twice.txt")


@pytest.mark.parametrize(
    ("file", "text", "dataset", "message"),
    [
        ("testlist01.txt", "c/x.avi\n", "ucf101", "class 'c' is not in"),
        ("testlist01.txt", "x.avi\n", "ucf101", "'x.avi' is not '<class>/<video>.avi <label>'"),
        ("clap_test_split1.txt", "x.avi 3\n", "hmdb51", "'x.avi 3' is not '<video>.avi <0, 1 or 2>'"),
    ],
)
def test_lines_of_another_form_are_named(small, file, text, dataset, message):
    (small / file).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_split(dataset, small, 1)


def test_unknown_names_and_missing_files_are_errors(small):
    with pytest.raises(ValueError, match="dataset='kinetics' is unknown; known: ucf101, hmdb51"):
        read_split("kinetics", small, 1)
    with pytest.raises(ValueError, match="split=4 is unknown; known: 1, 2, 3"):
        read_split("ucf101", small, 4)
    with pytest.raises(FileNotFoundError, match=r"trainlist02.txt does not exist; give the folder of the official"):
        read_split("ucf101", small, 2)
