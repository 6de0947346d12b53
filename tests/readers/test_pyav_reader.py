import io
import random
import struct
import wave
from fractions import Fraction

import av
import numpy as np
import pytest

from tsn_plugin.readers import VideoReadError, open_video, pyav_reader
from tsn_plugin.readers.rgb import RGBConverter

NO_SCENE_CUTS = {"sc_threshold": "1000000000"}
KINDS = {  # name of the file: keywords of make_video
    "one_key.avi": {"gop": 100, "options": NO_SCENE_CUTS},
    "several_keys.avi": {"gop": 7, "options": NO_SCENE_CUTS},
    "b_frames.avi": {"gop": 21, "b_frames": 2, "options": NO_SCENE_CUTS},
    "b_frames.mkv": {"b_frames": 2},
    "h264.mp4": {"codec": "libx264", "b_frames": 3},
    "h264.avi": {"codec": "libx264", "b_frames": 3},
    "h264.ts": {"codec": "libx264", "b_frames": 3},
    "h264.h264": {"codec": "libx264", "b_frames": 3},
    "open_gop.mp4": {
        "codec": "libx264",
        "b_frames": 3,
        "options": {"x264-params": "open-gop=1:keyint=10:min-keyint=10:scenecut=0"},
    },
    "intra_refresh.mp4": {"codec": "libx264", "options": {"intra-refresh": "1"}},  # its "key frames" are none
    "mpeg1.mpg": {"codec": "mpeg1video"},
    "vp8.webm": {
        "codec": "libvpx",
        "options": {"auto-alt-ref": "1", "lag-in-frames": "8"},
    },  # some packets show nothing
    "variable_rate.mp4": {"codec": "libx264", "b_frames": 2, "times": [7 * n * n // 4 for n in range(40)]},
    "late_start.mkv": {"codec": "libx264", "times": [900 + 40 * n for n in range(40)]},
}
FRAMES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def video(folder, make_video):
    def make(name):
        path = folder / name
        return path if path.exists() else make_video(path, num_frames=FRAMES, **KINDS[name])

    return make


def remux(source, target, change, **options):
    """Copy a video; ``change(number, packet)`` gives the packet to write, or None."""
    with av.open(str(source)) as old, av.open(str(target), "w", options=options) as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(packet for packet in old.demux(video=0) if packet.size):
            changed = change(number, packet)
            if changed is not None:
                changed.stream = stream
                new.mux(changed)
    return target


def decoded_from_start(path):
    """What the plainest use of PyAV gives."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def assert_same(actual, expected):
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected):
        np.testing.assert_array_equal(one, other)


def some_indices(count):
    draw = random.Random(0)
    singles = [[0], [count - 1], [count // 2]]
    return singles + [draw.choices(range(count), k=3) for _ in range(5)] + [list(range(count))]


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_is_that_of_decoding_from_the_start(name, video, frame_level):
    path = video(name)
    expected = decoded_from_start(path)
    with open_video(path) as reader:
        assert reader.num_frames == len(expected) == FRAMES
        for indices in some_indices(FRAMES):
            frames = reader.read(indices)
            assert_same(frames, [expected[index] for index in indices])
            for index, frame in zip(indices, frames):
                assert abs(int(frame[-4, 8].mean()) - frame_level(index)) <= 4
        assert_same(list(reader.iter_frames()), expected)


@pytest.mark.parametrize("name", ["b_frames.avi", "h264.mp4", "open_gop.mp4", "h264.ts", "intra_refresh.mp4"])
@pytest.mark.parametrize("how", ["threads", "read again", "open file"])
def test_frames_do_not_depend_on_how_the_file_is_read(name, how, video, monkeypatch):
    path = video(name)
    expected = decoded_from_start(path)
    if how == "read again":
        monkeypatch.setattr(pyav_reader, "MAX_KEPT_BYTES", 0)
    source = io.BytesIO(path.read_bytes()) if how == "open file" else path
    with open_video(source, num_threads=3 if how == "threads" else 1) as reader:
        for indices in some_indices(FRAMES):
            assert_same(reader.read(indices), [expected[index] for index in indices])


def test_only_what_is_asked_for_is_converted_and_little_more_decoded(video, monkeypatch):
    converted, decoded = [], []
    feed = pyav_reader.PyAVReader._feed

    def counting_feed(self, *arguments):
        for frame in feed(self, *arguments):
            decoded.append(frame)
            yield frame

    class CountingConverter(RGBConverter):
        def __call__(self, frame):
            converted.append(frame)
            return super().__call__(frame)

    monkeypatch.setattr(pyav_reader, "RGBConverter", CountingConverter)
    monkeypatch.setattr(pyav_reader.PyAVReader, "_feed", counting_feed)
    with open_video(video("several_keys.avi")) as reader:
        reader.read([36, 36])
    assert (len(converted), len(decoded)) == (1, 2)  # key frames at 0, 7, ... 35: frames 35 and 36 are decoded
    decoded.clear()
    with open_video(video("b_frames.avi")) as reader:
        reader.read([18])
    assert len(decoded) == 7  # of I0 B1 B2 P3 ... P18 each third frame is needed


def test_repeated_indices_give_copies(video):
    with open_video(video("one_key.avi")) as reader:
        first, other, second = reader.read([3, 1, 3])
        assert reader.read([]) == []
    np.testing.assert_array_equal(first, second)
    assert not np.shares_memory(first, second)
    assert (first != other).any()


def test_a_frame_that_is_not_coded_is_the_one_before(video, folder):
    def replace(number, packet):
        if number != 5:
            return packet
        # a VOP header with coding type P, no seconds, 5 bits of time at 25 fps, and vop_coded = 0
        bits = "01" + "0" + "1" + f"{number:05b}" + "1" + "0"
        data = int(bits.ljust(16, "1"), 2).to_bytes(2, "big")
        skipped = av.Packet(b"\x00\x00\x01\xb6" + data)
        skipped.pts, skipped.dts, skipped.time_base = packet.pts, packet.dts, packet.time_base
        return skipped

    path = remux(video("one_key.avi"), folder / "not_coded.avi", replace)
    decoded = decoded_from_start(path)
    assert len(decoded) == FRAMES - 1
    expected = decoded[:5] + decoded[4:]
    with open_video(path) as reader:
        assert_same(reader.read(range(FRAMES)), expected)
        assert_same(reader.read([5]), [expected[5]])
        assert_same(list(reader.iter_frames()), expected)
    with open_video(path, backend="opencv") as reader:
        assert_same(reader.read(range(FRAMES)), expected)


def test_an_edit_list_hides_the_frames_before_it(video, folder):
    def earlier(number, packet):
        shift = int(Fraction(15, 25) / packet.time_base)
        packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
        return packet

    path = remux(video("h264.mp4"), folder / "edited.mp4", earlier, avoid_negative_ts="disabled")
    expected = decoded_from_start(path)
    assert 20 < len(expected) < 30
    with open_video(path) as reader:
        assert reader.num_frames == len(expected)
        for indices in some_indices(len(expected)):
            assert_same(reader.read(indices), [expected[index] for index in indices])


@pytest.mark.parametrize("name", ["h264.mp4", "open_gop.mp4"])
def test_a_stream_that_begins_amid_a_group_starts_at_its_first_whole_frame(name, video, folder):
    path = remux(video(name), folder / f"headless_{name}.mkv", lambda number, packet: packet if number > 2 else None)
    expected = decoded_from_start(path)
    assert len(expected) < FRAMES - 3
    with open_video(path) as reader:
        assert reader.num_frames == len(expected)
        assert_same(reader.read([len(expected) - 1, 0, 5]), [expected[-1], expected[0], expected[5]])


def test_frames_are_counted_whatever_the_header_says(video, folder):
    data = bytearray(video("one_key.avi").read_bytes())
    struct.pack_into("<I", data, 48, 500)  # AVI header: number of frames
    struct.pack_into("<I", data, data.find(b"strh") + 40, 500)  # stream header: length
    path = folder / "wrong_count.avi"
    path.write_bytes(data)
    assert open_video(path).num_frames == FRAMES


def test_a_frame_that_is_cut_off_is_not_counted(video, folder):
    data = video("one_key.avi").read_bytes()
    path = folder / "cut_off.avi"
    path.write_bytes(data[: (data.find(b"movi") + data.find(b"idx1")) // 2])
    expected = decoded_from_start(video("one_key.avi"))
    with open_video(path) as reader:
        assert 5 < reader.num_frames < FRAMES
        assert_same(reader.read(range(reader.num_frames)), expected[: reader.num_frames])


def rotate(path, target):
    """Write a quarter turn into the matrix of the track header."""
    data = bytearray(path.read_bytes())
    matrix = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    struct.pack_into(">9i", data, data.find(b"tkhd") + 44, *matrix)
    target.write_bytes(data)
    return target


@pytest.mark.parametrize("backend", ["pyav", "decord", "opencv"])
def test_the_rotation_flag_is_obeyed(backend, video, folder):
    path = rotate(video("h264.mp4"), folder / f"rotated_{backend}.mp4")
    upright = decoded_from_start(video("h264.mp4"))
    with open_video(path, backend=backend) as reader:
        assert_same(reader.read([0, 7]), [np.rot90(upright[0], -1), np.rot90(upright[7], -1)])


def test_fps_and_name(video):
    reader = open_video(video("one_key.avi"))
    assert reader.fps == 25
    assert reader.name == str(video("one_key.avi"))


def test_errors_name_the_file_and_the_remedy(video, folder):
    with pytest.raises(FileNotFoundError, match=r"no_such\.avi does not exist"):
        open_video(folder / "no_such.avi")
    text = folder / "text.mp4"
    text.write_text("not a video at all\n" * 30)
    with pytest.raises(VideoReadError, match=r"text\.mp4 cannot be read as a video .*take it out of the list"):
        open_video(text)
    empty = folder / "empty.avi"
    empty.touch()
    with pytest.raises(VideoReadError, match=r"empty\.avi cannot be read as a video"):
        open_video(empty)
    sound = folder / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    with pytest.raises(VideoReadError, match=r"sound\.wav has no video stream"):
        open_video(sound)
    with pytest.raises(IndexError, match=r"one_key\.avi has 40 frames \(0 to 39\), not 40"):
        open_video(video("one_key.avi")).read([3, 40])
    with pytest.raises(ValueError, match="backend='gpu' is unknown; known: auto, pyav, decord, opencv"):
        open_video(text, backend="gpu")


def test_a_damaged_tail_is_told_with_what_can_be_decoded(video, folder):
    def break_last(number, packet):
        if number < 30:
            return packet
        broken = av.Packet(b"\x00\x00\x00\x02\x65\x00")  # an IDR slice without contents
        broken.pts, broken.dts, broken.time_base = packet.pts, packet.dts, packet.time_base
        return broken

    path = remux(video("h264.mp4"), folder / "damaged.mp4", break_last)
    with open_video(path) as reader:
        assert reader.num_frames == FRAMES
        assert_same(reader.read([3]), decoded_from_start(video("h264.mp4"))[3:4])
        message = r"damaged\.mp4: frame 39 of 40 cannot be decoded.*the first \d\d frames can; encode the video again"
        with pytest.raises(VideoReadError, match=message):
            reader.read([39])
        with pytest.raises(VideoReadError, match=r"frame \d\d of 40 cannot be decoded"):
            list(reader.iter_frames())
