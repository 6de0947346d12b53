"""Reader of Caffe's ``.caffemodel`` files: the layers of a trained network with their arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Union

import numpy as np

from tsn_plugin.models.weights.wire import BYTES, FIXED32, FIXED64, VARINT, read_fields, read_varint

#: NetParameter's repeated layers: today's, and the V1 form of before 2015
_LAYER, _V1_LAYER = 100, 2
#: number of a message's field by what it holds
_LAYER_FIELDS = {1: "name", 2: "type", 3: "bottoms", 4: "tops", 7: "blobs"}
_V1_LAYER_FIELDS = {4: "name", 5: "type", 2: "bottoms", 3: "tops", 6: "blobs"}
_LEGACY_SHAPE, _SHAPE, _FLOATS, _DOUBLES = (1, 2, 3, 4), 7, 5, 8
#: V1's numbers of the types that matter here; forks give numbers of their own to their batch normalisation
_V1_TYPES = {4: "Convolution", 14: "InnerProduct"}

#: sides of an array, their length, layers of a network, and names and arrays of a layer: no network has more
_MAX_SIDES, _MAX_SIDE, _MAX_LAYERS, _MAX_PARTS = 32, 2**31, 2**14, 2**10

_Value = Union[int, memoryview]


@dataclass(frozen=True)
class CaffeLayer:
    """One layer of a network.

    Attributes:
        name: as in the prototxt, with its ``/``.
        type: Caffe's name of the type; ``'V1:n'`` for a type of the V1 form that is not needed here.
        blobs: float32 arrays, in the layer's order; none where the layer has nothing to learn.
        bottoms: names of what it reads.
        tops: names of what it writes.
    """

    name: str
    type: str
    blobs: tuple[np.ndarray, ...] = ()
    bottoms: tuple[str, ...] = ()
    tops: tuple[str, ...] = ()


def read_caffemodel(path: str | Path) -> tuple[CaffeLayer, ...]:
    """All layers of a ``.caffemodel``, in its order.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is damaged or something else.

    Source: ``src/caffe/proto/caffe.proto`` of Caffe (numbers and types of the fields).
    """
    content = memoryview(Path(path).read_bytes())
    try:
        layers = tuple(_layers(content))
    except ValueError as error:
        raise ValueError(
            f"{path} cannot be read as a .caffemodel: {error}. Fetch it again and compare its size with the "
            "publisher's; a .prototxt holds no weights, and an .h5 snapshot must be saved as .caffemodel by Caffe"
        ) from error
    if not any(layer.blobs for layer in layers):
        raise ValueError(
            f"{path} holds no layer with weights: it is no .caffemodel, or one that was never trained. Give the "
            "snapshot that Caffe's solver wrote (*.caffemodel)"
        )
    return layers


def _layers(network: memoryview) -> list[CaffeLayer]:
    layers = []
    for number, kind, value in read_fields(network):
        if kind == BYTES and number in (_LAYER, _V1_LAYER):
            if len(layers) == _MAX_LAYERS:
                raise ValueError(f"it has more than {_MAX_LAYERS} layers")
            layers.append(_layer(value, _LAYER_FIELDS if number == _LAYER else _V1_LAYER_FIELDS))
    return layers


def _layer(message: memoryview, fields: dict[int, str]) -> CaffeLayer:
    found: dict[str, list[_Value]] = {meaning: [] for meaning in fields.values()}
    for number, kind, value in read_fields(message):
        if number in fields and (kind == BYTES or fields[number] == "type"):
            found[fields[number]].append(value)
            if len(found[fields[number]]) > _MAX_PARTS:
                raise ValueError(f"a layer has more than {_MAX_PARTS} {fields[number]}")
    name = _text(found["name"][-1]) if found["name"] else ""
    try:
        blobs = tuple(_blob(blob) for blob in found["blobs"])
    except ValueError as error:
        raise ValueError(f"layer {name!r}: {error}") from error
    return CaffeLayer(
        name=name,
        type=_type(found["type"], blobs),
        blobs=blobs,
        bottoms=tuple(map(_text, found["bottoms"])),
        tops=tuple(map(_text, found["tops"])),
    )


def _type(values: list[_Value], blobs: tuple[np.ndarray, ...]) -> str:
    if not values:
        return ""
    if not isinstance(values[-1], int):
        return _text(values[-1])
    if values[-1] not in _V1_TYPES and len(blobs) == 4 and len({blob.size for blob in blobs}) == 1:
        return "BN"
    return _V1_TYPES.get(values[-1], f"V1:{values[-1]}")


def _text(value: _Value) -> str:
    return bytes(value).decode()  # UnicodeDecodeError is a ValueError


def _blob(message: memoryview) -> np.ndarray:
    """A BlobProto as a float32 array of its shape; no more is allocated than the file holds."""
    floats, doubles = bytearray(), bytearray()  # packed, in several chunks, or number by number
    legacy: dict[int, int] = {}
    shape: list[int] | None = None
    for number, kind, value in read_fields(message):
        if number in _LEGACY_SHAPE and kind == VARINT:
            legacy[number] = value
        elif number == _SHAPE and kind == BYTES:
            shape = _shape(value)
        elif number == _FLOATS and kind in (BYTES, FIXED32):
            floats += _whole_numbers(value, 4)
        elif number == _DOUBLES and kind in (BYTES, FIXED64):
            doubles += _whole_numbers(value, 8)
    data = np.frombuffer(doubles or floats, "<f8" if doubles else "<f4").astype(np.float32)
    if legacy:  # Caffe prefers it too
        shape = [legacy.get(number, 0) for number in _LEGACY_SHAPE]
    if shape is None:
        return data
    if len(shape) > _MAX_SIDES or max(shape, default=0) > _MAX_SIDE:
        raise ValueError(f"an array has {len(shape)} sides of up to {max(shape)}, which no network has")
    if math.prod(shape) != data.size:
        raise ValueError(f"an array of shape {tuple(shape)} comes with {data.size} numbers")
    return data.reshape(shape)


def _shape(message: memoryview) -> list[int]:
    """The sizes in a BlobShape, which may be packed."""
    sizes = []
    for number, kind, value in read_fields(message):
        if number == 1 and kind == VARINT:
            sizes.append(value)
        elif number == 1 and kind == BYTES:
            position = 0
            while position < len(value):
                size, position = read_varint(value, position)
                sizes.append(size)
    return sizes


def _whole_numbers(chunk: memoryview, size: int) -> memoryview:
    if len(chunk) % size:
        raise ValueError(f"an array's bytes are no multiple of {size}")
    return chunk
