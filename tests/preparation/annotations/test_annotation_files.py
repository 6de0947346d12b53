import re

import pytest

from tsn_plugin.preparation.annotations.files import (
    Place,
    converted,
    find_file,
    label_of,
    numbered,
    read_csv,
    read_items,
    read_json,
    read_lines,
    read_table,
    read_text,
)

BOM = "\ufeff"


def test_byte_order_mark_and_crlf_do_no_harm(write):
    folder = write({"a.csv": f"{BOM}x,y\r\n1,2\r\n", "a.json": f'{BOM}[{{"x": 1}}]\r\n', "a.txt": f"{BOM}b \r\n\r\nc"})
    assert [row for _, row in read_table(folder / "a.csv", columns=["x"])] == [{"x": "1", "y": "2"}]
    assert [item for _, item in read_items(folder / "a.json", keys={"x": int})] == [{"x": 1}]
    assert [(place.number, line) for place, line in read_lines(folder / "a.txt")] == [(1, "b"), (3, "c")]


def test_quoted_fields_may_hold_commas_and_line_ends(write):
    folder = write({"a.csv": 'x,y\n"a, ""b""",1\n"c\nd",2\n\n,\ne,3\n'})
    rows = list(read_csv(folder / "a.csv", num_fields=2))
    assert [row for _, row in rows] == [["x", "y"], ['a, "b"', "1"], ["c\nd", "2"], ["e", "3"]]
    assert rows[-1][0].number == 7


def test_hidden_files_do_not_count(write):
    folder = write({"train.csv": "", "._train.csv": ""})
    assert find_file(folder, "*train.csv").name == "train.csv"


def test_find_file_prefers_earlier_patterns_and_the_file_that_was_given(write):
    folder = write({"A_Train.csv": "", "b.txt": "", "two/x_train.csv": "", "two/y_train.csv": ""})
    assert find_file(folder, "*val.csv", "*train.csv").name == "A_Train.csv"
    assert find_file(folder / "b.txt", "*train.csv").name == "A_Train.csv"
    assert find_file(folder / "two" / "y_train.csv", "*train.csv").name == "y_train.csv"
    with pytest.raises(ValueError, match=re.escape("*train.csv in") + ".*could be x_train.csv or y_train.csv"):
        find_file(folder / "two", "*train.csv")
    with pytest.raises(FileNotFoundError, match=re.escape("has no file called *val.csv or *test.csv")):
        find_file(folder, "*val.csv", "*test.csv")


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (lambda path: list(read_csv(path, num_fields=2)), "a,b\nc\n", r"line 2: 'c' has 1 of at least 2 fields"),
        (lambda path: list(read_table(path, columns=["id", "end"])), "id,start\n", r"line 1: .* lacks end"),
        (lambda path: list(read_table(path, columns=["id"])), "id,a\n1,2\n,3\n", r"line 3: ',3' has no id"),
        (lambda path: list(read_table(path, columns=["id"])), "", r"line 1: the header '' lacks id"),
        (lambda path: read_json(path, kind=list), "[1,\n2", r"file, line 2: this is no JSON"),
        (lambda path: read_json(path, kind=list), "{}", r"must hold a JSON list, got a dict"),
        (lambda path: list(read_items(path, keys={"id": int})), '[{"id": 1}, {}]', r"item 2: \{\} is no dictionary"),
        (lambda path: list(read_items(path, keys={"id": int})), '[{"id": "x"}]', r"item 1: id 'x' is no int"),
        (lambda path: list(read_csv(path)), 'a,b\n"c,d\ne,f\n', r"line 3: this is no CSV .*: mend its quotes"),
        (lambda path: list(read_csv(path)), 'a\n"b"c,d\n', r"line 2: this is no CSV"),
        (lambda path: list(read_items(path, keys={"s": float})), '[{"s": NaN}]', r"item 1: s nan is not finite"),
        (lambda path: list(read_items(path, keys={"n": int})), '[{"n": Infinity}]', r"item 1: n inf is no int"),
        (read_text, b"\xe9", r"file is not UTF-8 text .*: take the authors' file"),
    ],
)
def test_wrong_files_are_named_with_the_line(write, reader, text, message):
    with pytest.raises(ValueError, match=message):
        reader(write({"file": text}) / "file")


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"a.txt does not exist; give the folder of the official files"):
        read_text(tmp_path / "a.txt")


def test_values_and_classes(tmp_path):
    place = Place(tmp_path / "a", 3)
    assert converted("7", int, place=place, what="label") == 7
    assert label_of("b", numbered(["a", "b"], source=tmp_path), place=place, source=tmp_path) == 1
    with pytest.raises(ValueError, match=r"a, line 3: class 'c' is not in"):
        label_of("c", {"a": 0}, place=place, source=tmp_path)
    with pytest.raises(ValueError, match="holds class 'a' twice"):
        numbered(["a", "b", "a"], source=tmp_path)
    with pytest.raises(ValueError, match="holds no class"):
        numbered([], source=tmp_path)
