import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsn_plugin.structures.list_lines import ListLine, parse_line, read_lines

#: HMDB51 has "#", "&", "(" and "!", ids of YouTube begin with "-", users have blanks and accents
NAMES = [
    "v",
    "-a_b",
    "#1&(2)!",
    "a b",
    "catching, or throwing/x",
    "Škoda é 日本",
    "a\u00a0b",
    "take 2",
    "12",
    "a;b'c\"d",
]


@pytest.mark.parametrize(
    ("text", "num_numbers", "path", "numbers"),
    [
        ("a/v.avi 3", None, "a/v.avi", (3,)),
        ("a/v.avi", None, "a/v.avi", ()),
        ("a/v 120 5", None, "a/v", (120, 5)),
        ("a/v 0 120 5 7", None, "a/v", (0, 120, 5, 7)),
        ("a/v.avi -1", None, "a/v.avi", (-1,)),
        ("  a/v.avi   3  \r\n", None, "a/v.avi", (3,)),
        ("Archery/#1 &(2) é.avi 3", None, "Archery/#1 &(2) é.avi", (3,)),
        ("12 3 0", None, "12", (3, 0)),  # the first word is the path, even if it is a number
        ("take 2 120 5", 2, "take 2", (120, 5)),
        ("take 2\t120\t5", None, "take 2", (120, 5)),
        ("take 2\t120\t5\r\n", 2, "take 2", (120, 5)),
        ("take 2\t", None, "take 2", ()),
        ("a b \t 3", None, "a b", (3,)),
        ("-", None, "-", ()),
    ],
)
def test_parse_line_by_hand(text, num_numbers, path, numbers):
    assert parse_line(text, num_numbers=num_numbers) == ListLine(path, numbers)


@pytest.mark.parametrize(
    ("text", "num_numbers", "wanted"),
    [
        ("", None, "numbers"),
        ("   ", None, "numbers"),
        ("\t3", None, "numbers"),
        ("a\tb", None, "numbers"),
        ("a\t1.5", None, "numbers"),
        ("a\t3\t\t", None, "numbers"),
        ("a 3", 2, "2 numbers"),
        ("a\t1\t2\t3", 2, "2 numbers"),
        ("a b 3", 2, "2 numbers"),
        ("a --3", 1, "1 numbers"),
    ],
)
def test_lines_of_another_form_are_refused(text, num_numbers, wanted):
    with pytest.raises(ValueError, match=f"is not a path and {wanted}, separated by blanks, or by tabs"):
        parse_line(text, num_numbers=num_numbers)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (ListLine("a/v", (120, 5)), "a/v 120 5"),
        (ListLine("#1&(2)", ()), "#1&(2)"),
        (ListLine("a b", (120, 5)), "a b\t120\t5"),
        (ListLine("a\u00a0b", (1,)), "a\u00a0b\t1"),  # a no-break space is a blank for str.split
        (ListLine("take 2", ()), "take 2\t"),
    ],
)
def test_lines_are_written_with_tabs_only_behind_blanks(line, text):
    assert str(line) == text


@pytest.mark.parametrize("path", ["", " a", "a ", "a\tb", "a\nb", "a\rb", "a\n"])
def test_a_path_that_no_list_can_hold_is_not_written(path):
    with pytest.raises(ValueError, match="begins or ends in a blank, or holds a tab or a line end: rename it"):
        str(ListLine(path, (1,)))


_PATHS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\t\r\n"), min_size=1)


@given(_PATHS.filter(lambda path: path == path.strip()), st.lists(st.integers(-(10**8), 10**8)))
def test_what_is_written_is_read(path, numbers):
    line = ListLine(path, tuple(numbers))
    assert parse_line(str(line)) == line
    assert parse_line(str(line), num_numbers=len(numbers)) == line


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\r\n \r\n"])
def test_names_of_all_kinds_survive_byte_order_mark_line_ends_and_empty_lines(tmp_path, encoding, end):
    lines = [ListLine(name, (7, number)) for number, name in enumerate(NAMES)]
    (tmp_path / "list.txt").write_bytes(end.join(map(str, lines)).encode(encoding))
    step = end.count("\n")
    expected = [ListLine(line.path, line.numbers, 1 + step * place) for place, line in enumerate(lines)]
    assert list(read_lines(tmp_path / "list.txt", num_numbers=2)) == expected


def test_a_line_separator_within_a_name_ends_no_line(tmp_path):
    """``str.splitlines`` would end a line at these."""
    (tmp_path / "list.txt").write_text("a\u2028b\t1\nc\x0bd\t2\n", "utf-8")
    assert [line.path for line in read_lines(tmp_path / "list.txt")] == ["a\u2028b", "c\x0bd"]


def test_errors_name_the_file_and_the_line(tmp_path):
    (tmp_path / "list.txt").write_text("a 1\n\nb\tx\n")
    with pytest.raises(ValueError, match=r"list.txt, line 3: 'b\\tx' is not a path and numbers"):
        list(read_lines(tmp_path / "list.txt"))
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 1\n")
    with pytest.raises(ValueError, match=r"latin.txt is not UTF-8 text .* save it as UTF-8"):
        list(read_lines(tmp_path / "latin.txt"))
    with pytest.raises(FileNotFoundError, match=r"list .*none.txt does not exist; tools/build_file_list.py writes"):
        list(read_lines(tmp_path / "none.txt"))


def test_an_empty_list_has_no_lines(tmp_path):
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbf\r\n")
    assert list(read_lines(tmp_path / "list.txt")) == []
