"""Reading the index, writing its table, fetching weights."""

import hashlib
import io
import runpy
import urllib.request
from email.message import Message
from pathlib import Path

import pytest

from tsn_plugin.apis import model_zoo
from tsn_plugin.apis.model_zoo import ZooRecord, download_weights, find_record, read_index, write_table, zoo_table

tool = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "model_zoo.py"))["main"]
CONTENT = b"weights" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:8]
METAFILE = """
Collections:
- {Name: C, Title: A table, Source: https://page}
Models:
- Name: rgb
  In Collection: C
  Config: configs/rgb.py
  Modality: RGB
  Metadata: {Architecture: Net, Training Data: Set, Pretrained: ImageNet}
  Test: {Segments: 25, Crops: 10}
  Results:
  - {Dataset: Set, Metrics: {Top 1 Accuracy: 70.6, Top 5 Accuracy: 89.26}, Published: true}
  Weights: https://host/rgb-0123abcd.pth
- Name: flow
  In Collection: C
  Modality: Flow
  Metadata: {Architecture: Net, Training Data: Set}
  Results:
  - {Dataset: Set, Metrics: {mAP: 61.5}, Published: true}
- Name: both
  In Collection: C
  Parts: [rgb, flow]
  Fusion Weights: [1, 1.5]
  Modality: RGB + Flow
  Metadata: {Architecture: Net, Training Data: Set}
"""


def record(name, **changes):
    return ZooRecord(
        **{**dict(name=name, collection="C", config=None, dataset="D", modality="RGB", facts={}), **changes}
    )


@pytest.fixture
def index(tmp_path):
    (tmp_path / "meta.yml").write_text(METAFILE)
    (tmp_path / "model-index.yml").write_text("Import: [meta.yml]")
    return tmp_path / "model-index.yml"


@pytest.fixture
def published(tmp_path):
    """A record whose weights are a file of this machine under its published name."""
    file = tmp_path / "host" / f"net-{DIGEST}.pth"
    file.parent.mkdir()
    file.write_bytes(CONTENT)
    return record("net", weights=file.as_uri())


@pytest.mark.parametrize("name", ["..", "", "a\\..\\..\\b.pth", "C:b.pth"])
def test_weights_stay_in_their_folder(tmp_path, name):
    with pytest.raises(ValueError, match="would not lie in the output folder"):
        download_weights("net", tmp_path, records=[record("net", weights=f"https://host.invalid/{name}")])


def test_records_of_an_index(index):
    rgb, flow, both = read_index(index)
    assert (rgb.config, rgb.dataset, rgb.test, rgb.source) == ("configs/rgb.py", "Set", (25, 10), "https://page")
    assert rgb.facts == {"Architecture": "Net", "Pretrained": "ImageNet"}
    assert rgb.metrics == {"Top 1 Accuracy": 70.6, "Top 5 Accuracy": 89.26}
    assert (flow.config, flow.test, flow.weights) == (None, None, None)
    assert (both.parts, both.fusion_weights) == (("rgb", "flow"), (1, 1.5))


def test_a_missing_index_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"model-index\.yml is missing"):
        read_index(tmp_path / "model-index.yml")


def test_two_records_of_one_name_are_refused(index):
    (index.parent / "meta.yml").write_text(METAFILE.replace("Name: flow", "Name: rgb"))
    with pytest.raises(ValueError, match="several records of the name rgb"):
        read_index(index)


def test_a_part_must_be_a_record(index):
    (index.parent / "meta.yml").write_text(METAFILE.replace("[rgb, flow]", "[rgb, depth]"))
    with pytest.raises(ValueError, match="parts of both are no records of .*: depth"):
        read_index(index)


def test_the_table_by_hand(index):
    assert zoo_table(read_index(index)).splitlines() == [
        "## A table",
        "",
        "Published numbers: <https://page>",
        "",
        "### Set",
        "",
        "| config | modality | backbone | pre-training | resolution | test | published | weights | note |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        "| [rgb](/configs/rgb.py) | RGB | Net | ImageNet |  | 25 x 10 | 70.60 / 89.26 | "
        "[weights](https://host/rgb-0123abcd.pth) |  |",
        "| flow | Flow | Net |  |  |  | 61.50 mAP |  |  |",
        "| both | RGB + Flow | Net |  |  |  |  |  | scores of rgb and flow, 1 : 1.5. |",
    ]


def test_the_table_replaces_the_old_one(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{model_zoo.TABLE_BEGIN}\nold\n{model_zoo.TABLE_END}\nafter\n")
    for _ in range(2):
        write_table(readme, "new\n")
        assert readme.read_text() == f"before\n{model_zoo.TABLE_BEGIN}\n\nnew\n\n{model_zoo.TABLE_END}\nafter\n"


def test_a_file_without_markers_is_refused(tmp_path):
    (tmp_path / "README.md").write_text("nothing")
    with pytest.raises(ValueError, match="has no place for the table"):
        write_table(tmp_path / "README.md", "table")


@pytest.mark.parametrize("name", ["rgb", "rgb.py", "configs/recognition/rgb.py"])
def test_a_record_is_found_by_name_or_config(name, index):
    assert find_record(name, read_index(index)).name == "rgb"


def test_a_misspelt_name_gets_suggestions():
    with pytest.raises(KeyError, match=r"no record is called 'tsn_r05'; did you mean tsn_r50\?"):
        find_record("tsn_r05", [record("tsn_r50")])
    with pytest.raises(KeyError, match=r"model_zoo\.py list"):
        find_record("xyz", [record("tsn_r50")])


def test_weights_are_fetched_once(published, tmp_path):
    path = download_weights("net", tmp_path / "new" / "folder", records=[published])
    assert path == tmp_path / "new" / "folder" / f"net-{DIGEST}.pth"
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    (tmp_path / "host" / path.name).unlink()  # a second download would fail
    assert download_weights("net", path.parent, records=[published]) == path


def test_other_content_than_the_name_says_is_removed(published, tmp_path):
    (tmp_path / "host" / f"net-{DIGEST}.pth").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=rf"was damaged \(SHA-256 .*its name says {DIGEST}\).*download it again"):
        download_weights("net", tmp_path, records=[published])
    assert not list(tmp_path.glob("*.p*"))


def test_a_damaged_file_of_an_earlier_day_is_found(published, tmp_path):
    (tmp_path / f"net-{DIGEST}.pth").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="was damaged"):
        download_weights("net", tmp_path, records=[published])


class Server:
    """Stands in for ``urlopen``: sends ``CONTENT`` in pieces, from where it was asked to start if it knows ranges."""

    def __init__(self, *, ranges, breaks_after=None):
        self.ranges, self.breaks_after, self.starts = ranges, breaks_after, []

    def __call__(self, request, timeout):
        start = int((request.get_header("Range") or "bytes=0-")[len("bytes=") : -1])
        self.starts.append(start)
        content = CONTENT[start:] if self.ranges else CONTENT
        response = io.BytesIO(content if self.breaks_after is None else content[: self.breaks_after])
        response.status = 206 if start and self.ranges else 200
        response.headers = Message()
        response.headers["Content-Length"] = str(len(content))
        return response


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_goes_on(ranges, tmp_path, monkeypatch):
    web = record("net", weights=f"https://host/net-{DIGEST}.pth")
    monkeypatch.setattr(urllib.request, "urlopen", Server(ranges=ranges, breaks_after=3000))
    with pytest.raises(ConnectionError, match=r"ended after 3000 of 7000 bytes\); 3000 bytes are in .*call again"):
        download_weights("net", tmp_path, records=[web])
    server = Server(ranges=ranges)
    monkeypatch.setattr(urllib.request, "urlopen", server)
    assert download_weights("net", tmp_path, records=[web]).read_bytes() == CONTENT
    assert server.starts == [3000]


def test_an_address_that_cannot_be_read_is_named(published, tmp_path):
    (tmp_path / "host" / f"net-{DIGEST}.pth").unlink()
    with pytest.raises(ConnectionError, match=r"net-.*cannot be read.*fetch the file elsewhere and put it at"):
        download_weights("net", tmp_path, records=[published])


def test_a_record_without_weights_says_what_to_do():
    whole = record("both", parts=("rgb", "flow"))
    with pytest.raises(ValueError, match="has no weights of its own; it consists of rgb, flow: download these"):
        download_weights("both", ".", records=[whole])
    with pytest.raises(ValueError, match="none are published"):
        download_weights("plain", ".", records=[record("plain")])


def test_the_tool_lists_and_prints(capsys):
    tool(["list", "ucf101", "75e"])
    assert capsys.readouterr().out == "* tsn_r50_1x1x3_75e_ucf101_rgb\n"
    tool(["table"])
    assert "## The TSN zoo of MMAction2 0.x" in capsys.readouterr().out


def test_the_tool_downloads(published, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(model_zoo, "read_index", lambda: [published])
    tool(["download", "net", "--folder", str(tmp_path / "checkpoints")])
    assert capsys.readouterr().out.strip() == str(tmp_path / "checkpoints" / f"net-{DIGEST}.pth")
    with pytest.raises(SystemExit, match="no record is called 'nett'; did you mean net"):
        tool(["download", "nett"])
