"""Reads pickled scores (MMAction2's dumps, the original's npz) without running code that a file may bring."""

from __future__ import annotations

import collections
import io
import pickle
from collections.abc import Sequence
from typing import Any, BinaryIO

import torch

from tsn_plugin.structures.pickled_arrays import ARRAY_GLOBALS


def _load_storage(content: bytes) -> Any:
    """What ``torch.storage._load_from_bytes`` does, without its unrestricted unpickling."""
    return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)


def _tensor(storage: Any, offset: int, size: Sequence[int], stride: Sequence[int], *_: object) -> torch.Tensor:
    """What ``torch._utils._rebuild_tensor_v2`` does, which would enlarge a storage that is too small."""
    whole = torch.empty(0, dtype=storage.dtype).set_(storage._untyped_storage)
    return whole.as_strided(size, stride, offset)  # refuses what lies outside


def _latin1(text: str, encoding: str) -> bytes:
    """What ``_codecs.encode`` does for bytes that protocol 2 wrote as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"it asks for the encoding {encoding!r}, which no score file needs")
    return text.encode("latin1")


_ALLOWED = {
    **ARRAY_GLOBALS,
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch.storage", "_load_from_bytes"): _load_storage,
    ("_codecs", "encode"): _latin1,
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
    """The object in ``file``, made of arrays, tensors and plain containers.

    Raises:
        pickle.UnpicklingError: if the file asks for anything else (none of its code is run), or is damaged.
    """
    try:
        return _Unpickler(file, encoding="latin1").load()
    except _DAMAGED as error:
        raise pickle.UnpicklingError(f"it is damaged ({type(error).__name__}: {error})") from error
