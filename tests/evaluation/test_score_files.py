import codecs
import io
import json
import os
import pickle
import runpy
import struct
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import mmaction
import numpy as np
import pytest
import torch

from tsn_plugin.evaluation.aggregation import crop_major
from tsn_plugin.evaluation.functional import softmax
from tsn_plugin.evaluation.score_files import check_score_path, load_scores, save_scores
from tsn_plugin.structures.scores import ClassScores

RNG = np.random.default_rng(0)
SCORES = ClassScores(
    ("Dive/a", "Dive/ü b", "Swim/c"),
    RNG.normal(size=(3, 4)).astype(np.float32),
    np.array([0, 3, 1]),
    RNG.normal(size=(3, 5, 4)),
)


@pytest.fixture
def name_list(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("videos/a.mp4 0\nvideos/b.mp4 3\nvideos/c.mp4 1\n")
    return path


def test_npz_keeps_everything_and_needs_no_pickle(tmp_path):
    save_scores(tmp_path / "s.npz", SCORES)
    loaded = load_scores(tmp_path / "s.npz")
    assert loaded.names == SCORES.names
    for part in ("scores", "labels", "view_scores"):
        np.testing.assert_array_equal(getattr(loaded, part), getattr(SCORES, part))
    assert not loaded.are_probabilities
    assert os.listdir(tmp_path) == ["s.npz"]  # no temporary file is left


def test_pkl_is_what_mmaction2s_report_reads_and_keeps_raw_scores(tmp_path):
    save_scores(tmp_path / "s.pkl", SCORES)
    with open(tmp_path / "s.pkl", "rb") as file:
        records = pickle.load(file)
    assert [int(record["gt_label"]) for record in records] == [0, 3, 1]
    np.testing.assert_allclose(np.stack([r["pred_score"] for r in records]), softmax(SCORES.scores), rtol=1e-5)
    loaded = load_scores(tmp_path / "s.pkl")
    assert (loaded.names, loaded.are_probabilities) == (SCORES.names, False)
    np.testing.assert_allclose(loaded.scores, SCORES.scores, rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "flags", "first_line"),
    [
        # predicted are 1, 0, 1: of class 1 one of one is right, of class 0 one of two
        ([1, 0, 0], [], "Mean Class Accuracy: 0.7500"),
        # precision of the only labelled class: ranked first, third, first
        ([[0, 1, 0], [0, 0, 1], [0, 1, 0]], ["--multi-label"], "MMit Average Precision: 0.7778"),
    ],
)
def test_pkl_is_read_by_mmaction2s_own_report(tmp_path, monkeypatch, capsys, labels, flags, first_line):
    scores = np.array([[0.0, 5, 1], [3, 2, 1], [0, 9, 8]])
    save_scores(tmp_path / "s.pkl", ClassScores(("a", "b", "c"), scores, np.array(labels)))
    report = Path(mmaction.__file__).parent / ".mim/tools/analysis_tools/report_accuracy.py"
    arguments = ["--preds", *[str(tmp_path / "s.pkl")] * 2, "--coefficients", "1", "1.5", *flags]
    monkeypatch.setattr(sys, "argv", ["report_accuracy.py", *arguments])
    runpy.run_path(str(report), run_name="__main__")
    assert capsys.readouterr().out.splitlines()[0] == first_line


def test_pkl_of_probabilities_stays_probabilities(tmp_path):
    probabilities = ClassScores(("a", "b"), np.array([[0.25, 0.75], [1, 0]]), are_probabilities=True)
    for name in ("p.npz", "p.pkl"):
        save_scores(tmp_path / name, probabilities)
        loaded = load_scores(tmp_path / name)
        assert loaded.are_probabilities
        np.testing.assert_array_equal(loaded.scores, probabilities.scores)


def test_raw_scores_that_look_like_probabilities_are_known_by_their_key(tmp_path):
    raw = ClassScores(("a",), np.array([[0.25, 0.75]]))
    for name in ("r.npz", "r.pkl"):
        save_scores(tmp_path / name, raw)
        assert not load_scores(tmp_path / name).are_probabilities


def test_several_labels_per_video_survive(tmp_path):
    many = ClassScores(("a", "b"), np.zeros((2, 3)), np.array([[1, 0, 1], [0, 1, 0]]))
    for name in ("m.npz", "m.pkl"):
        save_scores(tmp_path / name, many)
        np.testing.assert_array_equal(load_scores(tmp_path / name).labels, many.labels)


def test_json_is_the_0x_layout_and_takes_its_names_from_the_list(tmp_path, name_list):
    save_scores(tmp_path / "s.json", SCORES)
    np.testing.assert_allclose(json.loads((tmp_path / "s.json").read_text()), SCORES.scores)
    assert load_scores(tmp_path / "s.json", names_from=name_list).names == ("videos/a", "videos/b", "videos/c")
    with pytest.raises(ValueError, match=r"s.json: it holds no video names; .*--names-from"):
        load_scores(tmp_path / "s.json")


def test_a_file_without_labels_takes_those_of_the_list(tmp_path, name_list):
    save_scores(tmp_path / "s.json", SCORES)
    assert load_scores(tmp_path / "s.json", names_from=name_list).labels.tolist() == [0, 3, 1]
    name_list.write_text("a.mp4\nb.mp4\nc.mp4\n")
    assert load_scores(tmp_path / "s.json", names_from=name_list).labels is None


def test_labels_from_a_list_are_matched_by_name(tmp_path, name_list):
    save_scores(tmp_path / "s.npz", ClassScores(("c", "a", "b"), np.zeros((3, 4)), np.array([0, 0, 0])))
    assert load_scores(tmp_path / "s.npz", labels_from=name_list).labels.tolist() == [1, 0, 3]


def test_a_0x_json_of_probabilities_is_known(tmp_path, name_list):
    (tmp_path / "s.json").write_text("[[0.5, 0.5], [0.25, 0.75], [1, 0]]")
    assert load_scores(tmp_path / "s.json", names_from=name_list).are_probabilities


def test_a_list_of_another_length_is_refused(tmp_path, name_list):
    save_scores(tmp_path / "s.json", SCORES)
    name_list.write_text("a 0\n")
    with pytest.raises(ValueError, match="it holds 3 videos, but the list has 1"):
        load_scores(tmp_path / "s.json", names_from=name_list)


def dump(path, value):
    path.write_bytes(pickle.dumps(value))
    return path


def test_mmaction2s_own_dump_is_known_to_hold_probabilities(tmp_path, name_list):
    records = [dict(pred_score=torch.tensor([0.25, 0.75]), gt_label=torch.tensor([1])) for _ in range(3)]
    loaded = load_scores(dump(tmp_path / "d.pkl", records), names_from=name_list)
    assert loaded.are_probabilities
    assert loaded.labels.tolist() == [1, 1, 1]


def test_probabilities_in_bfloat16_are_known_too(tmp_path, name_list):
    scores = torch.linspace(0, 3, 101).softmax(0).bfloat16()
    assert abs(float(scores.double().sum()) - 1) > 1e-4  # rounded to three digits they do not sum to 1 exactly
    loaded = load_scores(
        dump(tmp_path / "d.pkl", [dict(pred_score=scores, gt_label=torch.tensor([1]))] * 3), names_from=name_list
    )
    assert loaded.are_probabilities


def test_a_dump_of_1_1_is_read_too(tmp_path, name_list):
    record = dict(pred_scores={"item": torch.tensor([2.0, -1.0])}, gt_labels={"item": torch.tensor([0])})
    loaded = load_scores(dump(tmp_path / "d.pkl", [record] * 3), names_from=name_list)
    assert loaded.scores.tolist() == [[2, -1]] * 3
    assert not loaded.are_probabilities


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_0x_pickle_of_arrays_is_read(tmp_path, name_list, protocol):
    (tmp_path / "d.pkl").write_bytes(pickle.dumps([np.array([1.0, 2.0])] * 3, protocol=protocol))
    loaded = load_scores(tmp_path / "d.pkl", names_from=name_list)
    assert loaded.scores.tolist() == [[1, 2]] * 3


def test_a_dump_in_bfloat16_or_of_one_view_is_read(tmp_path, name_list):
    record = dict(pred_score=torch.tensor([[2.0, -1.0]]).bfloat16(), gt_label=torch.tensor([0]))
    loaded = load_scores(dump(tmp_path / "d.pkl", [record] * 3), names_from=name_list)
    assert loaded.scores.tolist() == [[2, -1]] * 3


def test_a_dump_with_scores_that_are_not_finite_is_named(tmp_path, name_list):
    record = dict(pred_score=torch.tensor([float("nan"), 1.0]), gt_label=torch.tensor([0]))
    with pytest.raises(ValueError, match=r"d\.pkl: the scores of video 'videos/a' and 2 others are not finite"):
        load_scores(dump(tmp_path / "d.pkl", [record] * 3), names_from=name_list)


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, of which NumPy's array data were."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        self.write(b"T" + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch[bytes] = save_string


def object_npz(path, value, write):
    """An npz whose ``scores`` is an object array pickled by ``write(value, file)``, as NumPy lays it out."""
    buffer = io.BytesIO()
    shape = getattr(value, "shape", (1, 2))
    np.lib.format.write_array_header_1_0(buffer, dict(descr="|O", fortran_order=False, shape=shape))
    write(value, buffer)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("scores.npy", buffer.getvalue())


ORIGINAL_WRITERS = {
    "numpy": lambda path, pairs: np.savez(path, scores=pairs, labels=pairs[:, 1]),
    "protocol 2": lambda path, pairs: object_npz(path, pairs, lambda v, f: pickle.dump(v, f, protocol=2)),
    "python 2": lambda path, pairs: object_npz(path, pairs, lambda v, f: Python2Pickler(f, protocol=2).dump(v)),
}


def original_pairs(num_frames=(25, 25, 25)):
    """What the original's ``np.savez(scores=...)`` was given: pairs of (25, 10, K) scores and label."""
    pairs = np.empty((3, 2), dtype=object)
    for row, (frames, label) in enumerate(zip(num_frames, (2, 0, 1))):
        pairs[row] = RNG.normal(size=(frames, 10, 4)), label
    return pairs


@pytest.mark.parametrize("writer", ORIGINAL_WRITERS.values(), ids=ORIGINAL_WRITERS)
def test_the_originals_npz_is_read_crop_major(tmp_path, name_list, writer):
    pairs = original_pairs()
    writer(tmp_path / "original.npz", pairs)
    loaded = load_scores(tmp_path / "original.npz", names_from=name_list)
    np.testing.assert_allclose(loaded.scores[0], pairs[0, 0].mean(axis=(0, 1)))
    np.testing.assert_array_equal(loaded.view_scores[1, 25], pairs[1, 0][0, 1])  # view 25 is crop 1 of frame 0
    assert loaded.labels.tolist() == [2, 0, 1]
    assert (loaded.num_crops, loaded.are_probabilities) == (10, False)


GOLDEN = np.load(Path(__file__).parents[1] / "data" / "golden" / "case07_evaluation.npz", allow_pickle=False)


def golden_scores(**changes):
    views = np.stack([crop_major(view) for view in GOLDEN["scores_a"]])
    names = tuple(f"v_{number}" for number in range(len(views)))
    return replace(ClassScores(names, GOLDEN["mean"], GOLDEN["labels"], views, num_crops=10), **changes)


def test_the_originals_layout_is_written_as_its_tools_read_it(tmp_path):
    save_scores(tmp_path / "original.npz", golden_scores(), layout="tsn")
    with np.load(tmp_path / "original.npz", allow_pickle=True) as file:
        pairs = file["scores"]  # Caffe TSN eval_scores.py: scores[:, 0] and scores[:, 1]
    aggregated = np.array([views.mean(axis=1).mean(axis=0) for views in pairs[:, 0]])
    np.testing.assert_allclose(aggregated, GOLDEN["mean"], rtol=0, atol=1e-9)
    assert pairs[0, 0].shape == (25, 10, 7)
    assert pairs[:, 1].tolist() == GOLDEN["labels"].tolist()


def test_the_originals_layout_as_we_write_it_keeps_names(tmp_path):
    save_scores(tmp_path / "original.npz", golden_scores(), layout="tsn")
    loaded = load_scores(tmp_path / "original.npz")
    assert (loaded.names, loaded.num_crops) == (golden_scores().names, 10)
    np.testing.assert_allclose(loaded.scores, GOLDEN["mean"], rtol=0, atol=1e-9)
    np.testing.assert_array_equal(loaded.view_scores, golden_scores().view_scores)
    assert loaded.labels.tolist() == GOLDEN["labels"].tolist()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("s.npz", dict(view_scores=None), "test with keep_view_scores=True"),
        ("s.npz", dict(num_crops=None), "test with keep_view_scores=True"),
        ("s.npz", dict(labels=None), "one label per video"),
        ("s.npz", dict(labels=np.zeros((12, 7), int)), "one label per video"),
        ("s.pkl", {}, r"scores are kept in \.npz;"),
    ],
)
def test_what_the_originals_layout_needs(tmp_path, name, changes, message):
    with pytest.raises(ValueError, match=message):
        save_scores(tmp_path / name, golden_scores(**changes), layout="tsn")
    assert not list(tmp_path.iterdir())


def test_an_unknown_layout_lists_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match="layout='caffe' is unknown; known: tsn_plugin, tsn"):
        check_score_path(tmp_path / "s.npz", layout="caffe")


def test_the_originals_npz_of_different_lengths_keeps_no_views(tmp_path, name_list):
    np.savez(tmp_path / "original.npz", scores=original_pairs((25, 3, 25)))
    assert load_scores(tmp_path / "original.npz", names_from=name_list).view_scores is None


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        (np.zeros((3, 4)), "neither ours .* nor the original's"),
        (np.array([None, None, None]), "a pair of scores and label for each video"),
    ],
)
def test_another_npz_is_refused(tmp_path, name_list, scores, message):
    np.savez(tmp_path / "other.npz", scores=scores)
    with pytest.raises(ValueError, match=message):
        load_scores(tmp_path / "other.npz", names_from=name_list)


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


class EvilEval:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return eval, (f"open({str(self.path)!r}, 'w')",)


class EvilStorage:
    """A pickle inside the bytes of a tensor's storage, which torch itself would unpickle without a check."""

    def __init__(self, path):
        buffer = io.BytesIO()
        torch.save(Evil(path), buffer)
        self.data = buffer.getvalue()

    def __reduce__(self):
        return torch.storage._load_from_bytes, (self.data,)


class EvilArray:
    """Eight bytes that would be followed as the address of an object."""

    def __init__(self, path):
        pass

    def __reduce__(self):
        return np.ndarray, ((1,), np.dtype("O"), b"A" * 8)


class EvilTensor:
    """A tensor of a thousand entries on a storage of one, the rest of which torch would take from anywhere."""

    def __init__(self, path):
        pass

    def __reduce__(self):
        rebuild, (storage, *_) = torch.zeros(1).__reduce_ex__(2)
        return rebuild, (storage, 0, (1000,), (1,), False, {})


class EvilEncoding:
    def __init__(self, path):
        pass

    def __reduce__(self):
        return codecs.encode, ("text", "rot13")


EVIL = [Evil, EvilEval, EvilStorage, EvilArray, EvilTensor, EvilEncoding]


@pytest.mark.parametrize("evil", EVIL)
def test_a_malicious_pickle_is_refused(tmp_path, evil):
    trace = tmp_path / "executed"
    dump(tmp_path / "bad.pkl", [dict(pred_score=evil(trace))])
    with pytest.raises(ValueError, match="bad.pkl is no score file that can be read"):
        load_scores(tmp_path / "bad.pkl")
    assert not trace.exists()


@pytest.mark.parametrize("evil", EVIL)
def test_a_malicious_npz_is_refused(tmp_path, evil):
    trace = tmp_path / "executed"
    object_npz(tmp_path / "bad.npz", evil(trace), pickle.dump)
    with pytest.raises(ValueError, match="bad.npz is no score file that can be read"):
        load_scores(tmp_path / "bad.npz")
    assert not trace.exists()


def test_the_malicious_pickles_would_run_if_they_were_not_refused(tmp_path):
    for number, evil in enumerate((Evil, EvilEval)):
        pickle.loads(pickle.dumps(evil(tmp_path / str(number))))
        assert (tmp_path / str(number)).exists()


def message_of(load, path):
    """The message of the ValueError with which ``path`` is refused; its own name if it is read."""
    try:
        load(path)
    except ValueError as error:
        return str(error)
    return path.name


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_file_of_which_any_byte_is_damaged_is_read_or_named(tmp_path):
    """One flipped byte at a time, over one file of each kind."""
    save_scores(tmp_path / "whole.npz", golden_scores(view_scores=None, num_crops=None))
    save_scores(tmp_path / "whole.pkl", SCORES)
    for whole in sorted(tmp_path.glob("whole.*")):
        content = whole.read_bytes()
        path = tmp_path / f"damaged{whole.suffix}"
        for place in np.random.default_rng(0).integers(0, len(content), 150):
            path.write_bytes(content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
            assert path.name in message_of(load_scores, path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.npz", b"PK"), ("x.pkl", b""), ("x.json", b"{"), ("x.pkl", b"text"), ("x.pkl", b"\x80\x04s.")],
)
def test_a_damaged_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=name):
        load_scores(tmp_path / name)


def test_a_missing_file_names_the_command_that_writes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="tools/test.py .* writes it"):
        load_scores(tmp_path / "none.npz")


def test_an_unknown_suffix_lists_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match=r"\.npz, \.pkl, \.pickle, \.json"):
        save_scores(tmp_path / "s.txt", SCORES)
