import pytest

from tsn_plugin.structures import text_files
from tsn_plugin.structures.text_files import read_json, read_text


def test_a_byte_order_mark_does_no_harm(tmp_path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf[1]")
    assert (read_text(tmp_path / "a"), read_json(tmp_path / "a")) == ("[1]", [1])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[1,\n2", r"file, line 2: this is no JSON"),
        (b"\xe9", r"file is not UTF-8 text .* save it as UTF-8"),
        (b"[" * 10**5, r"file is no JSON of this kind: it nests"),
        (b'{"a":' * 10**5, r"file is no JSON of this kind: it nests"),
    ],
)
def test_other_content_is_named(tmp_path, content, message):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_json(tmp_path / "file")


def test_a_text_of_gigabytes_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "MAX_TEXT_BYTES", 2**20)
    with (tmp_path / "list.txt").open("wb") as file:
        file.truncate(2**20 + 1)
    with pytest.raises(ValueError, match=r"list\.txt has 1048577 bytes, more than 1048576"):
        read_text(tmp_path / "list.txt")
