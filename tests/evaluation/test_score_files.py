import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import torch

from tsn_plugin.evaluation.functional import softmax
from tsn_plugin.evaluation.score_files import load_scores, save_scores
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


def test_a_dump_of_1_1_is_read_too(tmp_path, name_list):
    record = dict(pred_scores={"item": torch.tensor([2.0, -1.0])}, gt_labels={"item": torch.tensor([0])})
    loaded = load_scores(dump(tmp_path / "d.pkl", [record] * 3), names_from=name_list)
    assert loaded.scores.tolist() == [[2, -1]] * 3
    assert not loaded.are_probabilities


def test_a_0x_pickle_of_arrays_is_read(tmp_path, name_list):
    loaded = load_scores(dump(tmp_path / "d.pkl", [np.array([1.0, 2.0])] * 3), names_from=name_list)
    assert loaded.scores.tolist() == [[1, 2]] * 3


def original_npz(path, *, protocol):
    """What the original's ``np.savez(scores=pairs)`` wrote: pairs of (25, 10, K) and label in an object array."""
    pairs = np.empty((3, 2), dtype=object)
    for row, label in enumerate((2, 0, 1)):
        pairs[row] = RNG.normal(size=(25, 10, 4)), label
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, dict(descr="|O", fortran_order=False, shape=pairs.shape))
    pickle.dump(pairs, buffer, protocol=protocol)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("scores.npy", buffer.getvalue())
    return pairs


@pytest.mark.parametrize("protocol", [2, 4])
def test_the_originals_npz_is_read_crop_major(tmp_path, name_list, protocol):
    pairs = original_npz(tmp_path / "original.npz", protocol=protocol)
    loaded = load_scores(tmp_path / "original.npz", names_from=name_list)
    np.testing.assert_allclose(loaded.scores[0], pairs[0, 0].mean(axis=(0, 1)))
    np.testing.assert_array_equal(loaded.view_scores[1, 25], pairs[1, 0][0, 1])  # view 25 is crop 1 of frame 0
    assert loaded.labels.tolist() == [2, 0, 1]


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


@pytest.mark.parametrize("evil", [Evil, EvilEval, EvilStorage])
def test_a_malicious_pickle_is_refused(tmp_path, evil):
    trace = tmp_path / "executed"
    dump(tmp_path / "bad.pkl", [dict(pred_score=evil(trace))])
    with pytest.raises(ValueError, match="bad.pkl is no score file that can be read"):
        load_scores(tmp_path / "bad.pkl")
    assert not trace.exists()


def test_a_malicious_npz_is_refused(tmp_path):
    trace = tmp_path / "executed"
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, dict(descr="|O", fortran_order=False, shape=(1, 2)))
    pickle.dump(Evil(trace), buffer)
    with zipfile.ZipFile(tmp_path / "bad.npz", "w") as archive:
        archive.writestr("scores.npy", buffer.getvalue())
    with pytest.raises(ValueError, match="bad.npz is no score file that can be read"):
        load_scores(tmp_path / "bad.npz")
    assert not trace.exists()


@pytest.mark.parametrize(("name", "content"), [("x.npz", b"PK"), ("x.pkl", b""), ("x.json", b"{"), ("x.pkl", b"text")])
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
