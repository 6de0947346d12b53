import pytest

from tsn_plugin.structures.output_names import path_below, shortened


@pytest.mark.parametrize("name", ["v", "Archery/v 1", "a..b/c", "..hidden", "Škoda/é", "12:30"])
def test_names_below_a_folder(name):
    assert str(path_below(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "..",
        "",
        ".",
        "..\\x",
        "a\\..\\..\\x",
        "\\x",
        "\\\\host\\x",
        "C:\\x",
        "c:x",
        "C:/x",
    ],
)
def test_names_that_lead_elsewhere_on_some_system(name):
    with pytest.raises(ValueError, match="would not lie in the output folder"):
        path_below(name)


@pytest.mark.parametrize("name", ["a\0b", "a\nb", "a\tb", "\x7f"])
def test_control_characters_are_refused(name):
    with pytest.raises(ValueError, match="holds a control character"):
        path_below(name)


def test_a_part_must_fit_into_a_file_name():
    assert path_below("é" * 110)
    with pytest.raises(ValueError, match="more than 220 bytes"):
        path_below("é" * 111)


def test_the_end_of_a_long_name_is_kept():
    assert shortened("é" * 100, max_bytes=9) == "éééé"
    assert shortened("short", max_bytes=9) == "short"
