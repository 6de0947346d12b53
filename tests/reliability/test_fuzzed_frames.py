"""Extracted frames with changed bytes: an error with the file's name, or a picture; in archives never another one."""

import os
from collections import Counter

import cv2
import numpy as np
import pytest

from tsn_plugin.readers import VideoReadError, open_frames
from tsn_plugin.readers.frame_archive import ArchiveWriter
from tsn_plugin.readers.jpeg_damage import is_damaged

MUTATIONS = int(os.environ.get("TSN_MUTATIONS", 100))  # of each way to store them


@pytest.fixture(scope="module")
def picture():
    """The bytes of a JPEG as smooth, and as noisy, as a photograph: of mere noise a decoder takes nearly all bytes."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(0, 1, (128, 192, 3)).cumsum(0).cumsum(1)
    smooth = 255 * (smooth - smooth.min()) / np.ptp(smooth)
    image = np.clip(smooth + rng.normal(0, 6, smooth.shape), 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()


def mutated(data, rng, *, first=0, end=None):
    """Bytes that are cut off, flipped, zeroed, lost, or doubled; with an ``end`` only such that keep their number."""
    kept, data = end is not None, bytearray(data)
    kind, place, length = rng.integers(2 if kept else 5), rng.integers(first, end or len(data)), rng.integers(1, 200)
    stop = min(place + length, end or len(data))
    if kind == 0:
        for flipped in rng.integers(place, stop, size=rng.integers(1, 10)):
            data[flipped] ^= 1 << rng.integers(8)
    elif kind == 1:
        data[place:stop] = bytes(stop - place)
    elif kind == 2:
        del data[place:]
    elif kind == 3:
        del data[place:stop]
    else:
        data[place:place] = data[place:stop]
    return bytes(data)


def outcome(folder, name, expected, *, strict=False):
    """How reading the only frame ends."""
    try:
        frame = open_frames(folder, strict=strict).read_numbers([1])[0]
    except VideoReadError as error:
        return "error" if name in str(error) else "error without a name"
    return "same" if np.array_equal(frame, expected) else "different"


def test_changed_pictures_of_folders(tmp_path, picture):
    rng, outcomes = np.random.default_rng(0), {False: Counter(), True: Counter()}
    path = tmp_path / "img_00001.jpg"
    path.write_bytes(picture)
    (expected,) = open_frames(tmp_path, strict=True).read([0])
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(picture, rng))
        for strict, counts in outcomes.items():
            counts[outcome(tmp_path, path.name, expected, strict=strict)] += 1
    print(outcomes)
    for counts in outcomes.values():
        assert set(counts) <= {"error", "different", "same"}
    assert outcomes[False]["error"] >= MUTATIONS / 10  # those that were cut off, at least
    assert outcomes[True]["error"] >= MUTATIONS / 3  # a strict reader finds more; JPEG has no checksum


def test_changed_pictures_of_archives_are_never_given(tmp_path, picture):
    path = tmp_path / "clip.zip"
    writer = ArchiveWriter(path)
    writer.write("img_00001.jpg", picture)
    writer.close()
    whole = path.read_bytes()
    (expected,) = open_frames(path).read([0])
    begin, rng, outcomes = whole.index(picture), np.random.default_rng(0), Counter()
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(whole, rng, first=begin, end=begin + len(picture)))
        outcomes[outcome(path, "clip.zip", expected)] += 1
    print(outcomes)
    assert set(outcomes) <= {"error", "same"}
    assert outcomes["error"] > outcomes["same"]


@pytest.mark.parametrize("progressive", [0, 1])
@pytest.mark.parametrize("restart", [0, 4])
@pytest.mark.parametrize("shape", [(96, 128, 3), (17, 23), (1, 1, 3)])
def test_sound_pictures_are_not_refused(progressive, restart, shape):
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive, cv2.IMWRITE_JPEG_RST_INTERVAL, restart]
    data = cv2.imencode(".jpg", image, options)[1].tobytes()
    for sound in (data, data + bytes(100), cv2.imencode(".png", image)[1].tobytes()):
        assert not is_damaged(sound)
