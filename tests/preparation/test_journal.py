import pytest

from tsn_plugin.preparation.journal import Journal

SETTINGS = {"decode": "full"}


def filled(path):
    journal = Journal(path, SETTINGS)
    journal.add("Škoda #1", "hash")
    journal.add("two\twords", None)
    journal.close()
    return path


def test_findings_are_there_again_in_the_next_run(tmp_path):
    path = filled(tmp_path / "new" / "journal")
    again = Journal(path, SETTINGS)
    assert again.found == {"Škoda #1": "hash", "two\twords": None}
    again.add("third", 3)
    again.close()
    assert Journal(path, SETTINGS).found["third"] == 3


def test_a_line_that_was_torn_by_a_kill_is_left_out(tmp_path):
    path = filled(tmp_path / "journal")
    path.write_bytes(path.read_bytes()[:-4])
    again = Journal(path, SETTINGS)
    assert list(again.found) == ["Škoda #1"]
    again.add("third", 3)
    again.close()
    assert list(Journal(path, SETTINGS).found) == ["Škoda #1", "third"]


@pytest.mark.parametrize("settings", [{"decode": "ends"}, {}])
def test_other_settings_begin_anew(tmp_path, settings):
    assert Journal(filled(tmp_path / "journal"), settings).found == {}


@pytest.mark.parametrize("content", [b"\xff\xfe", b'{"decode": "full"}\nnothing of ours\n', b'{"decode": "full"}\n3\n'])
def test_another_file_is_begun_anew(tmp_path, content):
    (tmp_path / "journal").write_bytes(content)
    assert Journal(tmp_path / "journal", SETTINGS).found == {}


def test_a_complete_job_leaves_no_journal(tmp_path):
    Journal(filled(tmp_path / "journal"), SETTINGS).remove()
    assert not (tmp_path / "journal").exists()


def test_without_room_nothing_comes_behind_a_torn_line(tmp_path):
    journal = Journal(tmp_path / "journal", SETTINGS)
    journal.add("first", 1)
    file = journal._file

    class Full:
        def write(self, line):
            return file.write(line[:5])

    journal._file = Full()
    journal.add("second", 2)
    journal._file = file
    journal.add("third", 3)
    journal.close()
    assert Journal(tmp_path / "journal", SETTINGS).found == {"first": 1}
