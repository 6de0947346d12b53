import io

import av
import numpy as np
import pytest

from tsn_plugin.readers import open_video, other_backends
from tsn_plugin.readers.other_backends import DecordReader, OpenCVReader
from tsn_plugin.readers.pyav_reader import PyAVReader

pytest.importorskip("decord")
X264 = {"codec": "libx264", "b_frames": 2, "gop": 9}
KINDS = {  # name of the file: keywords of make_video, what decord and what OpenCV are read by
    "h264.mp4": (X264, DecordReader, OpenCVReader),
    "h264.mkv": (X264, DecordReader, OpenCVReader),
    "h264.avi": (X264, DecordReader, OpenCVReader),
    "h264_444.mp4": ({**X264, "pix_fmt": "yuv444p"}, DecordReader, OpenCVReader),
    "h264_odd_width.mkv": ({**X264, "pix_fmt": "yuv444p", "size": (65, 48)}, DecordReader, OpenCVReader),
    "bt709.mp4": ({**X264, "colorspace": 1}, DecordReader, OpenCVReader),
    "full_range.mp4": ({**X264, "pix_fmt": "yuvj420p", "colorspace": 1}, DecordReader, OpenCVReader),
    "variable_rate.mp4": ({**X264, "times": [7 * n * n // 4 for n in range(20)]}, DecordReader, OpenCVReader),
    "vp9.webm": ({"codec": "libvpx-vp9"}, DecordReader, OpenCVReader),
    "narrow.mp4": ({**X264, "size": (48, 40)}, PyAVReader, OpenCVReader),  # decord gives it four channels
    "h264.ts": (X264, PyAVReader, OpenCVReader),
    "mpeg4.avi": ({}, PyAVReader, None),
    "mpeg4_b_frames.avi": ({"b_frames": 2}, PyAVReader, None),
    "mpeg4_odd_height.avi": ({"size": (64, 49)}, PyAVReader, PyAVReader),
    "mjpeg_odd.avi": ({"codec": "mjpeg", "pix_fmt": "yuvj420p", "size": (63, 47)}, PyAVReader, PyAVReader),
    "ten_bits.mp4": ({**X264, "pix_fmt": "yuv420p10le"}, PyAVReader, PyAVReader),
    "interlaced.mp4": ({**X264, "options": {"x264-params": "interlaced=1"}}, PyAVReader, PyAVReader),
}
FRAMES = 20


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("backend", ["decord", "opencv"])
def test_frames_are_those_of_pyav_bit_for_bit(name, backend, tmp_path, make_video):
    keywords, by_decord, by_opencv = KINDS[name]
    path = make_video(tmp_path / name, num_frames=FRAMES, **keywords)
    with open_video(path) as reader:
        assert reader.num_frames == FRAMES
        expected, fps = reader.read(range(FRAMES)), reader.fps
    with open_video(path, backend=backend) as reader:
        kind = by_decord if backend == "decord" else by_opencv
        assert kind is None or type(reader) is kind
        assert (reader.num_frames, reader.fps, reader.name) == (FRAMES, fps, str(path))
        for indices in ([19], [13, 2, 13], [2, 3], list(range(FRAMES))):
            frames = reader.read(indices)
            for index, frame in zip(indices, frames):
                np.testing.assert_array_equal(frame, expected[index])
        np.testing.assert_array_equal(np.stack(list(reader.iter_frames())), np.stack(expected))


@pytest.mark.parametrize("backend", ["pyav", "decord", "opencv"])
@pytest.mark.parametrize("name", ["a: b.mp4", "concat:x|y.mp4", "%05d #1&(2) \u89c6.mp4", "-v.mp4"])
def test_a_file_may_have_any_name(backend, name, tmp_path, make_video, monkeypatch):
    """FFmpeg takes what stands before a colon for a protocol."""
    make_video(tmp_path / name, num_frames=3, **X264)
    monkeypatch.chdir(tmp_path)
    with open_video(name, backend=backend) as reader:
        assert (reader.name, len(reader.read([0, 2]))) == (name, 2)


def test_opencv_decodes_mpeg4_only_with_the_ffmpeg_of_pyav(tmp_path, make_video, monkeypatch):
    path = make_video(tmp_path / "a.avi", num_frames=3)
    monkeypatch.setattr(other_backends, "_opencv_avcodec", lambda: 1)
    assert type(open_video(path, backend="opencv")) is PyAVReader


@pytest.mark.parametrize(("backend", "kind"), [("decord", DecordReader), ("opencv", PyAVReader)])
def test_open_files(backend, kind, tmp_path, make_video):
    path = make_video(tmp_path / "a.mp4", num_frames=FRAMES, **X264)
    with open_video(io.BytesIO(path.read_bytes()), backend=backend) as reader:
        assert type(reader) is kind
        np.testing.assert_array_equal(reader.read([7])[0], open_video(path).read([7])[0])


def test_the_version_of_opencvs_ffmpeg_is_known():
    assert isinstance(other_backends._opencv_avcodec(), int)


@pytest.mark.parametrize("backend", ["decord", "opencv"])
def test_a_file_whose_first_frame_cannot_be_decoded_is_left_to_pyav(backend, tmp_path, make_video, monkeypatch):
    def damaged(self):
        raise av.error.InvalidDataError(1, "invalid data")

    path = make_video(tmp_path / "a.mp4", num_frames=3, **X264)
    monkeypatch.setattr(PyAVReader, "decoded_frames", damaged)
    assert type(open_video(path, backend=backend)) is PyAVReader
