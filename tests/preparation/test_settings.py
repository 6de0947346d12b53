import json
import re

import pytest

from tsn_plugin.preparation.settings import claim_folder, write_atomically


def test_the_same_settings_may_come_again_and_others_are_added(tmp_path):
    folder = tmp_path / "new" / "folder"
    claim_folder(folder, {"size": (340, 256)}, note="note.json")
    claim_folder(folder, {"size": (340, 256), "bound": 20}, note="note.json")
    assert json.loads((folder / "note.json").read_text()) == {"size": [340, 256], "bound": 20}


def test_other_settings_are_refused(tmp_path):
    claim_folder(tmp_path, {"bound": 20, "step": 1}, note="note.json")
    with pytest.raises(ValueError, match=re.escape("was made with bound=20 (now 15): choose another folder")):
        claim_folder(tmp_path, {"bound": 15, "step": 1}, note="note.json")


def test_write_atomically_leaves_one_file(tmp_path):
    write_atomically(tmp_path / "file", b"old")
    write_atomically(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"
