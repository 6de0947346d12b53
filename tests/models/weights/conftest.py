"""A writer of .caffemodel files, by the field numbers of caffe.proto."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import torch

V1_TYPES = {"Convolution": 4, "InnerProduct": 14, "ReLU": 18, "BN": 40}


def varint(value):
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])


def number(field, value):
    return varint(field << 3) + varint(value)


def chunk(field, content):
    return varint(field << 3 | 2) + varint(len(content)) + content


def blob(array, legacy=False, packed=True, double=False):
    array = np.asarray(array)
    field, code, kind = (8, "<f8", 1) if double else (5, "<f4", 5)
    values = array.astype(code).ravel()
    if packed:
        data = chunk(field, values.tobytes())
    else:
        data = b"".join(varint(field << 3 | kind) + struct.pack("<d" if double else "<f", v) for v in values)
    if legacy:
        sizes = (1,) * (4 - array.ndim) + array.shape
        return b"".join(number(i + 1, size) for i, size in enumerate(sizes)) + data
    return chunk(7, chunk(1, b"".join(map(varint, array.shape)))) + data


def caffemodel(layers, v1=False, **options):
    """Bytes of a network; a layer is (name, type, arrays), or with (bottom, top) behind."""
    network = chunk(1, b"net")
    for name, kind, arrays, *links in layers:
        bottom, top = (link.encode() for link in (links or ("", name)))
        blobs = [blob(array, legacy=v1, **options) for array in arrays]
        if v1:
            content = chunk(2, bottom) + chunk(3, top) + chunk(4, name.encode()) + number(5, V1_TYPES[kind])
            network += chunk(2, content + b"".join(chunk(6, each) for each in blobs))
        else:
            content = chunk(1, name.encode()) + chunk(2, kind.encode()) + chunk(3, bottom) + chunk(4, top)
            network += chunk(100, content + b"".join(chunk(7, each) for each in blobs))
    return network


@pytest.fixture(scope="session")
def write_caffemodel():
    return caffemodel


@pytest.fixture(scope="session")
def randomise():
    """Gives a model weights of which none is at its initial value."""

    def fill(model, seed=0):
        generator = torch.Generator().manual_seed(seed)
        for name, value in model.state_dict().items():
            if name.endswith("num_batches_tracked"):
                continue
            noise = torch.randn(value.shape, generator=generator)
            if name.endswith("running_var"):
                noise = 0.5 + noise.abs()
            elif value.dim() == 1:
                noise = 0.1 * noise + (1.0 if name.endswith("weight") else 0.0)
            else:
                noise *= (2 / value[0].numel()) ** 0.5
            value.copy_(noise)
        return model.eval()

    return fill
