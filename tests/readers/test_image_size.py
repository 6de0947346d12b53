"""Sizes from headers agree with those that OpenCV decodes; every other byte string has none."""

import cv2
import numpy as np
import pytest

from tsn_plugin.readers import VideoReadError, open_frames
from tsn_plugin.readers.image_size import image_size

RNG = np.random.default_rng(0)


def encoded(suffix, *, size=(37, 21), channels=3, options=()):
    image = RNG.integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
    return cv2.imencode(suffix, image, list(options))[1].tobytes()


IMAGES = {
    "JPEG": encoded(".jpg"),
    "grey JPEG": encoded(".jpg", channels=1),
    "progressive JPEG": encoded(".jpg", options=(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)),
    "restart markers": encoded(".jpg", options=(cv2.IMWRITE_JPEG_RST_INTERVAL, 2)),
    "PNG": encoded(".png"),
    "grey PNG": encoded(".png", channels=1),
    "BMP": encoded(".bmp"),
    "WebP": encoded(".webp"),
    "TIFF": encoded(".tiff"),
    "PPM": encoded(".ppm"),
}


@pytest.mark.parametrize("data", IMAGES.values(), ids=IMAGES)
def test_the_size_is_that_of_the_decoded_image(data):
    assert image_size(data) == (37, 21)
    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[:2] == (21, 37)


@pytest.mark.parametrize(
    "inserted",
    [
        b"\xff\xff\xff",
        b"rubbish\x00",
        b"\xff\xe1\x00\x0aExif\x00\x00\xff\xc0",
        b"\xff\xfe\x00\x04\xff\xd9",
        b"\xff\xd0",
    ],
    ids=["fill bytes", "rubbish", "a frame in a comment", "an end in a comment", "a marker alone"],
)
def test_a_jpeg_is_read_as_libjpeg_reads_it(inserted):
    data = IMAGES["JPEG"][:2] + inserted + IMAGES["JPEG"][2:]
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is None or image_size(data) == decoded.shape[1::-1]
    if b"\xff\xc0" in inserted:
        assert image_size(data) == (37, 21)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8\xff\xd9", b"\xff\xd8" + b"\xff" * 99, b"\x89PNG\r\n\x1a\n"],
)
def test_what_is_no_image_has_no_size(data):
    assert image_size(data) is None


def test_a_cut_header_has_no_size_that_the_image_lacks():
    for data in IMAGES.values():
        assert {image_size(data[:end]) for end in range(0, len(data), 7)} <= {None, (37, 21)}


def test_the_limit_is_that_of_videos(tmp_path, make_frame_folder, monkeypatch):
    folder = make_frame_folder(tmp_path / "v", num_frames=1, size=(64, 48))
    monkeypatch.setattr("tsn_plugin.readers.frame_folder.MAX_PIXELS", 64 * 48 - 1)
    for modality, name in (("RGB", "img"), ("Flow", "flow_x")):
        with pytest.raises(VideoReadError, match=rf"{name}_00001\.jpg has 64x48 pixels, more than 3071; extract"):
            open_frames(folder, modality=modality).read([0])
