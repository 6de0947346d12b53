"""Small annotation files in the data sets' own formats."""

import json

import pytest

from tsn_plugin.preparation.annotations.datasets import read_lists
from tsn_plugin.preparation.annotations.records import ListRequest


@pytest.fixture
def write(tmp_path):
    """Function that writes files ``{name: text, or content for JSON}`` and returns their folder."""

    def write_files(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = content if isinstance(content, (str, bytes)) else json.dumps(content)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return write_files


@pytest.fixture
def read(tmp_path):
    """Function that reads the lists of one split from the files that ``write`` has written."""

    def read_split(dataset, split, **keywords):
        annotations = keywords.pop("annotations", tmp_path)
        return read_lists(ListRequest(dataset, annotations, split, **keywords))

    return read_split
