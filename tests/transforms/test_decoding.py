import copy

import mmaction.datasets.transforms as stock
import numpy as np
import pytest

from tsn_plugin.readers.other_backends import OpenCVReader
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms import (
    DecordDecode,
    DecordInit,
    OpenCVDecode,
    OpenCVInit,
    PyAVDecode,
    PyAVInit,
    RawFrameDecode,
)

FRAMES = 24


@pytest.fixture(scope="module")
def video(tmp_path_factory, make_video):
    path = tmp_path_factory.mktemp("videos") / "clip.mp4"
    return str(make_video(path, num_frames=FRAMES, codec="libx264", b_frames=2, gop=10))


@pytest.fixture(scope="module")
def frames(tmp_path_factory, make_frame_folder):
    return str(make_frame_folder(tmp_path_factory.mktemp("frames") / "clip", num_frames=6))


def run(steps, **results):
    for step in steps:
        results = step(results)
    return results


def boxes():
    return {"gt_bboxes": np.array([[0.25, 0.5, 0.5, 1]]), "proposals": np.array([[0, 0, 1, 1.0]])}


def assert_same_results(ours, theirs, *, but=()):
    assert ours.keys() - set(but) == theirs.keys() - set(but)
    for key in theirs.keys() - set(but):
        if key == "imgs":
            assert len(ours[key]) == len(theirs[key])
            for one, other in zip(ours[key], theirs[key]):
                assert one.dtype == other.dtype
                np.testing.assert_array_equal(one, other)
        elif isinstance(theirs[key], np.ndarray):
            assert ours[key].dtype == theirs[key].dtype
            np.testing.assert_array_equal(ours[key], theirs[key])
        else:
            assert ours[key] == theirs[key], key


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("backend", ["auto", "pyav", "decord", "opencv"])
def test_decord_pair_gives_what_mmaction2_gives(backend, num_threads, video):
    start = {"filename": video, "frame_inds": np.array([[5], [0], [23], [5]]), **boxes()}
    ours = run([DecordInit(backend=backend, num_threads=num_threads), DecordDecode()], **start)
    assert_same_results(ours, run([stock.DecordInit(), stock.DecordDecode()], **copy.deepcopy(start)))
    assert ours["total_frames"] == FRAMES
    assert ours["img_shape"] == ours["original_shape"] == (48, 64)
    assert ours["video_reader"] is None
    np.testing.assert_array_equal(ours["gt_bboxes"], [[16, 24, 32, 48]])


def test_pyav_pair_gives_what_mmaction2_gives(video):
    start = {"filename": video, "frame_inds": np.array([5, 0, 22])}
    ours = run([PyAVInit(), PyAVDecode(multi_thread=True)], **start)
    assert_same_results(ours, run([stock.PyAVInit(), stock.PyAVDecode()], **start), but=["avg_fps"])


def test_opencv_pair_gives_what_mmaction2_gives(video):
    start = {"filename": video, "frame_inds": np.array([5, 0, 22])}
    opened = OpenCVInit()(dict(start))
    assert isinstance(opened["video_reader"], OpenCVReader)
    assert opened["avg_fps"] == 25
    ours = OpenCVDecode()(opened)
    assert_same_results(ours, run([stock.OpenCVInit(), stock.OpenCVDecode()], **start), but=["avg_fps"])


@pytest.mark.parametrize("first", [DecordInit, PyAVInit, OpenCVInit])
def test_files_may_come_from_any_storage(first, video):
    start = {"filename": video, "frame_inds": np.array([7])}
    expected = run([DecordInit(), DecordDecode()], **start)
    through_storage = run([first(io_backend="local", backend_args={}), DecordDecode()], **start)
    np.testing.assert_array_equal(through_storage["imgs"][0], expected["imgs"][0])


def test_a_name_without_extension_means_mp4_as_in_mmaction2(video):
    assert DecordInit()({"filename": video[: -len(".mp4")]})["total_frames"] == FRAMES


def test_efficient_mode_gives_the_frames_asked_for(video):
    start = {"filename": video, "frame_inds": np.array([7, 3])}
    np.testing.assert_array_equal(
        run([DecordInit(), DecordDecode(mode="efficient")], **start)["imgs"],
        run([DecordInit(), DecordDecode()], **start)["imgs"],
    )


def as_fields(images):
    """Flow as ``(H, W, 2)``: MMAction2 1.1 gives x and y as neighbours in the list."""
    if images[0].ndim == 3:
        return images
    return [np.stack(pair, axis=-1) for pair in zip(images[::2], images[1::2])]


@pytest.mark.parametrize(
    ("modality", "template"), [("RGB", "img_{:05d}.jpg"), ("Flow", "flow_{}_{:05d}.jpg")], ids=["RGB", "Flow"]
)
@pytest.mark.parametrize("decoding_backend", ["cv2", "pillow"])
def test_raw_frames_are_those_of_mmaction2(modality, template, decoding_backend, frames):
    start = {
        "frame_dir": frames,
        "filename_tmpl": template,
        "modality": modality,
        "total_frames": 6,
        "offset": 1,
        "frame_inds": np.array([[4], [1], [4]]),
        **boxes(),
    }
    ours = run([RawFrameDecode(decoding_backend=decoding_backend)], **start)
    theirs = run([stock.RawFrameDecode(decoding_backend=decoding_backend)], **copy.deepcopy(start))
    theirs["imgs"] = as_fields(theirs["imgs"])
    assert_same_results(ours, theirs)
    assert not np.shares_memory(ours["imgs"][0], ours["imgs"][2])


@pytest.mark.parametrize(("modality", "channels"), [("RGBDiff", 3), ("WarpedFlow", 2)])
def test_raw_frames_of_modalities_that_mmaction2_has_not(modality, channels, frames):
    template = "img_{:05d}.jpg" if channels == 3 else "flow_{}_{:05d}.jpg"
    start = {"frame_dir": frames, "filename_tmpl": template, "modality": modality, "frame_inds": np.array([1, 2])}
    for io_backend in ("disk", "local"):
        images = run([RawFrameDecode(io_backend=io_backend)], **start)["imgs"]
        assert [image.shape for image in images] == [(48, 64, channels)] * 2


def test_a_list_with_too_many_frames(frames):
    results = {
        "frame_dir": frames,
        "filename_tmpl": "flow_{}_{:05d}.jpg",
        "modality": "Flow",
        "frame_inds": np.array([7]),
        "total_frames": 7,
    }
    with pytest.raises(FileNotFoundError, match=r"flow_x_00007\.jpg does not exist: the folder holds 6 frames"):
        RawFrameDecode()(results)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("DecordInit", "DecordInit(io_backend=disk, num_threads=1)"),
        ("DecordDecode", "DecordDecode(mode=accurate)"),
        ("PyAVInit", "PyAVInit(io_backend=disk)"),
        ("PyAVDecode", "PyAVDecode(multi_thread=False, mode=accurate)"),
        ("OpenCVInit", "OpenCVInit(io_backend=disk)"),
        ("RawFrameDecode", "RawFrameDecode(io_backend=disk, decoding_backend=cv2)"),
    ],
)
def test_registered_under_mmaction2s_names(name, shown):
    transform = TRANSFORMS.build({"type": f"tsn_plugin.{name}"})
    assert repr(transform) == shown
    with pytest.raises(TypeError, match="num_cilps"):
        TRANSFORMS.build({"type": f"tsn_plugin.{name}", "num_cilps": 3})


def test_unknown_choices_are_refused_at_build():
    with pytest.raises(ValueError, match="backend='gpu' is unknown; known: auto, pyav"):
        DecordInit(backend="gpu")
    with pytest.raises(ValueError, match="mode='fast' is unknown; known: accurate, efficient"):
        DecordDecode(mode="fast")
    with pytest.raises(ValueError, match="decoding_backend='gpu' is unknown; known: cv2"):
        RawFrameDecode(decoding_backend="gpu")
