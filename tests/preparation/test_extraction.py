import os
import re
import socket

import cv2
import numpy as np
import pytest

from tsn_plugin.preparation.extraction import (
    ExtractionJob,
    ExtractionOptions,
    extract_video,
    parse_size,
    plan_extraction,
    resized_size,
    run_extraction,
    summary,
)

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


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, (64, 48)), ({"size": (34, 26)}, (34, 26)), ({"short_side": 24}, (32, 24)), ({"short_side": 25}, (33, 25))],
)
def test_frames_are_resized(options, expected):
    assert resized_size((64, 48), ExtractionOptions(**options)) == expected


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
