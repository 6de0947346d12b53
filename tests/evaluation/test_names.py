import pytest

from tsn_plugin.evaluation.names import match_names, relative_names


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("/d/v/A/x", "/d/v/B/y"), ("A/x", "B/y")),
        (("d/x", "d/y"), ("x", "y")),
        (("d/v1/x", "d/v2/x"), ("v1/x", "v2/x")),
        (("/d/v/x",), ("x",)),
        (("x",), ("x",)),
        (("x", "A/y"), ("x", "A/y")),
        (("/d/x", "e/y"), ("/d/x", "e/y")),
    ],
)
def test_relative_names(names, expected):
    assert relative_names(names) == expected


@pytest.mark.parametrize(
    ("first", "second", "keys"),
    [
        (("A/x", "B/y"), ("B/y", "A/x"), [("A/x", "B/y"), ("B/y", "A/x")]),
        (("A/x", "B/x"), ("d/B/x", "d/A/x"), [("A/x", "B/x"), ("B/x", "A/x")]),  # last parts are not unique
        (("A/x", "B/y"), ("y", "x"), [("x", "y"), ("y", "x")]),
    ],
)
def test_names_of_two_streams_are_matched(first, second, keys):
    assert match_names([first, second]) == keys


def test_differences_are_counted_and_shortened():
    with pytest.raises(ValueError, match=r"stream 2 lacks 4 of 5: b, c, d, \.\.\."):
        match_names([("a", "b", "c", "d", "e"), ("a",)])
