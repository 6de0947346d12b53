"""Bad videos and frames of every kind: the right frames or an error with the name, which training skips."""

import os
import shutil
import struct
import time
from contextlib import contextmanager
from functools import partial

import av
import cv2
import mmaction.datasets.transforms as stock
import numpy as np
import pytest

from tsn_plugin.datasets import RawframeDataset, VideoDataset, dependable
from tsn_plugin.preparation.dataset_check import check_lists
from tsn_plugin.preparation.extraction import plan_extraction, run_extraction
from tsn_plugin.preparation.extraction_options import ExtractionOptions
from tsn_plugin.preparation.line_check import CheckOptions
from tsn_plugin.readers import BACKENDS, DamagedFrameWarning, VideoReadError, open_frames, open_video
from tsn_plugin.transforms import ComputeFlow, DecodeFlowFrames, DecordDecode, DecordInit, RawFrameDecode, SampleFrames

X264 = {"codec": "libx264", "options": {"x264-params": "keyint=10:min-keyint=10:scenecut=0"}}
FRAMES = 24


def sound(path):
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16000, 0
        container.mux(stream.encode(frame) + stream.encode(None))


def half(path):
    data = path.with_name("good.mp4").read_bytes()
    path.write_bytes(data[: len(data) // 2])


def blank_key(path, number, share=1.0):
    """Zeros in place of the end of the ``number``-th key frame of the good video."""
    good = path.with_name("good.mp4")
    with av.open(str(good)) as container:
        keys = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size and packet.is_keyframe]
    (position, size), data = keys[number], bytearray(good.read_bytes())
    lost = int(size * share)
    data[position + size - lost : position + size] = bytes(lost)
    path.write_bytes(data)


#: name of the file: what makes it, and what the message says
UNREADABLE = {
    "half.mp4": (half, "cannot be read as a video"),
    "empty.mp4": (lambda path: path.touch(), "cannot be read as a video"),
    "text.mp4": (lambda path: path.write_text("no video " * 100), "cannot be read as a video"),
    "sound.mp4": (sound, "has no video stream"),
    "no_first_key.mp4": (lambda path: blank_key(path, 0), "cannot be read as a video"),
    "folder.mp4": (lambda path: path.mkdir(), "is a folder"),
    "pipe.mp4": (os.mkfifo, "is a pipe"),
    "endless.mp4": (lambda path: path.symlink_to("/dev/zero"), "is a device"),
    "loop.mp4": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "absent.mp4": (lambda path: None, "does not exist"),
}


@pytest.fixture(scope="module")
def videos(tmp_path_factory, make_video):
    """A good video, one for each kind of bad ones, and their list; the good one is the last."""
    folder = tmp_path_factory.mktemp("videos")
    make_video(folder / "good.mp4", num_frames=FRAMES, **X264)
    for name, (make, _) in UNREADABLE.items():
        make(folder / name)
    (folder / "list.txt").write_text("".join(f"{name} 0\n" for name in [*UNREADABLE, "good.mp4"]))
    return folder


@contextmanager
def as_nobody():
    """Root may read everything; this process is not root for a while."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_video_is_told_by_name(videos, name, backend):
    with pytest.raises((VideoReadError, FileNotFoundError), match=rf"{name}.*{UNREADABLE[name][1]}"):
        open_video(videos / name, backend=backend).read([0])


def test_what_may_not_be_read_is_told_by_name(tmp_path, make_video, make_frame_folder):
    path = make_video(tmp_path / "forbidden.mp4", num_frames=3)
    frames = make_frame_folder(tmp_path / "frames", num_frames=2)
    path.chmod(0)
    (frames / "img_00002.jpg").chmod(0)
    with as_nobody():
        with pytest.raises(VideoReadError, match=r"forbidden\.mp4 cannot be (read|opened) .*Permission denied"):
            open_video(path)
        with pytest.raises(PermissionError, match=r"img_00002\.jpg"):
            open_frames(frames).read_numbers([2])


def test_a_packet_without_an_end_is_given_up_in_time(tmp_path, make_video):
    path = make_video(tmp_path / "sparse.mpg", num_frames=5, codec="mpeg1video")
    os.truncate(path, 2**40)  # zeros, which take no room; reading them takes minutes
    start = time.monotonic()
    with pytest.raises(VideoReadError, match=r"sparse\.mpg took more than 0\.3 s to read"):
        open_video(path, time_limit=0.3)
    assert time.monotonic() - start < 60


def frame_or_none(reader, number):
    try:
        return reader.read([number])[0]
    except VideoReadError as error:
        return None if reader.name in str(error) else pytest.fail(f"{error} does not name the file")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_damaged_key_frame_costs_its_group(videos, backend):
    blank_key(videos / "no_second_key.mp4", 1)
    expected = open_video(videos / "good.mp4").read(range(FRAMES))
    for number in (3, 10, 15):
        with open_video(videos / "no_second_key.mp4", backend=backend) as reader:
            assert len(reader) == FRAMES
            frame = frame_or_none(reader, number)
            assert (frame is None) == (number >= 10) or backend == "decord"  # which decodes ahead, in a thread
            if frame is not None:
                np.testing.assert_array_equal(frame, expected[number])
    with open_video(videos / "no_second_key.mp4") as reader:
        np.testing.assert_array_equal(reader.read([22])[0], expected[22])  # of the next group


def test_half_a_key_frame_is_told_by_a_warning(videos):
    blank_key(videos / "half_a_key.mp4", 1, share=0.6)
    expected = open_video(videos / "good.mp4").read([15, 22])
    with open_video(videos / "half_a_key.mp4") as reader:
        with pytest.warns(DamagedFrameWarning, match=r"half_a_key\.mp4 is damaged at or before frame 15 of 24"):
            reader.read([15])
        np.testing.assert_array_equal(reader.read([22])[0], expected[1])
    with (
        open_video(videos / "half_a_key.mp4", strict=True) as reader,
        pytest.raises(VideoReadError, match="half_a_key"),
    ):
        reader.read([15])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [2, 500])
def test_a_header_may_lie_about_the_number_of_frames(tmp_path, make_video, backend, count):
    data = bytearray(make_video(tmp_path / "honest.avi", num_frames=9).read_bytes())
    for place in (48, data.find(b"strh") + 40):
        struct.pack_into("<I", data, place, count)
    (tmp_path / "liar.avi").write_bytes(data)
    with open_video(tmp_path / "honest.avi") as honest, open_video(tmp_path / "liar.avi", backend=backend) as liar:
        assert len(liar) == 9
        np.testing.assert_array_equal(liar.read(range(9)), honest.read(range(9)))


@pytest.mark.parametrize("change", [-3, 100_000])
def test_a_table_may_lie_about_the_number_of_frames(videos, change):
    data = bytearray((videos / "good.mp4").read_bytes())
    place = data.find(b"stsz") + 12
    struct.pack_into(">I", data, place, FRAMES + change)
    (videos / "liar.mp4").write_bytes(data)
    if change > 0:  # the table would reach beyond the file
        with pytest.raises(VideoReadError, match=r"liar\.mp4"):
            open_video(videos / "liar.mp4")
        return
    expected = open_video(videos / "good.mp4").read(range(FRAMES))
    with open_video(videos / "liar.mp4") as reader:
        assert FRAMES + change - 3 <= len(reader) <= FRAMES + change  # what is not in the table is not there
        np.testing.assert_array_equal(reader.read([0, 11]), [expected[0], expected[11]])


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_frame_is_a_video(tmp_path, make_video, backend):
    path = make_video(tmp_path / "one.mp4", num_frames=1, **X264)
    with open_video(path, backend=backend) as reader:
        assert len(reader) == 1
        np.testing.assert_array_equal(reader.read([0]), open_video(path).read([0]))


ONE, HALF = 1 << 16, 1 << 30


@pytest.mark.parametrize(
    ("matrix", "turns"),
    [((0, ONE, -ONE, 0), -1), ((-ONE, 0, 0, -ONE), 2), ((0, -ONE, ONE, 0), 1), ((46341, 46341, -46341, 46341), 0)],
)
def test_frames_are_turned_as_mmaction2s_decoders_turn_them(tmp_path, make_video, matrix, turns):
    data = bytearray(make_video(tmp_path / "upright.mp4", num_frames=3, size=(128, 96), **X264).read_bytes())
    a, b, c, d = matrix
    struct.pack_into(">9i", data, data.find(b"tkhd") + 44, a, b, 0, c, d, 0, 0, 0, HALF)
    (tmp_path / "turned.mp4").write_bytes(data)
    expected = np.rot90(open_video(tmp_path / "upright.mp4").read([1])[0], turns)
    results = dict(filename=str(tmp_path / "turned.mp4"), frame_inds=np.array([1]))
    for init, decode in ((stock.DecordInit(), stock.DecordDecode()), (stock.OpenCVInit(), stock.OpenCVDecode())):
        np.testing.assert_array_equal(decode(init(dict(results)))["imgs"][0], expected)
    for backend in BACKENDS:
        np.testing.assert_array_equal(DecordDecode()(DecordInit(backend=backend)(dict(results)))["imgs"][0], expected)


def steps_of(modality):
    if modality == "RGB":
        return [DecordInit(), SampleFrames(clip_len=1, num_clips=3), DecordDecode()]
    decode = ComputeFlow("dis") if modality == "Flow" else DecodeFlowFrames()
    return [DecordInit(), SampleFrames(clip_len=2, num_clips=2), decode]


def check_skips(make, names, monkeypatch):
    """Training gives the good one for each bad one, which it names once; testing raises for each. The last is good."""
    training, testing, told = make(max_unreadable_share=1.0), make(test_mode=True), []
    monkeypatch.setattr(dependable, "print_log", lambda text, *_: told.append(text))
    for number, name in enumerate(names):
        item = training[number]
        assert "good" in str(item.get("filename") or item["frame_dir"])
        with pytest.raises(OSError, match=name):
            testing[number]
        assert sum(f"/{name}" in text for text in told) == 1
    assert len(told) == len(names)
    assert "good" in str(testing[len(names)])


@pytest.mark.parametrize("modality", ["RGB", "Flow", "Flow on the device"])
def test_training_skips_and_names_bad_videos_and_testing_tells_them(videos, make_video, modality, monkeypatch):
    names = list(UNREADABLE)
    if modality != "RGB":
        make_video(videos / "one_frame.mp4", num_frames=1)
        names.append("one_frame.mp4")
    (videos / "list.txt").write_text("".join(f"{name} 0\n" for name in [*names, "good.mp4"]))
    common = dict(modality=modality.split()[0], start_index=0, data_prefix=dict(video=str(videos)))
    check_skips(partial(VideoDataset, str(videos / "list.txt"), steps_of(modality), **common), names, monkeypatch)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-2])


def zero_tail(path):
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2].ljust(len(data), b"\0"))  # as after a power failure


def replaced_by(make):
    def replace(path):
        path.unlink()
        make(path)

    return replace


#: name of the folder: what becomes of its second image, or of y of its second flow field
BAD_FRAMES = {
    "missing": os.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no image"),
    "cut_off": cut_off,
    "zero_tail": zero_tail,
    "pipe": replaced_by(os.mkfifo),
    "folder": replaced_by(os.mkdir),
    "endless": replaced_by(lambda path: path.symlink_to("/dev/zero")),
    "loop": replaced_by(lambda path: path.symlink_to(path.name)),
    "other_size": lambda path: path.write_bytes(cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes()),
    "absent": lambda path: shutil.rmtree(path.parent),
}


@pytest.mark.parametrize("modality", ["RGB", "Flow"])
def test_training_skips_and_names_bad_frames_and_testing_tells_them(tmp_path, make_frame_folder, modality, monkeypatch):
    make_frame_folder(tmp_path / "good", num_frames=3)
    template = {"RGB": "img_{:05d}.jpg", "Flow": "flow_{}_{:05d}.jpg"}[modality]
    second = template.format(*"y" * (modality == "Flow"), 2)
    names = [name for name in BAD_FRAMES if modality == "Flow" or name != "other_size"]
    for name in names:
        BAD_FRAMES[name](make_frame_folder(tmp_path / name, num_frames=3) / second)
    (tmp_path / "list.txt").write_text("".join(f"{name} 3 0\n" for name in [*names, "good"]))
    common = dict(modality=modality, filename_tmpl=template, start_index=1, data_prefix=dict(img=str(tmp_path)))
    steps = [SampleFrames(clip_len=1, num_clips=3, test_mode=True), RawFrameDecode()]
    check_skips(partial(RawframeDataset, str(tmp_path / "list.txt"), steps, **common), names, monkeypatch)


def test_extraction_notes_bad_videos_and_goes_on(videos, make_video):
    make_video(videos / "one_frame.mp4", num_frames=1)
    out = videos / "out"
    jobs = plan_extraction(videos / "list.txt", out, ExtractionOptions(method="dis"), list_root=videos)
    report = run_extraction(jobs, out, workers=0)
    failed = {job.video.name: reason for job, reason in report.failures}
    assert set(failed) >= set(UNREADABLE)
    assert failed.pop("one_frame.mp4", "has fewer than 2 frames").count("has fewer than 2 frames")
    for name, reason in failed.items():
        assert UNREADABLE[name][1] in reason
    assert [pairs for _, pairs in report.results] == [FRAMES - 1]
    assert sorted(path.name for path in out.iterdir()) == ["extraction.json", "failed.txt", "good"]


def test_the_check_names_bad_videos(videos):
    (videos / "bad.txt").write_text("".join(f"{name} 0\n" for name in UNREADABLE))
    report = check_lists([videos / "bad.txt"], CheckOptions("video", videos), workers=0)
    found = {problem.path: problem for problem in report.problems if problem.severity == "error"}
    assert set(found) == set(UNREADABLE)
    for name, problem in found.items():
        assert UNREADABLE[name][1] in problem.message
        assert problem.kind == ("missing" if name == "absent.mp4" else "unreadable")
