import json
import random

import pytest

from tsn_plugin.datasets import RawVideoDataset

RECORDS = [
    dict(video_dir="a", label=1, num_clips=3, positive_clip_inds=[0, 2]),
    dict(video_dir="b", label=0, num_clips=5, positive_clip_inds=[4]),
]


def dataset(folder, text="a 1 3 0 2\n\nb 0 5 4\n", **keywords):
    (folder / "list.txt").write_text(text)
    return RawVideoDataset("list.txt", [], data_root=str(folder), data_prefix=dict(video="clips"), **keywords)


def names(data, index, folder):
    random.seed(0)
    return {data.prepare_data(index)["filename"].replace(f"{folder}/clips/", "") for _ in range(60)}


def test_positive_clips_are_drawn(tmp_path):
    data = dataset(tmp_path)
    assert len(data) == 2
    assert names(data, 0, tmp_path) == {"a/part_0.mp4", "a/part_2.mp4"}
    assert names(data, 1, tmp_path) == {"b/part_4.mp4"}
    sample = data.prepare_data(0)
    assert (sample["label"], sample["modality"], sample["start_index"]) == (1, "RGB", 0)


def test_any_clip_is_drawn(tmp_path):
    data = dataset(tmp_path, sampling_strategy="random", clipname_tmpl="{:02d}.avi")
    assert names(data, 0, tmp_path) == {"a/00.avi", "a/01.avi", "a/02.avi"}


def test_json_lists_say_the_same(tmp_path):
    (tmp_path / "list.json").write_text(json.dumps(RECORDS))
    data = RawVideoDataset("list.json", [], data_root=str(tmp_path))
    text = dataset(tmp_path)
    for index in range(2):
        ours, theirs = data.get_data_info(index), text.get_data_info(index)
        assert {**ours, "video_dir": 0} == {**theirs, "video_dir": 0}


@pytest.mark.parametrize(
    ("text", "keywords", "message"),
    [
        ("a 1 3\n", {}, "list.txt, line 1: a has no positive clip; take it out"),
        ("a x 3 1\n", {}, "list.txt, line 1: .* needs 'folder label clips number ...'"),
        ("a 1 3 1\n", dict(sampling_strategy="all"), "sampling_strategy='all' is unknown; known: positive, random"),
        ("a 1 3 1\n", dict(clipname_tmpl="clip.mp4"), "clipname_tmpl='clip.mp4' has no place for a clip's number"),
    ],
)
def test_errors_name_what_is_wrong(tmp_path, text, keywords, message):
    with pytest.raises(ValueError, match=message):
        dataset(tmp_path, text, **keywords)


def test_a_missing_list_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no.txt does not exist; mend ann_file"):
        RawVideoDataset("no.txt", [], data_root=str(tmp_path))
