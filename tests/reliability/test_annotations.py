"""What a user of the tools gets for a list that is wrong."""

import codecs
import json
import shutil

import pytest

from tsn_plugin.datasets import HVUDataset, ProposalDataset, RawframeDataset, RawVideoDataset, VideoDataset
from tsn_plugin.evaluation.video_lists import read_names
from tsn_plugin.preparation.annotations.files import read_items, read_lines, read_table
from tsn_plugin.preparation.official_splits import read_classes
from tsn_plugin.preparation.videos import read_video_list
from tsn_plugin.proposals.databases import read_database


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


def records_of(kind, **options):
    def read(path):
        dataset = kind(str(path), [], **options)
        return [dataset.get_data_info(index) for index in range(len(dataset))]

    return read


def videos_of(path):
    return [video.name for video in ProposalDataset(str(path), [], test_mode=True).pools]


def items(path):
    return list(read_items(path, keys={"id": str}))


def table(path):
    return list(read_table(path, columns=["label"]))


ENTRY = {"duration": 9, "annotations": [{"segment": [1, 2], "label": "run"}]}
RAW = [{"video_dir": name, "label": 0, "num_clips": 3, "positive_clip_inds": [1]} for name in "ab"]
HVU = [{"filename": name, "label": {"scene": [0]}} for name in "ab"]
PROPOSALS = "# 0\na b\n100\n1\n1\n1 10 50\n1\n1 0.9 0.9 10 50\n"
#: of each kind of file: how it is read, and a good one, of two lines or more
READERS = {
    "videos": (records_of(VideoDataset), "a b.mp4 1\nc.mp4 0\n"),
    "frames": (records_of(RawframeDataset), "a b\t7\t1\nc 9 0\n"),
    "clips": (records_of(RawVideoDataset), "a 1 3 0 2\nb\t0\t3\t1\n"),
    "clips.json": (records_of(RawVideoDataset), json.dumps(RAW, indent=0)),
    "tags.json": (records_of(HVUDataset), json.dumps(HVU, indent=0)),
    "names": (read_names, "a b.mp4 1\nc.mp4 0\n"),
    "videos to prepare": (read_video_list, "a b.mp4 1\nc.mp4 0\n"),
    "proposals": (videos_of, PROPOSALS),
    "database": (lambda path: list(read_database(path).videos), json.dumps({"database": {"v": ENTRY}}, indent=0)),
    "classes": (read_classes, "1 jump\n2 run\n"),
    "official lines": (read_lines, "a\nb\n"),
    "official items": (items, json.dumps([{"id": "a"}], indent=0)),
    "official table": (table, "label,id\nrun,3\n"),
}
JSON = [name for name, (_, text) in READERS.items() if text[0] in "[{"]


@pytest.fixture
def reads(tmp_path):
    """What a reader makes of a content, without the folder in it."""

    def read(name, content):
        path = tmp_path / f"file.{'json' if name in JSON else 'txt'}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(READERS[name][0](path))

    return read


@pytest.mark.parametrize("name", READERS)
def test_editors_leave_marks_that_do_no_harm(reads, name):
    text = READERS[name][1]
    expected = reads(name, text)
    assert expected != "[]"
    for content in (
        codecs.BOM_UTF8 + text.encode(),
        text.replace("\n", "\r\n"),
        text.rstrip("\n"),
        text + "\n  \n",
        codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode() + b"\r\n",
    ):
        assert reads(name, content) == expected


@pytest.mark.parametrize("name", READERS)
def test_other_encodings_are_told_with_file_line_and_remedy(reads, name):
    text = READERS[name][1]
    first, rest = text.split("\n", 1)
    with pytest.raises(ValueError, match=r"file\.\w+ is not UTF-8 text \(line 2: .*save it as UTF-8"):
        reads(name, f"{first}\n\u00e9{rest}".encode("latin-1"))
    for encoding in ("utf-16", "utf-16-le"):
        with pytest.raises(ValueError, match=r"file\.\w+ is not UTF-8 text \(line 1: .*save it as UTF-8"):
            reads(name, text.encode(encoding))


@pytest.mark.parametrize("name", JSON)
def test_json_that_is_cut_off_or_of_another_kind_is_told(reads, name):
    text = READERS[name][1]
    with pytest.raises(ValueError, match=r"file\.json, line \d+: this is no JSON .*: the file is cut off"):
        reads(name, text[: len(text) * 2 // 3])
    with pytest.raises(ValueError, match=r"file\.json must hold a JSON (list|dict), got a (list|dict|int)"):
        reads(name, "{}" if text[0] == "[" else "[]")
    with pytest.raises(ValueError, match=r"file\.json must hold a JSON (list|dict), got a int"):
        reads(name, "3")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("clips", "\n \n", "holds no video"),
        ("clips.json", "[]", "holds no video"),
        ("tags.json", "[]", "has tags of action, attribute"),
        ("proposals", "\n", "has no video with instances; use keep_unannotated=True, or another list"),
        ("videos", "a.mp4 -2\n", r"line 1: a.mp4 -2 has the label -2, and labels are from 0 on: mend it"),
        ("frames", "a -7 0\n", "line 1: a -7 0 has a negative number for total_frames: mend it"),
        ("clips", "a b 1 3 0\n", "line 1: 'a b 1 3 0' needs .* with tabs if the folder has blanks"),
        ("clips", "a 1 3 3\n", r"line 1: a has the label 1, 3 clips and the positive clips \[3\]: .* count from 0"),
        ("clips", "a -1 3 0\n", "line 1: a has the label -1, "),
        ("clips.json", json.dumps([RAW[0], 3]), "item 2: 3 lacks video_dir, label"),
        ("clips.json", json.dumps([{**RAW[0], "label": "0"}]), "item 1: label, num_clips and positive_clip_inds must"),
        ("clips.json", json.dumps([{**RAW[0], "label": 0.5}]), "item 1: label, num_clips and positive_clip_inds must"),
        ("tags.json", json.dumps([HVU[0], 3]), "item 2: a video needs 'label' and either"),
        ("tags.json", json.dumps([{"filename": "a", "labels": {}}]), r"item 1: a video needs 'label' .* 'labels'\]"),
        ("tags.json", json.dumps([{"filename": "a", "label": "x"}]), "item 1: a has the label 'x': lists of tags by"),
        ("tags.json", json.dumps([{"filename": "a", "label": {"scene": 3}}]), "item 1: a has tag 3 of 248 in 'scene'"),
        ("tags.json", json.dumps([{"filename": "a", "label": {"scene": ["x"]}}]), "item 1: a has tag 'x' of 248"),
        ("proposals", PROPOSALS.replace("1 10", "-1 10"), r"line 6: '-1 10 50': .*a whole class from 1 on"),
        ("proposals", PROPOSALS.replace("1 10", "0 10"), r"line 6: '0 10 50': .*a whole class from 1 on"),
        ("proposals", PROPOSALS.replace("1 0.9", "1.5 0.9"), r"line 8: '1\.5 .*': .*a whole class from 0 on"),
        ("proposals", PROPOSALS.replace("\n1\n1 0.9", "\n²\n1 0.9"), "line 7: '²': expected the number of proposals"),
        ("classes", "1 run\n2 run\n", "holds a class or a number twice: run"),
        ("classes", "1 run\n1 jump\n", "holds a class or a number twice: 1"),
    ],
)
def test_other_faults_are_told_with_their_place(reads, name, content, message):
    with pytest.raises(ValueError, match=rf"file\.\w+.*({message})"):
        reads(name, content)


def test_a_video_list_keeps_line_separators_in_names(reads):
    assert "a\\u2028b.mp4" in reads("videos to prepare", "a\u2028b.mp4\t1\n")
