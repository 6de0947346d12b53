"""A malicious example of each kind: nothing runs, nothing is written elsewhere, nothing takes the machine's memory."""

import ast
import io
import json
import os
import pickle
import re
import resource
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.model import PretrainedInit
from mmengine.runner import CheckpointLoader, load_checkpoint
from torch import nn

import tsn_plugin
from tsn_plugin.apis.resuming import is_whole, latest_checkpoint
from tsn_plugin.evaluation.journal import read_journal
from tsn_plugin.evaluation.proposal_score_files import ScoreParts, load_proposal_scores, load_tick_scores
from tsn_plugin.evaluation.score_files import load_scores
from tsn_plugin.models.initializers import CrossModalityPretrained
from tsn_plugin.models.weights import convert_file
from tsn_plugin.models.weights.caffe import read_caffemodel
from tsn_plugin.proposals.databases import read_database
from tsn_plugin.proposals.proposal_files import read_proposals
from tsn_plugin.readers import VideoReadError, open_frames, open_video
from tsn_plugin.structures.torch_files import load_torch_file

SUSPECT = re.compile(r"load\(|loads\(|Unpickler|weights_only|allow_pickle|\beval\(|exec\(|system\(")
ROOT = Path(tsn_plugin.__file__).parent


class Command:
    """Runs a command when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.system, (f"touch {self.trace}",)


class Getattr:
    """Reaches for a method that writes files, through the one ``getattr`` that MMEngine's own files need."""

    def __init__(self, trace):
        pass

    def __reduce__(self):
        return getattr, (HistoryBuffer, "__init__")


def refused_checkpoint(folder, payload):
    content = {"state_dict": {"weight": torch.zeros(1, 1), "bias": payload(folder / "executed")}, "meta": {}}
    torch.save(content, folder / "bad.pth")
    return str(folder / "bad.pth")


def read_as_part(path):
    part = Path(path).parent / "scores.npz.parts" / "0.pt"
    part.parent.mkdir()
    Path(path).rename(part)
    read_journal(part.parent)


#: what loads weights by itself; training and testing are below
LOADERS = {
    "MMEngine's loader": CheckpointLoader.load_checkpoint,
    "the apis": lambda path: load_checkpoint(nn.Linear(1, 1), path, map_location="cpu", strict=True),
    "init_cfg Pretrained": lambda path: PretrainedInit(path)(nn.Linear(1, 1)),
    "init_cfg CrossModalityPretrained": lambda path: CrossModalityPretrained(path)(nn.Linear(1, 1)),
    "tools/convert_weights.py": lambda path: convert_file(path, f"{path}.new"),
    "the parts of an interrupted test": read_as_part,
}


@pytest.mark.parametrize("payload", [Command, Getattr])
@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_weights_run_nothing(tmp_path, monkeypatch, load, payload):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")  # turns torch's own default off, and not ours
    path = refused_checkpoint(tmp_path, payload)
    with pytest.raises((pickle.UnpicklingError, ValueError), match=r"(bad\.pth|0\.pt)"):
        load(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("options", [("train", "--resume"), ("train", "load_from"), ("test",)], ids=" ".join)
def test_tools_run_nothing_of_a_checkpoint(tmp_path, child, run, options):
    path = refused_checkpoint(tmp_path, Command)

    def tool():
        if options == ("test",):
            run("test", tmp_path / "out", path)
        elif options[1] == "load_from":
            run("train", tmp_path / "out", "--cfg-options", f"load_from={path}")
        else:
            run("train", tmp_path / "out", "--resume", path)

    process = child(tool)
    assert process.end() == 1
    assert "bad.pth cannot be loaded (Trying to load unsupported GLOBAL posix.system" in process.output()
    assert not (tmp_path / "executed").exists()


def test_the_payload_would_run(tmp_path):
    torch.load(refused_checkpoint(tmp_path, Command), weights_only=False)
    assert (tmp_path / "executed").exists()


def test_arrays_of_objects_are_refused(tmp_path):
    bad = np.array([Command(tmp_path / "executed")], dtype=object)
    np.savez(tmp_path / "bad.npz", names=bad, counts=bad, ticks=bad, are_probabilities=bad)
    (tmp_path / "x.npz.parts").mkdir()
    np.savez(tmp_path / "x.npz.parts" / "0.npz", names=bad)
    for load in (load_scores, load_proposal_scores, load_tick_scores):
        with pytest.raises(
            ValueError, match=r"bad\.npz.* holds an array of type object; only numbers and text are read"
        ):
            load(tmp_path / "bad.npz")
    with pytest.raises(ValueError, match=r"0\.npz is no part of an interrupted test"):
        ScoreParts(tmp_path / "x.npz").names()
    assert not (tmp_path / "executed").exists()


def test_no_module_unpickles_without_a_check():
    """``torch.load`` and ``pickle.load`` stand in the modules that guard them, and nowhere else."""
    found = set()
    for path in ROOT.rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if SUSPECT.search(text) else ():
            if not isinstance(node, ast.Call):
                continue
            call = ast.unparse(node.func)
            if call in ("torch.load", "pickle.load", "pickle.loads", "pickle.Unpickler", "np.load", "mmengine.load"):
                found.add((path.relative_to(ROOT).as_posix(), call))
            assert not any(ast.unparse(word) in ("weights_only=False", "allow_pickle=True") for word in node.keywords)
            assert call not in ("eval", "exec", "yaml.load", "os.system"), path
    assert found == {("structures/torch_files.py", "torch.load"), ("evaluation/safe_pickle.py", "torch.load")}


# --- memory and time ---------------------------------------------------------------------------------------------


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def jpeg_header(width, height):
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    return (
        b"\xff\xd8\xff\xe0\x00\x04ab"
        + frame
        + b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00"
        + b"\xff\xd9"
    )


def bmp_header(width, height):
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)


def npy(descr, shape):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, dict(descr=descr, fortran_order=False, shape=shape))
    return buffer.getvalue()


def npz(path, members, compression=zipfile.ZIP_DEFLATED, *, claimed=None):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
            archive.getinfo(f"{name}.npy").file_size = claimed or len(content)  # zipfile reads as much as this


def pickled_lists(depth, width=10):
    """A list that holds a list ten times, which holds a list ten times ...: a few bytes each."""
    return (
        b"\x80\x02]q\x00"
        + b"".join(
            b"](" + b"h" + bytes([n]) + (b"h" + bytes([n])) * (width - 1) + b"eq" + bytes([n + 1]) for n in range(depth)
        )
        + b"."
    )


def pickle_bomb(path):
    path.write_bytes(b"\x80\x02]r\x00\x00\x00\x10.")  # a memo of 2**28 entries, which Python doubles


def dims_bomb(path):
    shape = b"\x0a" + _varint(10**5) + b"\xff\x01" * (5 * 10**4)
    blob = b"\x3a" + _varint(len(shape)) + shape
    layer = b"\x0a\x01a\x3a" + _varint(len(blob)) + blob
    path.write_bytes(b"\xa2\x06" + _varint(len(layer)) + layer)


def _varint(number):
    content = b""
    while number > 0x7F:
        content += bytes([number & 0x7F | 0x80])
        number >>= 7
    return content + bytes([number])


def compressed_checkpoint(path):
    buffer = io.BytesIO()
    torch.save({"state_dict": {"w": torch.zeros(2 * 10**6)}}, buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, old.read(info))


def lying_storage(path):
    """A tensor of 8 GB on a storage of four bytes: torch itself refuses to enlarge it."""

    class Lie:
        def __reduce__(self):
            rebuild, (storage, *_) = torch.zeros(1).__reduce_ex__(2)
            return rebuild, (storage, 0, (2 * 10**9,), (1,), False, {})

    torch.save({"state_dict": {"w": Lie()}}, path)


def write(content):
    return lambda path: path.write_bytes(content)


def read_image(path):
    path.rename(path.parent / "img_00001.jpg")
    open_frames(path.parent).read_numbers([1])


DEEP_JSON = write(b"[" * 10**5)
#: writer, reader, what the error says
BOMBS = {
    "PNG of 60000x60000": (write(png_header(60000, 60000)), read_image, "has 60000x60000 pixels, more than 67108864"),
    "JPEG of 60000x60000": (write(jpeg_header(60000, 60000)), read_image, "has 60000x60000 pixels, more than"),
    "PNG of 2000000x1": (write(png_header(2 * 10**6, 1)), read_image, "is no image that can be decoded"),
    "BMP of 9000x9000": (write(bmp_header(9000, 9000)), read_image, "has 9000x9000 pixels, more"),
    "npz that unpacks": (
        lambda path: npz(path, {"ticks": bytes(2**20)}, claimed=2**30),
        load_tick_scores,
        "would unpack to 1073741824 bytes, more than 268435456",
    ),
    "array larger than its content": (
        lambda path: npz(path, {"names": npy("<U1", (10**10,)), "counts": b"", "ticks": b""}),
        load_tick_scores,
        r"shape \(10000000000,\) and type <U1 in 0 bytes",
    ),
    "names without length": (
        lambda path: npz(path, {"names": npy("<U0", (10**12,))}),
        load_scores,
        r"shape \(1000000000000,\)",
    ),
    "other compression": (
        lambda path: npz(path, {"names": bytes(2**20)}, zipfile.ZIP_BZIP2),
        load_tick_scores,
        "compressed as NumPy does not do it",
    ),
    "memo of a pickle": (pickle_bomb, load_proposal_scores, "puts something at place 268435456 of its memo"),
    "length of a pickle": (write(b"\x80\x04\x8e\xff\xff\xff\xff\xff\0\0\0."), load_tick_scores, "truncated: 10995"),
    "integer of a pickle": (
        write(b"\x80\x02\x8b\0\0\x10\0" + bytes(2**20) + b"."),
        load_tick_scores,
        "integer of 1048",
    ),
    "lists in lists": (write(pickled_lists(30)), load_proposal_scores, "bytes unfold to [0-9]+ entries"),
    "a list in itself": (write(b"\x80\x02]q\x00h\x00a."), load_proposal_scores, "a list in it holds itself"),
    "nested JSON of scores": (DEEP_JSON, lambda path: load_scores(path), "thousand deep"),
    "nested JSON of annotations": (DEEP_JSON, read_database, "thousand deep"),
    "sides of a Caffe array": (dims_bomb, read_caffemodel, "an array has 50000 sides"),
    "layers of Caffe": (write(b"\x12\x00" * 20000), read_caffemodel, "more than 16384 layers"),
    "names of a Caffe layer": (write(b"\x12\xa0\x1f" + b"\x12\x00" * 2000), read_caffemodel, "more than 1024 bottoms"),
    "compressed checkpoint": (compressed_checkpoint, load_torch_file, "is compressed, which torch never does"),
    "storage that lies": (lying_storage, load_torch_file, "resize storage"),
    "frames of a proposal list": (write(b"# 0\nv\n1e200\n1e200\n0\n0\n"), read_proposals, "expected number of units"),
}
SUFFIXES = {"nested JSON of scores": ".json", "names without length": ".npz"}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_within_little_memory(tmp_path, child, name):
    make, read, message = BOMBS[name]
    path = tmp_path / f"bomb{SUFFIXES.get(name, '')}"
    make(path)

    def within_little_memory():
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + 2**28
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        with pytest.raises((ValueError, VideoReadError, pickle.UnpicklingError), match=message):
            read(path)

    process = child(within_little_memory)
    assert process.end() == 0, process.output()


def test_a_compressed_checkpoint_is_not_resumed_from(tmp_path):
    compressed_checkpoint(tmp_path / "epoch_2.pth")
    torch.save({}, tmp_path / "epoch_1.pth")
    assert not is_whole(tmp_path / "epoch_2.pth")
    (tmp_path / "last_checkpoint").write_text("x" * 10**5)  # no path that a system could look up
    with pytest.warns(UserWarning, match=r"epoch_2\.pth is damaged"):
        assert latest_checkpoint(tmp_path) == str(tmp_path / "epoch_1.pth")


# --- other files in the place of the one that was named ----------------------------------------------------------


@pytest.mark.parametrize("script", ["ffconcat version 1.0\nfile other.mp4\n", "#EXTM3U\n#EXTINF:1,\nother.mp4\n"])
def test_a_list_of_other_videos_is_no_video(tmp_path, make_video, script):
    make_video(tmp_path / "other.mp4", num_frames=3)
    for name in ("list.mp4", "list.m3u8"):
        (tmp_path / name).write_text(script)
        with pytest.raises(VideoReadError, match=rf"{name} cannot be read as a video"):
            open_video(tmp_path / name)


@pytest.mark.parametrize("form", ["concat:{}|{}", "http://127.0.0.1:9/{}", "subfile,,start,0,end,0,,:{}", "data:{}"])
def test_a_path_is_no_address(tmp_path, make_video, form):
    video = make_video(tmp_path / "video.mp4", num_frames=3)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        open_video(form.format(video, video))


def test_an_archive_names_no_files_to_write(tmp_path):
    """Names of members are looked up and never written to; what climbs out of the folder is not found."""
    (tmp_path / "secret.jpg").write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.writestr("../../escaped.jpg", b"x")
        archive.writestr("/absolute.jpg", b"x")
        archive.writestr("img_00001.jpg", b"x")
    reader = open_frames(tmp_path / "v.zip")
    assert len(reader) == 1
    with pytest.raises(VideoReadError, match="img_00001.jpg is no image"):
        reader.read([0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secret.jpg", "v.zip"]


@pytest.mark.parametrize(
    "place", [[-5, 10], [0, 10**12], [10**30, 1], ["0", "1"], [0.5, 2], [0], {"a": 1}, None, [0, -1]]
)
def test_an_index_that_lies_is_refused_before_anything_is_read(tmp_path, place):
    index = json.dumps({"img_00001.jpg": place}).encode()
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.writestr("index.json", index)
        archive.comment = f"tsn-index {archive.fp.tell() - len(index)} {len(index)}".encode()
    with pytest.raises(
        VideoReadError, match=r"the index of .*v\.zip places img_00001\.jpg at .* extract the video again"
    ):
        open_frames(tmp_path / "v.zip").read_numbers([1])


@pytest.mark.parametrize("index", [b"[" * 10**5, b"[]", b"3", b"{", b"\xff"])
def test_an_index_that_is_none_is_refused(tmp_path, index):
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.writestr("index.json", index)
        archive.comment = f"tsn-index {archive.fp.tell() - len(index)} {len(index)}".encode()
    with pytest.raises(VideoReadError, match=r"v\.zip cannot be read as an archive of frames"):
        open_frames(tmp_path / "v.zip").read_numbers([1])
