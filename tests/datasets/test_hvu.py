import json

import pytest
import torch

from tsn_plugin.datasets import HVUDataset
from tsn_plugin.registry import DATASETS

#: three categories with few tags: a vector of 3 + 2 + 4
SMALL = dict(tag_categories=["action", "event", "scene"], tag_category_nums=[3, 2, 4])
LABELS = [{"action": [0, 2], "scene": [3]}, {"event": [1], "object": [1500]}, {"object": [7]}]
LOAD = [dict(type="mmaction.LoadHVULabel")]


@pytest.fixture
def write(tmp_path):
    """Write a list into ``hvu.json`` of the data folder and return that folder."""

    def write_records(records):
        (tmp_path / "hvu.json").write_text(json.dumps(records))
        return str(tmp_path)

    return write_records


@pytest.fixture
def videos(write):
    return write([dict(filename=f"{number}.mp4", label=label) for number, label in enumerate(LABELS)])


def build(root, pipeline=(), **options):
    options = {**SMALL, **options}
    return DATASETS.build(
        dict(type="tsn_plugin.HVUDataset", data_root=root, ann_file="hvu.json", pipeline=list(pipeline), **options)
    )


@pytest.mark.parametrize("options", [dict(multi_class=True), dict(pipeline=LOAD)])
def test_tags_and_masks_of_the_first_video(videos, options):
    sample = build(videos, data_prefix=dict(video="videos"), **options)[0]
    assert sample["filename"] == f"{videos}/videos/0.mp4"
    assert sample["label"].tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 1]
    assert sample["mask"].tolist() == [1, 1, 1, 0, 0, 1, 1, 1, 1]
    assert sample["category_mask"].tolist() == [1, 0, 1]
    assert (sample["start_index"], sample["modality"]) == (0, "RGB")


def test_without_tensors_a_sample_has_what_mmaction2s_transform_needs(videos):
    sample = build(videos)[1]
    assert sample["label"] == {"event": [1]}
    assert (sample["categories"], sample["category_nums"]) == (["action", "event", "scene"], [3, 2, 4])


def test_videos_without_wanted_tags_are_left_out(videos):
    assert len(build(videos)) == 2
    assert len(build(videos, tag_categories=None, tag_category_nums=None)) == 3
    assert [
        info["label"] for info in map(build(videos, tag_categories=["event"], tag_category_nums=[2]).get_data_info, [0])
    ] == [{"event": [1]}]


def test_a_list_for_one_category(write):
    # what MMAction2's generate_sub_file_list.py writes: the videos without the category stay, with all their tags
    root = write([dict(filename="a.mp4", label=[1, 2]), dict(filename="b.mp4", label={"object": [4]})])
    dataset = build(root, tag_categories=["action"], tag_category_nums=None, multi_class=True)
    assert len(dataset) == 1
    assert dataset[0]["label"].shape == (739,)
    assert dataset[0]["label"].nonzero().flatten().tolist() == [1, 2]
    with pytest.raises(ValueError, match=r"item 1: .*a.mp4 has tags of one category: name it in tag_categories"):
        build(root)


def test_frame_folders_count_from_one(write):
    root = write([dict(frame_dir="a", total_frames=61, label={"event": [0]})])
    sample = build(root, data_prefix=dict(img="frames"), filename_tmpl="{:06d}.png")[0]
    assert (sample["frame_dir"], sample["total_frames"]) == (f"{root}/frames/a", 61)
    assert (sample["start_index"], sample["filename_tmpl"]) == (1, "{:06d}.png")
    assert build(root, start_index=0)[0]["start_index"] == 0


def test_samples_do_not_change_each_other(videos):
    dataset = build(videos, multi_class=True)
    first = dataset[0]["label"]
    assert torch.equal(dataset[0]["label"], first)


@pytest.mark.parametrize(
    ("record", "options", "message"),
    [
        (dict(filename="a", label={"scene": [4]}), {}, "a has tag 4 of 4 in 'scene'"),
        (dict(filename="a", frame_dir="b", label={}), {}, "either 'filename' or 'frame_dir'"),
        (dict(frame_dir="b", label={}), {}, "'frame_dir' and 'total_frames', got"),
        (dict(filename="a", label={"object": [1]}), {}, "has tags of action, event, scene"),
        (dict(filename="a", label={}), dict(data_prefix=dict(img="x")), "needs 'video'"),
        (dict(filename="a", label={}), dict(ann_file="hvu.txt"), "must be a .json file"),
    ],
)
def test_bad_lists_are_named(write, record, options, message):
    root = write([record])
    with pytest.raises(ValueError, match=message):
        HVUDataset(**{**dict(ann_file="hvu.json", data_root=root, pipeline=[], **SMALL), **options})


def test_an_unknown_option_is_refused(videos):
    with pytest.raises(TypeError, match="filename_template"):
        build(videos, filename_template="x")
