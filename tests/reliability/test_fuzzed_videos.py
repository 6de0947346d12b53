"""Videos with changed bytes: no crash, no hang, no error of another kind, and no guessed frame without a word."""

import os
import warnings
from collections import Counter

import av
import numpy as np
import pytest

from tsn_plugin.readers import DamagedFrameWarning, VideoReadError, open_video

FILES = {
    "h264.mp4": "libx264",
    "mpeg4.avi": "mpeg4",
    "h264.mkv": "libx264",
    "vp9.webm": "libvpx-vp9",
    "mpeg4.mp4": "mpeg4",
}
MUTATIONS = int(os.environ.get("TSN_MUTATIONS", 50))  # of each file
SIZE, FRAMES = (96, 64), 24


def write_texture(path, codec):
    """A video in which a pattern moves: it has something to lose in each frame."""
    rng = np.random.default_rng(0)
    pattern = rng.integers(0, 256, (SIZE[1] // 8 + 8, SIZE[0] // 8 + 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        context = stream.codec_context
        context.gop_size, context.bit_rate = 8, 800_000
        context.max_b_frames = 0 if "vp9" in codec else 2
        for number in range(FRAMES):
            image = np.ascontiguousarray(pattern[number : number + SIZE[1], 2 * number % 16 :][:, : SIZE[0]])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


def outcome(path, reference, backend="auto"):
    """How reading three frames ends, and whether they are those of the whole file."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with open_video(path, time_limit=60, backend=backend) as reader:
                indices = sorted({0, len(reader) // 2, len(reader) - 1})
                frames = reader.read(indices)
        except (VideoReadError, FileNotFoundError) as error:
            if path.name not in str(error):
                return "error without a name"
            return "error"
    if any(issubclass(each.category, DamagedFrameWarning) for each in caught):
        return "warning"
    if any(index >= len(reference) or frame.shape != reference[0].shape for index, frame in zip(indices, frames)):
        return "other video"
    same = all(np.array_equal(frame, reference[index]) for index, frame in zip(indices, frames))
    return "same" if same else "different"


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes_end_in_frames_or_in_an_error(tmp_path, mutated, name):
    write_texture(tmp_path / name, FILES[name])
    data = (tmp_path / name).read_bytes()
    with open_video(tmp_path / name) as reader:
        assert len(reader) == FRAMES
        reference = reader.read(range(FRAMES))
    rng, outcomes = np.random.default_rng(0), Counter()
    for number in range(MUTATIONS):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(mutated(data, rng))
        outcomes[outcome(path, reference)] += 1
        path.unlink()
    print(name, outcomes)
    assert outcomes["error"] + outcomes["warning"] >= MUTATIONS / 20
    assert not outcomes["error without a name"]
    assert outcomes["same"]
    if name != "vp9.webm":  # whose decoder takes nearly every byte for some pixels
        assert outcomes["different"] <= outcomes["error"] + outcomes["warning"]


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "vp9.webm"])
@pytest.mark.parametrize("backend", ["decord", "opencv"])
def test_other_backends_end_in_frames_or_in_an_error_too(tmp_path, mutated, name, backend):
    write_texture(tmp_path / name, FILES[name])
    data, rng, outcomes = (tmp_path / name).read_bytes(), np.random.default_rng(1), Counter()
    with open_video(tmp_path / name) as reader:
        reference = reader.read(range(FRAMES))
    for number in range(-(-MUTATIONS // 5)):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(mutated(data, rng))
        outcomes[outcome(path, reference, backend)] += 1
    assert outcomes["error"]
    assert not outcomes["error without a name"]


def test_a_strict_reader_refuses_what_the_decoder_would_guess(tmp_path):
    write_texture(tmp_path / "video.avi", "mpeg4")
    data = bytearray((tmp_path / "video.avi").read_bytes())
    data[len(data) // 2 : len(data) // 2 + 150] = bytes(150)
    (tmp_path / "video.avi").write_bytes(data)
    with (
        open_video(tmp_path / "video.avi") as reader,
        pytest.warns(DamagedFrameWarning, match=r"video\.avi is damaged"),
    ):
        assert sum(1 for _ in reader.iter_frames()) == len(reader)
    with open_video(tmp_path / "video.avi", strict=True) as reader, pytest.raises(VideoReadError, match="encode the"):
        list(reader.iter_frames())


def test_a_time_limit_names_the_file(tmp_path, make_video):
    make_video(tmp_path / "slow.mp4", num_frames=30)
    with pytest.raises(VideoReadError, match=r"slow\.mp4 took more than 0 s to read"):
        open_video(tmp_path / "slow.mp4", time_limit=0)


def test_huge_frames_are_refused_before_they_take_memory(tmp_path, make_video, monkeypatch):
    make_video(tmp_path / "huge.mp4", num_frames=3, size=(640, 480))
    monkeypatch.setattr("tsn_plugin.readers.pyav_reader.MAX_PIXELS", 640 * 480 - 1)
    with pytest.raises(VideoReadError, match=r"huge\.mp4 has frames of 640x480, more than 307199 pixels"):
        open_video(tmp_path / "huge.mp4")
