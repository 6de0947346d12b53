import pytest

from tsn_plugin.preparation.annotations.records import Entry

FILES = {
    "HVU_Tags_Categories_V1.0.csv": (
        "\ufeffTag,Category\r\nrunning,action\r\nbeach,scene\r\nLondon,scene\r\narchery,action\r\n"
    ),
    "HVU_Train_V1.0.csv": (
        "Tags,youtube_id,time_start,time_end\r\n"
        "running|beach|archery,-a_b,1.5,11.5\r\nLondon,c,0.0,10.0\r\nLondon,c,20,30\r\n"
    ),
    "HVU_Val_V1.0.csv": "Tags,youtube_id,time_start,time_end\narchery,d,3,13\n",
}


def test_tags_are_numbered_by_category_in_sorted_order(write, read):
    """Sorted: archery 0, running 1; London 0, beach 1 (capitals first). Times are in tenths of seconds."""
    write(FILES)
    (content,) = read("hvu", "train")
    assert content.entries == (
        Entry("-a_b_000015_000115", other_names=("-a_b",), tags={"action": (1, 0), "scene": (1,)}),
        Entry("c_000000_000100", tags={"scene": (0,)}),
        Entry("c_000200_000300", tags={"scene": (0,)}),
    )
    assert content.file_names["video"] == "hvu_train.json"
    assert read("hvu", "val")[0].entries == (Entry("d_000030_000130", other_names=("d",), tags={"action": (0,)}),)


def test_lists_of_one_category_hold_its_videos_only(write, read):
    write(FILES)
    action, scene = read("hvu", "train", forms=("action", "scene"))
    assert action.entries == (Entry("-a_b_000015_000115", other_names=("-a_b",), tags={"action": (1, 0)}),)
    assert [entry.tags for entry in scene.entries] == [{"scene": (1,)}, {"scene": (0,)}, {"scene": (0,)}]
    assert scene.file_names["rgb"] == "hvu_scene_train_rawframes.json"


def test_a_tag_that_comes_twice_counts_twice(write, read):
    """Sorted: archery 0 and 1, running 2: MMAction2 takes the first place in the sorted list."""
    tags = "Tag,Category\nrunning,action\narchery,action\narchery,action\n"
    rows = "Tags,youtube_id,time_start,time_end\nrunning|archery,x,0,10\n"
    write({"hvu_categories.csv": tags, "hvu_train.csv": rows})
    assert read("hvu", "train")[0].entries[0].tags == {"action": (2, 0)}


def test_an_unknown_category_is_refused(write, read):
    write({**FILES, "HVU_Tags_Categories_V1.0.csv": "Tag,Category\nbeach,Scene\n"})
    with pytest.raises(ValueError, match=r"V1.0.csv, line 2: category 'Scene' is unknown; known: action, attribute"):
        read("hvu", "train")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("sky,x,0,10\n", r"Train_V1.0.csv, line 2: tag 'sky' is not in .*Categories"),
        ("beach,x,a,10\n", r"line 2: time_start 'a' is no float"),
        ("beach,x,1\n", r"line 2: 'beach,x,1' has no time_end"),
    ],
)
def test_wrong_rows_are_named(write, read, row, message):
    write({**FILES, "HVU_Train_V1.0.csv": "Tags,youtube_id,time_start,time_end\n" + row})
    with pytest.raises(ValueError, match=message):
        read("hvu", "train")


def test_classes_cannot_be_chosen(write, read):
    write(FILES)
    with pytest.raises(ValueError, match="the classes of hvu cannot be chosen"):
        read("hvu", "train", label_of={"beach": 0})
