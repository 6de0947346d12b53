"""What honest pickles hold passes; what a pickle sets, or asks for in excess, is refused."""

import collections
import io
import pickle

import numpy as np
import pytest
import torch

from tsn_plugin.evaluation import safe_pickle
from tsn_plugin.evaluation.pickle_limits import check_entries, check_opcodes
from tsn_plugin.evaluation.safe_pickle import load_pickle
from tsn_plugin.structures.pickled_arrays import PickledArray, PickledDtype

HONEST = {
    "scores": [{"pred_score": np.arange(3.0), "gt": {"item": np.arange(2)}, "name": f"v{n}"} for n in range(300)],
    "many things in the memo": [f"{number}" * 3 for number in range(2000)],
    "numbers": [0, -1, 2**40, 1.5, True, None, b"x", "é", (1,), [], {}],
    "shared": [[1, 2]] * 50,
    "objects": np.array([[np.arange(2.0), 1]], dtype=object),
    "bytes": bytes(10**5),
}


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", HONEST.values(), ids=HONEST)
def test_honest_pickles_pass(value, protocol):
    data = pickle.dumps(value, protocol)
    check_opcodes(data)
    check_entries(pickle.loads(data), len(data))


def test_tensors_become_equal_arrays():
    whole = torch.arange(6.0).reshape(2, 3)
    tensors = [whole, whole[1], whole.T, whole.bfloat16(), torch.tensor(3), whole.half(), torch.zeros(0)]
    for tensor, array in zip(tensors, load_pickle(io.BytesIO(pickle.dumps(tensors)))):
        np.testing.assert_array_equal(array, tensor.float().numpy() if tensor.is_floating_point() else tensor.numpy())


class Call:
    def __init__(self, *reduced):
        self.reduced = reduced

    def __reduce__(self):
        return self.reduced


def tensor_parts():
    return torch.arange(4.0).__reduce_ex__(2)


def expanded():
    rebuild, (storage, *_) = tensor_parts()
    return Call(rebuild, (storage, 0, (10**9,), (0,), False, {}))


def set_on_a_function():
    """``_codecs.encode``, and a BUILD that would set an attribute of what stands for it."""
    return b"\x80\x02c_codecs\nencode\n}X\x01\0\0\0aK\x01sb."


def set_on_a_class():
    return b"\x80\x02cnumpy\ndtype\nN}X\x0c\0\0\0__setstate__K\x01s\x86b."


BAD = {
    "an attribute of a function": (set_on_a_function(), "it sets the state of _Function"),
    "an attribute of a class": (set_on_a_class(), "it sets the state of _Function"),
    "a tensor larger than its numbers": (pickle.dumps(expanded(), 2), r"a tensor of \(1000000000,\) is made of 4"),
    "a place without end": (b"\x80\x02Np5000000000\n.", "at place 5000000000 of its memo"),
    "a negative place": (b"Np-1\n.", "at place -1 of its memo"),
    "a long number in text": (b"L" + b"9" * 5000 + b"L\n.", "an integer of 5001 digits"),
    "no instruction": (b"\x80\x02\xff.", "byte 2 is no instruction"),
    "no end": (b"\x80\x02N", "it is truncated"),
    "an open line": (b"cos", "truncated within a line"),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
def test_excess_is_refused(data, message):
    with pytest.raises(pickle.UnpicklingError, match=message):
        load_pickle(io.BytesIO(data))


def test_nothing_that_reads_pickles_was_changed():
    before = dict(vars(PickledDtype)), dict(vars(PickledArray)), dict(vars(collections.OrderedDict))
    for data, _ in BAD.values():
        with pytest.raises(pickle.UnpicklingError):
            load_pickle(io.BytesIO(data))
    assert before == (dict(vars(PickledDtype)), dict(vars(PickledArray)), dict(vars(collections.OrderedDict)))


def test_many_objects_are_refused(monkeypatch):
    monkeypatch.setattr("tsn_plugin.evaluation.pickle_limits.MAX_OBJECTS", 10)
    check_opcodes(pickle.dumps([[] for _ in range(9)]))
    with pytest.raises(pickle.UnpicklingError, match="it makes 11 objects, more than 10"):
        check_opcodes(pickle.dumps([[] for _ in range(10)]))


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(3.0),
        torch.tensor([5, -1]),
        torch.linspace(-1, 1, 300).bfloat16(),
        torch.arange(6.0, dtype=torch.float64).reshape(2, 3).T[1:],
        torch.arange(70_000.0),
        torch.tensor([1, 2], dtype=torch.uint8),
        torch.zeros(0),
    ],
    ids=lambda tensor: f"{tensor.dtype}-{tuple(tensor.shape)}",
)
def test_tensors_are_what_torch_reads(tensor, protocol, monkeypatch):
    data = pickle.dumps(tensor, protocol=protocol)
    expected = pickle.loads(data).double().numpy()
    loaded = load_pickle(io.BytesIO(data))
    np.testing.assert_array_equal(loaded, expected)
    monkeypatch.setattr(safe_pickle, "_ordinary_storage", lambda content: None)
    left_to_torch = load_pickle(io.BytesIO(data))
    np.testing.assert_array_equal(loaded, left_to_torch)
    assert loaded.dtype == left_to_torch.dtype


def test_the_quick_way_is_taken_for_what_this_torch_writes_and_for_nothing_else():
    content = storage_bytes(torch.arange(3.0))
    assert safe_pickle._ordinary_storage(content).tolist() == [0, 1, 2]
    for place in range(len(content) - 12):  # all but the numbers
        changed = bytearray(content)
        changed[place] ^= 1
        ordinary = safe_pickle._ordinary_storage(bytes(changed))
        assert ordinary is None or ordinary.tolist() == [0, 1, 2], place
    assert safe_pickle._ordinary_storage(content[:-1]) is None
    assert safe_pickle._ordinary_storage(content + b"\0" * 4) is None


def storage_bytes(tensor):
    """What is in a pickled tensor for ``torch.storage._load_from_bytes``."""
    (_, (storage, *_)) = tensor.__reduce_ex__(4)
    return storage.__reduce__()[1][0]
