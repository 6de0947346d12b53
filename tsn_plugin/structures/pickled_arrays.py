"""Stand-ins for NumPy's part in unpickling, for files that come from others.

NumPy believes what a pickle says of an array: that eight bytes are the address of an object, or that a list of one
entry has a thousand. Reading such an array crashes the process at best. An unpickler that maps the names of
:data:`ARRAY_GLOBALS` to these stand-ins builds the same arrays of numbers and objects, and refuses the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_numeric = (np._core if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else np.core).numeric
#: bool, integers, floats, complex numbers and objects, with their length in bytes
_CODE = re.compile(r"[biufcO]\d{1,2}")


class Sealed:
    """An object that a pickle cannot change: unpicklers give the state that they read to ``__setstate__``."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        """Refuse."""
        raise ValueError(f"it sets the state of {type(self).__name__}, which has none")


class PickledDtype:
    """Stands for ``numpy.dtype``: a type without fields, whose flags are NumPy's own and not the file's.

    Raises:
        ValueError: for a structured type, text, or what is no type.
    """

    def __init__(self, code: str, align: bool = False, copy: bool = False) -> None:
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise ValueError(f"it describes an array of type {code!r}; only numbers and objects are read")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: tuple) -> None:
        """Take the byte order, which is all that the state of such a type tells."""
        byte_order = state[1]
        if byte_order not in ("<", ">", "|", "="):
            raise ValueError(f"it describes an array of byte order {byte_order!r}")
        self.dtype = self.dtype.newbyteorder(byte_order)


class PickledArray(np.ndarray):
    """Stands for ``numpy.ndarray``: empty until its state, which is checked, fills it. Pickled as a plain array."""

    def __new__(cls) -> PickledArray:
        """An empty array: shape, type and content never come from arguments."""
        return super().__new__(cls, (0,))

    def __setstate__(self, state: tuple) -> None:
        """Take shape, type and content.

        Raises:
            ValueError: if the content has not the length that shape and type ask for.
        """
        *_, shape, dtype, is_fortran, content = state
        dtype = _plain(dtype)
        if any(not isinstance(length, int) or length < 0 for length in shape):
            raise ValueError(f"it describes an array of the shape {shape}")
        expected = math.prod(shape) * (1 if dtype.hasobject else dtype.itemsize)
        if len(content) != expected:
            raise ValueError(f"it holds {len(content)} of the {expected} entries or bytes of an array")
        super().__setstate__((1, tuple(shape), dtype, bool(is_fortran), content))

    def __reduce__(self) -> tuple:
        return self.view(np.ndarray).__reduce__()

    def __reduce_ex__(self, protocol: int) -> tuple:
        return self.view(np.ndarray).__reduce_ex__(protocol)


def reconstruct_array(kind: object, shape: object, code: object) -> PickledArray:
    """Stands for ``_reconstruct``: an array without content, whatever the arguments say."""
    return PickledArray()


def scalar(dtype: PickledDtype, content: bytes | str) -> np.generic:
    """Stands for ``scalar``: a number. ``content`` is text where Python 2 wrote it."""
    data = content.encode("latin1") if isinstance(content, str) else content
    return np.frombuffer(data, _plain(dtype))[0]


def array_from_buffer(content: bytes, dtype: PickledDtype, shape: tuple, order: str, *axes: Sequence) -> PickledArray:
    """Stands for ``_frombuffer``, with which protocol 5 writes arrays of numbers."""
    return _numeric._frombuffer(content, _plain(dtype), shape, order, *axes).view(PickledArray)


def _plain(dtype: PickledDtype) -> np.dtype:
    if not isinstance(dtype, PickledDtype):
        raise ValueError(f"it describes an array of type {dtype!r}")
    return dtype.dtype


#: stand-ins by the module and name in pickles of NumPy 1 (``core``) and 2 (``_core``)
ARRAY_GLOBALS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "ndarray"): PickledArray,
    ("numpy", "dtype"): PickledDtype,
    **{
        (f"numpy.{package}.{module}", name): stand_in
        for package in ("core", "_core")
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", reconstruct_array),
            ("multiarray", "scalar", scalar),
            ("numeric", "_frombuffer", array_from_buffer),
        )
    },
}
