"""Reads pickled scores (MMAction2's dumps, the original's npz) without running code that a file may bring.

What is not on the list below is refused, and so is a file that would take more memory or time than its size explains
(:mod:`tsn_plugin.evaluation.pickle_limits`). A pickle can also set attributes of everything that it gets hold of: it
gets hold of :class:`Sealed` objects, arrays and plain values only.
"""

from __future__ import annotations

import collections
import functools
import io
import pickle
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import torch

from tsn_plugin.evaluation.pickle_limits import check_entries, check_opcodes
from tsn_plugin.structures.pickled_arrays import ARRAY_GLOBALS, PickledArray, Sealed

_DTYPES = {b"Float": torch.float32, b"Double": torch.float64, b"Long": torch.int64, b"BFloat16": torch.bfloat16}
#: of a storage what follows its head: type, key, place, number of entries; the key again, and how many entries follow
_STORAGE = re.compile(
    rb"ctorch\n(?P<kind>" + b"|".join(_DTYPES) + rb")Storage\nq\x01X(?P<key>.{4}\d+)q\x02X\x03\x00\x00\x00cpuq\x03"
    rb"(?P<count>K.|M..|J....)Ntq\x04Q\.\x80\x02\]q\x00X(?P=key)q\x01a\.(?P<length>.{8})",
    re.DOTALL,
)


class _Storage(Sealed):
    """The numbers of a tensor's storage, ``values (N,)``."""

    __slots__ = ("values",)

    def __init__(self, values: torch.Tensor) -> None:
        self.values = values


def _load_storage(content: bytes) -> _Storage:
    """What ``torch.storage._load_from_bytes`` does, without its unrestricted unpickling.

    Tensors are pickled in torch's old form; the new one is a zip archive, which may be compressed.
    """
    if content[:2] == b"PK":
        raise pickle.UnpicklingError("the numbers of a tensor are in a zip archive, which torch does not write there")
    ordinary = _ordinary_storage(content)
    if ordinary is not None:
        return _Storage(ordinary)
    storage = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return _Storage(torch.empty(0, dtype=storage.dtype).set_(storage._untyped_storage))


def _ordinary_storage(content: bytes) -> torch.Tensor | None:
    """The numbers of a storage that looks as the installed torch writes it, ten times as fast as ``torch.load``.

    MMAction2's dumps hold four small ones for each video. None for all others, which are left to torch.
    """
    head = _storage_head()
    match = _STORAGE.match(content, len(head)) if content.startswith(head) else None
    if match is None:
        return None
    kind, count, length = match["kind"], match["count"], int.from_bytes(match["length"], "little")
    dtype, data = _DTYPES[kind], content[match.end() :]
    if int.from_bytes(count[1:], "little") != length or len(data) != length * dtype.itemsize or not data:
        return None
    return torch.frombuffer(bytearray(data), dtype=dtype)


@functools.cache
def _storage_head() -> bytes:
    """How the installed torch begins a storage: version and byte order, up to the name of its type."""
    pickled = pickle.dumps(torch.zeros(1), protocol=4)
    return pickled[pickled.index(b"\x80\x02\x8a") : pickled.index(b"ctorch\n")]


def _tensor(storage: _Storage, offset: int, size: Sequence[int], stride: Sequence[int], *_: object) -> np.ndarray:
    """What ``torch._utils._rebuild_tensor_v2`` does, which would enlarge a storage that is too small; as an array."""
    whole = storage.values
    tensor = whole.as_strided(size, stride, offset)  # refuses what lies outside
    if tensor.numel() > whole.numel():
        raise pickle.UnpicklingError(f"a tensor of {tuple(size)} is made of {whole.numel()} numbers")
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().view(PickledArray)


def _latin1(text: str, encoding: str) -> bytes:
    """What ``_codecs.encode`` does for bytes that protocol 2 wrote as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}, which no score file needs")
    return text.encode("latin1")


class _Function(Sealed):
    """A function that a pickle may call and cannot change."""

    __slots__ = ("_function",)

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *arguments: object) -> Any:
        return self._function(*arguments)


_ALLOWED = {
    name: _Function(function)
    for name, function in {
        **ARRAY_GLOBALS,
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("torch.storage", "_load_from_bytes"): _load_storage,
        ("_codecs", "encode"): _latin1,
    }.items()
}
#: what a damaged stream raises instead of UnpicklingError
_DAMAGED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no score file needs")


def load_pickle(file: BinaryIO) -> Any:
    """The object in ``file``, made of arrays and plain containers; tensors become arrays.

    Raises:
        pickle.UnpicklingError: if the file asks for anything else (none of its code is run), is damaged, or would take
            more memory than its size explains.
    """
    data = file.read()
    check_opcodes(data)
    try:
        content = _Unpickler(io.BytesIO(data), encoding="latin1").load()
    except _DAMAGED as error:
        raise pickle.UnpicklingError(f"it is damaged ({type(error).__name__}: {error})") from error
    check_entries(content, len(data))
    return content
