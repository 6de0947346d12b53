import pytest

from tsn_plugin.preparation.annotations.records import Entry

LABELS = "Holding something\r\nTrying to pour [something] into [something], but missing\r\n"
V1 = {
    "something-something-v1-labels.csv": "\ufeff" + LABELS,
    "something-something-v1-train.csv": (
        "100218;Trying to pour something into something, but missing\r\n7;Holding something\r\n"
    ),
    "something-something-v1-validation.csv": "9;Holding [something]\r\n",
    "something-something-v1-test.csv": "11\r\n12\r\n",
}
V2 = {
    "something-something-v2-labels.json": {"Holding something": "1", "Pushing something so it slightly moves": "0"},
    "something-something-v2-train.json": [
        {"id": "78687", "label": "holding a potato", "template": "Holding [something]", "placeholders": ["a potato"]},
        {"id": "3", "label": "x", "template": "Pushing [something] so it slightly moves", "placeholders": ["x"]},
    ],
    "something-something-v2-validation.json": [{"id": "5", "template": "Holding [something]"}],
    "something-something-v2-test.json": [{"id": "1420"}],
}
JESTER = {
    "jester-v1-labels.csv": "Swiping Left\nNo gesture\n",
    "jester-v1-train.csv": "34870;No gesture\n",
    "jester-v1-validation.csv": "1;Swiping Left\n",
    "jester-v1-test.csv": "2\n",
}


@pytest.mark.parametrize(
    ("dataset", "files", "train", "val", "test"),
    [
        ("sthv1", V1, [Entry("100218", (1,)), Entry("7", (0,))], [Entry("9", (0,))], [Entry("11"), Entry("12")]),
        ("sthv2", V2, [Entry("78687", (1,)), Entry("3", (0,))], [Entry("5", (1,))], [Entry("1420")]),
        ("jester", JESTER, [Entry("34870", (1,))], [Entry("1", (0,))], [Entry("2")]),
    ],
)
def test_splits_by_hand(write, read, dataset, files, train, val, test):
    write(files)
    for split, expected in (("train", train), ("val", val), ("test", test)):
        (content,) = read(dataset, split)
        assert list(content.entries) == expected
        assert content.file_names["rgb"] == f"{dataset}_{split}_list_rawframes.txt"


def test_the_classes_are_in_the_order_of_their_numbers(write, read):
    write({**V1, **V2})
    assert read("sthv2", "val")[0].classes == ("Pushing something so it slightly moves", "Holding something")
    assert read("sthv1", "val")[0].classes[1] == "Trying to pour something into something, but missing"


def test_the_short_names_of_the_later_archive(write, read):
    write({name.removeprefix("something-something-v2-"): content for name, content in V2.items()})
    assert read("sthv2", "train")[0].entries[0] == Entry("78687", (1,))


@pytest.mark.parametrize(
    ("dataset", "files", "name", "content", "message"),
    [
        (
            "sthv1",
            V1,
            "something-something-v1-train.csv",
            "1;x\n",
            r"train.csv, line 1: class 'x' is not in .*labels.csv",
        ),
        (
            "sthv1",
            V1,
            "something-something-v1-train.csv",
            "1;Holding something\n2\n",
            r"line 2: '2' is not '<id>;<class>'",
        ),
        ("sthv1", V1, "something-something-v1-labels.csv", "a\na\n", "labels.csv holds class 'a' twice"),
        (
            "sthv2",
            V2,
            "something-something-v2-train.json",
            [{"id": "1"}],
            r"item 1: .* is no dictionary with id, template",
        ),
        ("sthv2", V2, "something-something-v2-labels.json", {"a": "1"}, r"its 1 labels are not 0 to 0"),
        ("sthv2", V2, "something-something-v2-labels.json", {"a": "x"}, r"item 1: label 'x' is no int"),
    ],
)
def test_wrong_files_are_named(write, read, dataset, files, name, content, message):
    write({**files, name: content})
    with pytest.raises(ValueError, match=message):
        read(dataset, "train")
