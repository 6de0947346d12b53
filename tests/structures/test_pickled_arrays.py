"""Arrays out of pickles: the same as NumPy's for honest files, an error for files that lie about memory."""

import io
import pickle

import numpy as np
import pytest

from tsn_plugin.structures.pickled_arrays import ARRAY_GLOBALS, PickledArray, PickledDtype


class Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        bytes_of_protocol_2 = {
            ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),
            ("__builtin__", "bytes"): bytes,
        }
        return {**ARRAY_GLOBALS, **bytes_of_protocol_2}[module, name]


def load(data):
    return Unpickler(io.BytesIO(data), encoding="latin1").load()


HONEST = {
    "float64": np.arange(6.0).reshape(2, 3),
    "float16": np.arange(3, dtype=np.float16),
    "big endian": np.arange(3, dtype=">i4"),
    "bool": np.array([True, False]),
    "Fortran order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "transposed": np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2),
    "empty": np.zeros((0, 4)),
    "no dimension": np.array(7.0),
    "scalar": np.float32(1.5),
}


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("value", HONEST.values(), ids=HONEST)
def test_honest_arrays_are_numpys(value, protocol):
    loaded, numpys = load(pickle.dumps(value, protocol)), pickle.loads(pickle.dumps(value, protocol))
    np.testing.assert_array_equal(loaded, numpys)
    assert (loaded.dtype, loaded.shape, loaded.strides) == (numpys.dtype, numpys.shape, numpys.strides)


def test_arrays_of_objects_keep_them():
    value = np.array([[1, "a"], [None, np.arange(2.0)]], dtype=object)
    loaded = load(pickle.dumps(value))
    assert loaded[:, 0].tolist() == [1, None]
    np.testing.assert_array_equal(loaded[1, 1], [0, 1])


def test_what_was_loaded_is_pickled_as_a_plain_array():
    loaded = load(pickle.dumps(np.arange(3.0)))
    assert type(loaded) is PickledArray
    assert type(pickle.loads(pickle.dumps(loaded))) is np.ndarray


class Call:
    """Pickled as the call of ``function`` with ``arguments``, then given ``state``."""

    def __init__(self, function, arguments, state=None):
        self.reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.reduced


RECONSTRUCT, SCALAR = np.arange(1).__reduce__()[0], np.float64(1).__reduce__()[0]
OBJECT_FIELD = (3, "|", None, ("a",), {"a": (np.dtype("O"), 0)}, 8, 1, 0)
STRUCTURE = Call(np.dtype, ("V8", False, True), OBJECT_FIELD)
WITHOUT_FLAGS = Call(np.dtype, ("O8", False, True), (3, "|", None, None, None, -1, -1, 0))
BYTES = b"A" * 8


def array(state):
    return Call(RECONSTRUCT, (np.ndarray, (0,), b"b"), state)


LIES = {
    "an address for an object": Call(np.ndarray, ((1,), np.dtype("O"), BYTES)),
    "an object type without its flags": Call(np.ndarray, ((1,), WITHOUT_FLAGS, BYTES)),
    "objects in a structure": array((1, (1,), STRUCTURE, False, BYTES)),
    "one object in a structure": Call(SCALAR, (STRUCTURE, BYTES)),
    "objects as bytes": array((1, (1,), np.dtype("O"), False, BYTES)),
    "one object as bytes": Call(SCALAR, (np.dtype("O"), BYTES)),
    "fewer objects than entries": array((1, (1000,), np.dtype("O"), False, [1])),
    "fewer bytes than entries": array((1, (1000,), np.dtype("f8"), False, BYTES)),
    "negative lengths": array((1, (-1, -1), np.dtype("f8"), False, BYTES)),
    "a length that is no number": array((1, ("1",), np.dtype("f8"), False, BYTES)),
    "strides": Call(np.ndarray, ((4,), np.dtype("f8"), BYTES, 0, (8,))),
    "a type of its own making": array((1, (1,), "f8", False, BYTES)),
    "fields": Call(np.dtype, ([("a", "O")],)),
    "another byte order": Call(np.dtype, ("f8", False, True), (3, "x", None, None, None, -1, -1, 0)),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_lies_about_memory_are_refused(lie):
    with pytest.raises((ValueError, TypeError)):
        load(pickle.dumps(lie, protocol=2))


def test_what_a_type_claims_of_its_flags_is_not_taken():
    assert load(pickle.dumps(WITHOUT_FLAGS, protocol=2)).dtype.hasobject


@pytest.mark.parametrize("code", ["V8", "U3", "f8,O", "O", 8, None, "f8\n"])
def test_other_types_are_named(code):
    with pytest.raises(ValueError, match="only numbers and objects are read"):
        PickledDtype(code)
