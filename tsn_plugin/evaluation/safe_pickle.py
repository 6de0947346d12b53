"""Reads pickled scores (MMAction2's dumps, the original's npz) without running code that a file may bring."""

from __future__ import annotations

import collections
import io
import pickle
from typing import Any, BinaryIO

import numpy as np
import torch

_CORE = np._core if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else np.core


def _load_storage(data: bytes) -> Any:
    """What ``torch.storage._load_from_bytes`` does, without its unrestricted unpickling."""
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)


_ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch.storage", "_load_from_bytes"): _load_storage,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),  # how Python 2 bytes were written
    **{
        (f"numpy.{package}.{module}", name): getattr(getattr(_CORE, module), name)
        for package in ("core", "_core")
        for module, name in (("multiarray", "_reconstruct"), ("multiarray", "scalar"), ("numeric", "_frombuffer"))
    },
}
#: what a damaged stream raises instead of UnpicklingError
_DAMAGED = (AttributeError, EOFError, ImportError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


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
