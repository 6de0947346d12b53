"""What honest pickles hold passes; what a pickle sets, or asks for in excess, is refused."""

import collections
import io
import pickle

import numpy as np
import pytest
import torch

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
