import pytest

from tsn_plugin.preparation.annotations.records import Entry

FILES = {
    "Diving48_vocab.json": [["Back", "15som", "05Twis", "FREE"], ["Back", "2som", "25Twis", "FREE"]],
    "Diving48_V2_train.json": [{"vid_name": "_8Vy3dlHg2w_00000", "label": 1, "start_frame": 0, "end_frame": 104}],
    "Diving48_V2_test.json": [{"vid_name": "x_00001", "label": 0, "start_frame": 0, "end_frame": 90}],
    "Diving48_test.json": [{"vid_name": "old", "label": 0, "start_frame": 0, "end_frame": 90}],
}


def test_by_hand(write, read):
    write(FILES)
    (content,) = read("diving48", "train")
    assert content.entries == (Entry("_8Vy3dlHg2w_00000", (1,)),)
    assert content.classes == ("Back 15som 05Twis FREE", "Back 2som 25Twis FREE")
    assert read("diving48", "val")[0].entries == (Entry("x_00001", (0,)),)
    assert read("diving48", "val")[0].file_names["video"] == "diving48_val_list_videos.txt"


def test_a_class_that_comes_twice_is_refused(write, read):
    write({**FILES, "Diving48_vocab.json": [["Back", "PIKE"], ["Back", "PIKE"]]})
    with pytest.raises(ValueError, match="vocab.json holds class 'Back PIKE' twice"):
        read("diving48", "train")


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"vid_name": "a", "label": 2}, r"train.json, item 1: label 2 is none of the 2 classes of .*vocab.json"),
        ({"label": 2}, r"item 1: .* is no dictionary with vid_name, label"),
    ],
)
def test_wrong_items_are_named(write, read, item, message):
    write({**FILES, "Diving48_V2_train.json": [item]})
    with pytest.raises(ValueError, match=message):
        read("diving48", "train")
