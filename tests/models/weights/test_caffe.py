from __future__ import annotations

import struct

import numpy as np
import pytest

from tsn_plugin.models.weights.caffe import read_caffemodel
from tsn_plugin.models.weights.wire import read_fields, read_varint

WEIGHT = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
LAYERS = [
    ("conv1/7x7", "Convolution", [WEIGHT, [0.5, -1.0]], "data", "conv1"),
    ("relu", "ReLU", [], "conv1", "conv1"),
    ("fc-action", "InnerProduct", [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]], "conv1", "fc"),
]


@pytest.fixture
def save(tmp_path):
    def to_file(content):
        path = tmp_path / "net.caffemodel"
        path.write_bytes(content)
        return path

    return to_file


def test_a_file_written_by_hand(save):
    # layer (100, bytes): name "a", type "BN", blob (7): dim 2 (packed), floats 1 and -2
    shape, data = b"\x3a\x03\x0a\x01\x02", b"\x2a\x08" + struct.pack("<2f", 1, -2)
    layer = b"\x0a\x01a" + b"\x12\x02BN" + b"\x3a" + bytes([len(shape + data)]) + shape + data
    (found,) = read_caffemodel(save(b"\xa2\x06" + bytes([len(layer)]) + layer))  # 100 << 3 | 2 = 802 = 0x06 0x22
    assert (found.name, found.type) == ("a", "BN")
    assert found.blobs[0].tolist() == [1, -2]
    assert found.blobs[0].dtype == np.float32


@pytest.mark.parametrize("v1", [False, True], ids=["layer", "V1 layers"])
@pytest.mark.parametrize("options", [{}, {"packed": False}, {"double": True}, {"packed": False, "double": True}])
def test_every_form_of_a_file(save, write_caffemodel, v1, options):
    conv, relu, fc = read_caffemodel(save(write_caffemodel(LAYERS, v1=v1, **options)))
    assert [layer.name for layer in (conv, relu, fc)] == ["conv1/7x7", "relu", "fc-action"]
    assert [layer.type for layer in (conv, relu, fc)] == ["Convolution", "V1:18" if v1 else "ReLU", "InnerProduct"]
    assert (conv.bottoms, conv.tops, relu.blobs) == (("data",), ("conv1",), ())
    np.testing.assert_array_equal(conv.blobs[0], WEIGHT)
    np.testing.assert_array_equal(conv.blobs[1].ravel(), [0.5, -1])
    assert conv.blobs[1].shape == ((1, 1, 1, 2) if v1 else (2,))
    assert fc.blobs[0].shape == ((1, 1, 3, 2) if v1 else (3, 2))


def test_unknown_types_of_v1_with_four_equal_vectors_are_batch_normalisation(save, write_caffemodel):
    layers = [("a_bn", "BN", [np.ones((1, 2))] * 4), ("b", "ReLU", [np.ones(1)])]
    found = read_caffemodel(save(write_caffemodel(layers, v1=True)))
    assert [layer.type for layer in found] == ["BN", "V1:18"]


def error_of(path):
    """Message of the ValueError; ``None`` if the file can be read."""
    try:
        read_caffemodel(path)
    except ValueError as error:
        return str(error)
    return None


def test_truncation_is_never_more_than_a_value_error(save, write_caffemodel):
    content = write_caffemodel(LAYERS * 40)
    ends = range(0, len(content), 97)
    errors = [error for error in (error_of(save(content[:end])) for end in ends) if error]
    assert all("net.caffemodel" in error for error in errors)
    assert len(ends) - len(errors) <= 3  # cut between two layers, which nothing can tell


def test_bytes_turned_over_are_never_more_than_a_value_error(save, write_caffemodel):
    content = write_caffemodel(LAYERS)
    errors = []
    for place in range(len(content)):
        for value in (b"\0", b"\x7f", b"\xff"):
            errors.append(error_of(save(content[:place] + value + content[place + 1 :])))
    assert any(errors)
    assert all("net.caffemodel" in error for error in errors if error)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "net.caffemodel holds no layer with weights: .*Give the snapshot"),
        (b'name: "BN-Inception"\nlayer { }', "net.caffemodel cannot be read.*a .prototxt holds no weights"),
        (b"\x89HDF\r\n\x1a\n" + bytes(64), "cannot be read.*an .h5 snapshot"),
        (b"\xa2\x06\xff\xff\xff\xff\x0f\x00", "field 100 at byte 0 has 4294967295 bytes, but 1 are left"),
        (b"\x0a" + b"\x80" * 11, "the number at byte 1 does not end"),
        (b"\x02\x00", "byte 0 starts a field of number 0"),
        (b"\x0b\x00", "byte 0 starts a field of kind 3"),
    ],
)
def test_foreign_and_damaged_files(save, content, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        read_caffemodel(save(content))


def test_a_shape_that_lies_allocates_nothing(save):
    # BlobProto: num, channels, height, width of 2**31 - 1 each, one float
    sizes = b"".join(bytes([i << 3]) + b"\xff\xff\xff\xff\x07" for i in (1, 2, 3, 4))
    blob = sizes + b"\x2a\x04" + struct.pack("<f", 1)
    layer = b"\x22\x01a\x32" + bytes([len(blob)]) + blob
    with pytest.raises(ValueError, match=r"layer 'a': an array of shape \(2147483647, .* comes with 1 numbers"):
        read_caffemodel(save(b"\x12" + bytes([len(layer)]) + layer))
    blob = b"\x2a\x03abc"
    layer = b"\x22\x01a\x32" + bytes([len(blob)]) + blob
    with pytest.raises(ValueError, match="bytes are no multiple of 4"):
        read_caffemodel(save(b"\x12" + bytes([len(layer)]) + layer))


def test_names_must_be_text(save):
    with pytest.raises(ValueError, match="can't decode byte"):
        read_caffemodel(save(b"\x12\x03\x22\x01\xff"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_caffemodel(tmp_path / "nowhere.caffemodel")


def test_the_wire_by_hand():
    message = memoryview(b"\x08\x96\x01" + b"\x15abcd" + b"\x19abcdefgh")
    fields = [(field, kind, value if kind == 0 else bytes(value)) for field, kind, value in read_fields(message)]
    assert fields == [(1, 0, 150), (2, 5, b"abcd"), (3, 1, b"abcdefgh")]
    assert read_varint(memoryview(b"\xff" * 9 + b"\x01"), 0) == (2**64 - 1, 10)
