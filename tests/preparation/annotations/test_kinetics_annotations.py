import pytest

from tsn_plugin.preparation.annotations.records import Entry

HEADER = "label,youtube_id,time_start,time_end,split,is_cc\r\n"
TRAIN = HEADER + (
    '"catching, or throwing",-0_#b,10,20,train,0\r\n'
    "abseiling,é&(1,3.0,13.0,train,1\r\n"
    "abseiling,twice,0,10,train,1\r\n"
    "abseiling,twice,50,60,train,1\r\n"
)


@pytest.mark.parametrize(
    ("train", "val"),
    [("train.csv", "validate.csv"), ("kinetics_train.csv", "kinetics_val.csv"), ("a_train.csv", "val.csv")],
)
@pytest.mark.parametrize("dataset", ["kinetics400", "kinetics600", "kinetics700", "kinetics700_2020"])
def test_both_splits_by_hand(write, read, dataset, train, val):
    write({train: "\ufeff" + TRAIN, val: HEADER + '"catching, or throwing",v,1,11,val,\n'})
    (content,) = read(dataset, "train")
    assert content.classes == ("abseiling", "catching,_or_throwing")
    assert content.file_names["video"] == f"{dataset}_train_list_videos.txt"
    assert content.notes == {f"{dataset}_classes.txt": "abseiling\ncatching,_or_throwing\n"}
    assert content.entries[0] == Entry(
        "catching,_or_throwing/-0_#b_000010_000020",
        (1,),
        (
            "catching, or throwing/-0_#b_000010_000020",
            "catching,_or_throwing/-0_#b",
            "catching, or throwing/-0_#b",
            "-0_#b_000010_000020",
            "-0_#b",
        ),
    )
    assert content.entries[1].name == "abseiling/é&(1_000003_000013"
    # a video that is named twice must be stored by its part
    assert content.entries[3] == Entry("abseiling/twice_000050_000060", (0,), ("twice_000050_000060",))
    (val_content,) = read(dataset, "val")
    assert [entry.labels for entry in val_content.entries] == [(1,)]


def test_the_class_order_is_that_of_names_with_underscores(write, read):
    """A blank sorts before a hyphen, an underscore behind it: MMAction2 sorts names with underscores."""
    write({"train.csv": HEADER + "a b,x,0,10,train,\na-c,y,0,10,train,\n"})
    assert read("kinetics400", "train")[0].classes == ("a-c", "a_b")


def test_a_test_file_without_labels_gives_entries_without_labels(write, read):
    write({"train.csv": TRAIN, "test.csv": "youtube_id,time_start,time_end,split\nx,5,15,test\n"})
    (content,) = read("kinetics400", "test")
    assert content.entries == (Entry("x_000005_000015", (), ("x",)),)


def test_a_test_file_with_labels_gives_them(write, read):
    write({"train.csv": TRAIN, "test.csv": HEADER + "abseiling,x,5,15,test,\n"})
    assert read("kinetics400", "test")[0].entries[0].labels == (0,)


def test_without_a_training_file_the_validation_file_names_the_classes(write, read):
    write({"val.csv": HEADER + "b,x,0,10,val,\na,y,0,10,val,\n"})
    assert [entry.labels for entry in read("kinetics400", "val")[0].entries] == [(1,), (0,)]


def test_chosen_classes_may_be_written_with_blanks(write, read):
    write({"train.csv": HEADER + "a b,x,0,10,train,\nc,y,0,10,train,\n"})
    (content,) = read("kinetics400", "train", label_of={"a b": 7})
    assert [(entry.name, entry.labels) for entry in content.entries] == [("a_b/x_000000_000010", (7,))]


def test_a_chosen_class_that_the_data_set_lacks_is_refused(write, read):
    """Such as the header of a table, which would shift all numbers."""
    write({"train.csv": TRAIN})
    with pytest.raises(ValueError, match="1 of the 2 chosen classes are none of kinetics400, first 'action': correct"):
        read("kinetics400", "train", label_of={"action": 0, "abseiling": 1})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("unknown,x,0,10,val,\n", r"val.csv, line 2: class 'unknown' is not in .*train.csv"),
        ("abseiling,x,zero,10,val,\n", r"val.csv, line 2: time_start 'zero' is no float"),
        ("abseiling,x,nan,10,val,\n", r"val.csv, line 2: time_start 'nan' is not finite"),
        ("abseiling,x,0,inf,val,\n", r"val.csv, line 2: time_end 'inf' is not finite"),
        ("abseiling,,0,10,val,\n", r"val.csv, line 2: .* has no youtube_id"),
        (",x,0,10,val,\n", r"val.csv, line 2: .* has no label"),
    ],
)
def test_wrong_rows_are_named(write, read, row, message):
    write({"train.csv": TRAIN, "val.csv": HEADER + row})
    with pytest.raises(ValueError, match=message):
        read("kinetics400", "val")
