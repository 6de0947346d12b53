import errno
import os
import re
import socket
import weakref

import cv2
import numpy as np
import pytest

from tsn_plugin.ops import optical_flow
from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.preparation import extraction
from tsn_plugin.preparation.extraction import (
    ExtractionJob,
    extract_video,
    plan_extraction,
    run_extraction,
    summary,
)
from tsn_plugin.preparation.extraction_options import ExtractionOptions, parse_size
from tsn_plugin.readers import open_video
from tsn_plugin.readers.frame_archive import FrameArchive

DIS = ExtractionOptions(method="dis")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_five_frames_give_four_images_and_four_flow_fields(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 5)
    assert extract_video(ExtractionJob(video, tmp_path / "out" / "v", DIS)) == 4
    expected = [f"{kind}_{n:05d}.jpg" for kind in ("flow_x", "flow_y", "img") for n in (1, 2, 3, 4)]
    assert names(tmp_path / "out" / "v") == expected
    assert names(tmp_path / "out") == ["v"]


def test_the_pattern_moves_two_pixels_to_the_right_in_every_flow_field(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 4)
    extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(method="dis", bound=20)))
    for number in (1, 2, 3):
        x, y = (cv2.imread(str(tmp_path / "v" / f"flow_{axis}_{number:05d}.jpg"), 0) for axis in "xy")
        assert np.median(x) == pytest.approx(255 * (2 + 20) / 40, abs=1)  # 140.25
        assert np.median(y) == pytest.approx(128, abs=1)


def test_image_one_is_decoded_frame_one(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 3)
    extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(flow=False)))
    images = [cv2.imread(str(tmp_path / "v" / f"img_{n:05d}.jpg"), 0).astype(int) for n in (1, 2)]
    capture = cv2.VideoCapture(str(video))
    frames = [cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2GRAY).astype(int) for _ in range(3)]
    nearest = [int(np.argmin([abs(image - frame).mean() for frame in frames])) for image in images]
    assert nearest == [1, 2]


def test_step_two_uses_every_second_frame(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 6)
    assert extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(method="dis", step=2))) == 2
    x = cv2.imread(str(tmp_path / "v" / "flow_x_00001.jpg"), 0)
    assert np.median(x) == pytest.approx(255 * (4 + 20) / 40, abs=1.5)  # twice 2 pixels


def test_resized_frames_are_written(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 2)
    extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(method="dis", size=(34, 26))))
    assert cv2.imread(str(tmp_path / "v" / "img_00001.jpg")).shape == (26, 34, 3)
    assert cv2.imread(str(tmp_path / "v" / "flow_y_00001.jpg"), cv2.IMREAD_UNCHANGED).shape == (26, 34)


def test_complete_videos_are_kept_and_damaged_ones_made_again(tmp_path, write_video):
    job = ExtractionJob(write_video(tmp_path / "v.avi", 3), tmp_path / "v", DIS)
    assert extract_video(job) == 2
    assert extract_video(job) == 0
    (tmp_path / "v" / "flow_y_00002.jpg").unlink()
    assert extract_video(job) == 2
    assert len(names(tmp_path / "v")) == 6


def test_flow_can_be_added_to_images(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 3)
    extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(flow=False)))
    image = (tmp_path / "v" / "img_00001.jpg").read_bytes()
    assert names(tmp_path / "v") == ["img_00001.jpg", "img_00002.jpg"]
    assert extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(method="dis", rgb=False))) == 2
    assert len(names(tmp_path / "v")) == 6
    assert (tmp_path / "v" / "img_00001.jpg").read_bytes() == image
    assert extract_video(ExtractionJob(video, tmp_path / "v", DIS)) == 0


def test_images_of_another_length_are_not_mixed_with_flow(tmp_path, write_video):
    extract_video(ExtractionJob(write_video(tmp_path / "a.avi", 4), tmp_path / "v", ExtractionOptions(flow=False)))
    job = ExtractionJob(write_video(tmp_path / "b.avi", 3), tmp_path / "v", ExtractionOptions(method="dis", rgb=False))
    with pytest.raises(ValueError, match="holds 3 frames of an earlier run, this one found 2"):
        extract_video(job)
    assert names(tmp_path) == ["a.avi", "b.avi", "v"]


def test_a_video_of_one_frame_fails_and_leaves_no_folder(tmp_path, write_video):
    job = ExtractionJob(write_video(tmp_path / "v.avi", 1), tmp_path / "v", DIS)
    with pytest.raises(ValueError, match=r"v\.avi has fewer than 2 frames at step=1"):
        extract_video(job)
    assert names(tmp_path) == ["v.avi"]


def test_a_run_goes_on_after_failures_and_lists_them(tmp_path, write_video):
    good = ["a b#(1)&!.avi", "class/ünï.avi", "x.y.avi"]
    for name in good:
        write_video(tmp_path / "src" / name, 3, size=(32, 32))
    write_video(tmp_path / "src" / "short.avi", 1)
    (tmp_path / "src" / "junk.avi").write_text("no video")
    out = tmp_path / "out"
    jobs = plan_extraction(tmp_path / "src", out, DIS)
    report = run_extraction(jobs, out, workers=2)
    assert [pairs for _, pairs in report.results] == [2, 2, 2]
    assert names(out) == ["a b#(1)&!", "class", "extraction.json", "failed.txt", "x.y"]
    assert names(out / "class") == ["ünï"]
    failed = [line.split("\t")[0] for line in (out / "failed.txt").read_text().splitlines()]
    assert failed == [str(tmp_path / "src" / name) for name in ("junk.avi", "short.avi")]
    text = summary(report, out)
    assert "3 videos extracted (6 frame pairs)" in text
    assert "2 videos failed, see" in text


def test_a_second_run_does_what_is_left_and_clears_what_was_abandoned(tmp_path, write_video):
    write_video(tmp_path / "src" / "a.avi", 3, size=(32, 32))
    out = tmp_path / "out"
    run_extraction(plan_extraction(tmp_path / "src", out, DIS), out, workers=0)
    abandoned = out / f"b.partial-{socket.gethostname()}-{2**22 + 1}"  # beyond Linux's largest process id
    others = [out / f"b.partial-{socket.gethostname()}-{os.getppid()}", out / "b.partial-elsewhere-1"]
    for folder in (abandoned, *others):
        folder.mkdir()
    (out / "failed.txt").touch()
    write_video(tmp_path / "src" / "b.avi", 3, size=(32, 32))
    report = run_extraction(plan_extraction(tmp_path / "src", out, DIS), out, workers=0)
    assert [pairs for _, pairs in report.results] == [0, 2]
    assert "1 videos were complete already" in summary(report, out)
    assert names(out) == sorted(["a", "b", "extraction.json", *(folder.name for folder in others)])


def test_one_folder_is_not_filled_with_two_kinds_of_flow(tmp_path, write_video):
    write_video(tmp_path / "src" / "a.avi", 2, size=(32, 32))
    for options in (DIS, ExtractionOptions(flow=False)):  # images alone say nothing of the flow's bound
        run_extraction(plan_extraction(tmp_path / "src", tmp_path / "out", options), tmp_path / "out", workers=0)
    jobs = plan_extraction(tmp_path / "src", tmp_path / "out", ExtractionOptions(method="dis", bound=15))
    with pytest.raises(ValueError, match=re.escape("was made with bound=20 (now 15)")):
        run_extraction(jobs, tmp_path / "out", workers=0)


def test_flat_leaves_out_class_folders(tmp_path):
    for name in ("c/1.avi", "d/2.avi"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    jobs = plan_extraction(tmp_path, "out", DIS, flat=True)
    assert [job.folder.as_posix() for job in jobs] == ["out/1", "out/2"]
    assert [job.folder.as_posix() for job in plan_extraction(tmp_path, "out", DIS)] == ["out/c/1", "out/d/2"]


@pytest.mark.parametrize(
    ("other", "flat", "hint"), [("d/1.avi", True, "leave out --flat"), ("c/1.mp4", False, "--ext")]
)
def test_two_videos_for_one_folder_are_refused(tmp_path, other, flat, hint):
    for name in ("c/1.avi", other):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ValueError, match=f"would share the folder .*{hint}"):
        plan_extraction(tmp_path, "out", DIS, flat=flat)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "brox"}, "method='brox' is unknown; known: tvl1, warped_tvl1, dis"),
        ({"bound": 0}, "bound=0 must be positive"),
        ({"step": 0}, "step=0 must be positive"),
        ({"size": (340, 0)}, r"size=\(340, 0\) must be two positive numbers"),
        ({"size": (340, 256), "short_side": 256}, "exclude each other"),
        ({"quality": 101}, "quality=101 must be 1 to 100"),
        ({"rgb": False, "flow": False}, "leave nothing to extract"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ExtractionOptions(**options)


def test_parse_size():
    assert parse_size("340x256") == (340, 256)
    with pytest.raises(ValueError, match="size '340' is not WIDTHxHEIGHT"):
        parse_size("340")


PACKED = ExtractionOptions(method="dis", pack=True)


def test_packed_frames_are_those_of_the_folder(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 5)
    extract_video(ExtractionJob(video, tmp_path / "folder", DIS))
    assert extract_video(ExtractionJob(video, tmp_path / "packed", PACKED)) == 4
    assert sorted(path.name for path in tmp_path.glob("packed*")) == ["packed.zip"]
    archive = FrameArchive(tmp_path / "packed.zip")
    assert archive.names() == names(tmp_path / "folder")
    assert all(archive.read(name) == (tmp_path / "folder" / name).read_bytes() for name in archive.names())


def test_a_packed_video_is_complete_either_way(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 3)
    assert extract_video(ExtractionJob(video, tmp_path / "v", PACKED)) == 2
    assert [extract_video(ExtractionJob(video, tmp_path / "v", options)) for options in (PACKED, DIS)] == [0, 0]


def test_flow_joins_packed_images_and_a_damaged_archive_is_made_again(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 3)
    extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(flow=False, pack=True)))
    image = FrameArchive(tmp_path / "v.zip").read("img_00002.jpg")
    extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions(method="dis", rgb=False, pack=True)))
    archive = FrameArchive(tmp_path / "v.zip")
    assert len(archive.names()) == 6
    assert archive.read("img_00002.jpg") == image
    (tmp_path / "v.zip").write_bytes((tmp_path / "v.zip").read_bytes()[:-40])
    assert extract_video(ExtractionJob(video, tmp_path / "v", PACKED)) == 2
    assert len(FrameArchive(tmp_path / "v.zip").names()) == 6


@pytest.mark.parametrize("options", [DIS, PACKED])
def test_a_full_disk_leaves_nothing_half_written(tmp_path, write_video, monkeypatch, options):
    video = write_video(tmp_path / "v.avi", 4)
    written = []

    def fill_up(image, quality):
        written.append(image)
        if len(written) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return b"content"

    monkeypatch.setattr(extraction, "_jpeg", fill_up)
    report = run_extraction([ExtractionJob(video, tmp_path / "out" / "v", options)], tmp_path / "out", workers=0)
    ((_, reason),) = report.failures
    assert "No space left on device" in reason
    assert names(tmp_path / "out") == ["extraction.json", "failed.txt"]


def test_pairs_are_computed_in_batches_and_few_frames_are_held(tmp_path, write_video, monkeypatch):
    class Counting(FlowMethod):
        batch_size = 3
        sizes, alive, most = (), weakref.WeakSet(), 0

        def prepare(self, frame):
            prepared = Prepared(frame.shape)
            self.alive.add(prepared)
            Counting.most = max(self.most, len(self.alive))
            return prepared

        def flows(self, pairs):
            Counting.sizes += (len(pairs),)
            return [np.zeros((*previous.shape[:2], 2), np.float32) for previous, _ in pairs]

    class Prepared:
        def __init__(self, shape):
            self.shape = shape

    monkeypatch.setitem(optical_flow.FLOW_METHODS, "dis", lambda **options: Counting())
    video = write_video(tmp_path / "v.avi", 30)
    assert extract_video(ExtractionJob(video, tmp_path / "v", DIS)) == 29
    assert Counting.sizes == (3,) * 9 + (2,)
    assert Counting.most <= 8  # a batch, the one before it and the frame that they share


def test_frames_never_leave_the_output_folder(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 2)
    for line in (video, "../v.avi"):
        (tmp_path / "list.txt").write_text(f"{line} 0\n")
        with pytest.raises(ValueError, match=r"list.txt, line 1: .*not lie in the output folder.*list paths below"):
            plan_extraction(tmp_path / "list.txt", tmp_path / "out", DIS)
    assert plan_extraction(tmp_path / "list.txt", tmp_path / "out", DIS, flat=True)[0].folder == tmp_path / "out" / "v"


@pytest.mark.parametrize("name", ["..\\..\\x.avi", "C:\\x.avi", "a/../../x.avi", "a\1b.avi", "x" * 300 + ".avi"])
def test_names_in_a_list_stay_in_the_output_folder_on_every_system(tmp_path, name):
    (tmp_path / "list.txt").write_text(f"ok.avi 0\n{name} 0\n")
    with pytest.raises(ValueError, match=r"list\.txt, line 2: the frames of .* cannot be written to .*out"):
        plan_extraction(tmp_path / "list.txt", tmp_path / "out", DIS)


def test_a_device_is_for_methods_that_can_use_it(tmp_path, write_video):
    jobs = [ExtractionJob(write_video(tmp_path / "v.avi", 2), tmp_path / "v", ExtractionOptions("dis", device="cuda"))]
    with pytest.raises(ValueError, match="method='dis' runs on the CPU alone, not on device='cuda'"):
        run_extraction(jobs, tmp_path / "out", workers=0)


def test_denseflows_layout_has_all_frames_and_flow_from_zero(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 4)
    options = ExtractionOptions(method="dis", layout="denseflow", quality=100)
    job = ExtractionJob(video, tmp_path / "v", options)
    assert [extract_video(job), extract_video(job)] == [3, 0]
    images = [f"img_{number:05d}.jpg" for number in (0, 1, 2, 3)]
    flows = [f"flow_{axis}_{number:05d}.jpg" for axis in "xy" for number in (0, 1, 2)]
    assert names(tmp_path / "v") == sorted(images + flows)
    extract_video(ExtractionJob(video, tmp_path / "tsn", ExtractionOptions(method="dis", quality=100)))
    for ours, theirs in (
        ("img_00001", "img_00001"),
        ("flow_x_00001", "flow_x_00000"),
        ("flow_y_00003", "flow_y_00002"),
    ):
        assert (tmp_path / "tsn" / f"{ours}.jpg").read_bytes() == (tmp_path / "v" / f"{theirs}.jpg").read_bytes()
    (first,) = open_video(video).read([0])
    stored = cv2.imread(str(tmp_path / "v" / "img_00000.jpg"))[..., ::-1]
    assert np.abs(stored.astype(int) - first).mean() < 3


def test_flow_joins_denseflows_images(tmp_path, write_video):
    video = write_video(tmp_path / "v.avi", 4)
    for options in (dict(flow=False), dict(rgb=False)):
        extract_video(ExtractionJob(video, tmp_path / "v", ExtractionOptions("dis", layout="denseflow", **options)))
    assert len(names(tmp_path / "v")) == 4 + 3 + 3
