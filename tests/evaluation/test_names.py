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
        (("A/x.avi", "B/y.MP4"), ("y", "x"), [("x", "y"), ("y", "x")]),
        (("A/x.avi", "B/x.avi"), ("B/x", "A/x"), [("A/x", "B/x"), ("B/x", "A/x")]),
        (("x_1.5", "y"), ("A/y", "B/x_1.5"), [("x_1.5", "y"), ("y", "x_1.5")]),  # .5 is no extension
    ],
)
def test_names_of_two_streams_are_matched(first, second, keys):
    assert match_names([first, second]) == keys


def test_names_that_are_the_same_without_extension_are_not_matched():
    with pytest.raises(ValueError, match="do not cover the same videos"):
        match_names([("x.avi", "x.mp4"), ("x", "y")])


def test_differences_are_counted_and_shortened():
    with pytest.raises(ValueError, match=r"stream 2 lacks 4 of 5: b, c, d, \.\.\."):
        match_names([("a", "b", "c", "d", "e"), ("a",)])
