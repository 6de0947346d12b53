import json
import runpy
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tsn_plugin.preparation import dataset_check
from tsn_plugin.preparation.dataset_check import check_lists
from tsn_plugin.preparation.line_check import CheckOptions, check_line

main = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "check_dataset.py"))["main"]
NAMES = ["plain", "two words", "a#1 & (b)", "Škoda"]


@pytest.fixture
def videos(tmp_path, make_video):
    """Four videos of different lengths, under names of every kind."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        make_video(folder / f"{name}.mp4", num_frames=4 + number)
    return folder


def write(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return path


def kinds(report):
    return [(problem.kind, problem.line) for problem in report.problems]


def check(path, kind, root, **options):
    return check_lists([path], CheckOptions(kind, root, **options), workers=0)


def test_a_sound_list_has_no_problems(videos, tmp_path):
    path = write(tmp_path / "list.txt", *(f"{name}.mp4\t{number}" for number, name in enumerate(NAMES)))
    report = check_lists([path], CheckOptions("video", videos, num_classes=4), workers=2)
    assert report.problems == []
    assert report.lines == {str(path): 4}


def test_what_can_be_wrong_with_videos(videos, tmp_path):
    (videos / "text.mp4").write_text("no video")
    (videos / "empty.mp4").touch()
    whole = (videos / "Škoda.mp4").read_bytes()
    (videos / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    shutil.copy(videos / "plain.mp4", videos / "copy.mp4")
    path = write(
        tmp_path / "list.txt",
        "plain.mp4 0", "absent.mp4 0", "text.mp4 0", "empty.mp4 0", "cut.mp4 0", "plain.mp4 1", "copy.mp4 7",
        "Škoda.mp4",
    )  # fmt: skip
    report = check(path, "video", videos, num_classes=3)
    assert kinds(report) == [
        ("class without videos", 1),
        ("missing", 2),
        ("unreadable", 3),
        ("unreadable", 4),
        ("unreadable", 5),
        ("twice in a list, by name", 6),
        ("label out of range", 7),
        ("twice in a list, by content", 7),
        ("no label", 8),
    ]
    assert "absent.mp4 does not exist" in report.problems[1].message
    assert report.num_errors == 5


@pytest.mark.parametrize("kind", ["rgb", "flow"])
def test_what_can_be_wrong_with_frames(tmp_path, make_frame_folder, kind):
    root = tmp_path / "frames"
    for number, name in enumerate(["sound one", "more", "fewer", "broken", "sizes"]):
        make_frame_folder(root / name, num_frames=4 + number)
    (root / "broken" / "img_00003.jpg").write_bytes(b"no image")
    (root / "broken" / "flow_y_00003.jpg").write_bytes(b"no image")
    other = make_frame_folder(root / "other", num_frames=1, size=(32, 48))
    for name in ("img_00001.jpg", "flow_x_00001.jpg", "flow_y_00001.jpg"):
        shutil.copy(other / name, root / "sizes" / name)
    path = write(
        tmp_path / "list.txt", "sound one\t4\t0", "more 4 0", "fewer 7 0", "broken 7 0", "sizes 8 0", "absent 3 0", "a"
    )
    assert kinds(check(path, kind, root)) == [
        ("more frames than listed", 2),
        ("too few frames", 3),
        ("unreadable", 4),
        ("sizes differ", 5),
        ("missing", 6),
        ("no label", 7),
        ("missing", 7),
    ]
    assert ("unreadable", 4) not in kinds(check(path, kind, root, decode="none"))


def test_videos_of_training_and_test_are_told(videos, tmp_path):
    shutil.copy(videos / "plain.mp4", videos / "copy.mp4")
    train = write(tmp_path / "train.txt", "plain.mp4 0", "two words.mp4\t0")
    val = write(tmp_path / "val.txt", "two words.mp4\t0", "copy.mp4 0")
    report = check_lists([train, val], CheckOptions("video", videos, decode="ends"), workers=0)
    assert kinds(report) == [("in two lists, by name", 1), ("in two lists, by content", 2)]
    assert report.problems[1].message == f"copy.mp4 is {train}, line 1 (plain.mp4) too"
    assert report.num_errors == 2


def test_the_tool_reports_and_exits(videos, tmp_path, capsys):
    sound = write(tmp_path / "sound.txt", "plain.mp4 0")
    main([str(sound), "--kind", "video", "--root", str(videos), "--workers", "0"])
    assert "0 errors, 0 warnings" in capsys.readouterr().out
    path = write(tmp_path / "list.txt", "Škoda absent.mp4\t0")
    report = tmp_path / "new" / "report.json"
    with pytest.raises(SystemExit, match="1"):
        main([str(path), "--kind", "video", "--root", str(videos), "--workers", "0", "--report", str(report)])
    assert "error: missing: 1" in capsys.readouterr().out
    written = json.loads(report.read_text("utf-8"))
    assert (written["lines"], written["errors"], written["warnings"]) == ({str(path): 1}, 1, 0)
    (problem,) = written["problems"]
    assert (problem["kind"], problem["line"], problem["path"]) == ("missing", 1, "Škoda absent.mp4")
    unlabelled = write(tmp_path / "list.txt", "plain.mp4")
    main([str(unlabelled), "--kind", "video", "--root", str(videos), "--workers", "0"])
    with pytest.raises(SystemExit, match="1"):
        main([str(unlabelled), "--kind", "video", "--root", str(videos), "--workers", "0", "--strict"])


def test_wrong_arguments_are_told(tmp_path):
    with pytest.raises(ValueError, match="kind='audio' is unknown; known: video, rgb, flow"):
        CheckOptions("audio")
    with pytest.raises(FileNotFoundError, match="root .*nowhere is no folder"):
        check(write(tmp_path / "list.txt", "a 1"), "video", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"list .*absent\.txt does not exist"):
        check(tmp_path / "absent.txt", "video", tmp_path)


def test_an_interrupted_check_goes_on_from_there(videos, tmp_path, monkeypatch):
    (videos / "broken.mp4").write_text("no video")
    path = write(tmp_path / "list.txt", "plain.mp4\t0", "broken.mp4\t1", "two words.mp4\t2", "Škoda.mp4\t3")
    journal, options = tmp_path / "report.json.partial", CheckOptions("video", videos)
    checked = []

    def until_the_third(job):
        checked.append(job.line.path)
        if len(checked) == 3:
            raise KeyboardInterrupt
        return check_line(job)

    monkeypatch.setattr(dataset_check, "check_line", until_the_third)
    with pytest.raises(KeyboardInterrupt):
        check_lists([path], options, workers=0, journal=journal)
    shutil.copy(videos / "Škoda.mp4", videos / "broken.mp4")  # repaired: lines with problems are looked at again
    report = check_lists([path], options, workers=0, journal=journal)
    assert checked[3:] == ["broken.mp4", "two words.mp4", "Škoda.mp4"]
    assert kinds(report) == [("twice in a list, by content", 4)]
    assert not journal.exists()


def test_intervals_of_frames(make_frame_folder, tmp_path):
    for name, count in (("a", 6), ("b", 7)):
        make_frame_folder(tmp_path / name, num_frames=count)
    first = write(tmp_path / "train.txt", "a 0 3 0", "a 2 4 1", "a 4 3 1", "a 2 1 9", "a 3")
    second = write(tmp_path / "val.txt", "b 0 6 1", "a 1 2 0")
    options = CheckOptions("rgb", tmp_path, num_classes=2, with_offset=True)
    assert kinds(check_lists([first, second], options, workers=0)) == [
        ("too few frames", 3),
        ("label out of range", 4),
        ("no label", 5),
        ("no count", 5),
        ("in two lists, by name", 2),
    ]
    with pytest.raises(ValueError, match="with_offset=True is for lists of frames"):
        CheckOptions("video", with_offset=True)


def test_without_a_report_too_an_interrupted_check_goes_on(videos, tmp_path, monkeypatch, capsys):
    path = write(tmp_path / "list.txt", "plain.mp4\t0", "two words.mp4\t1", "plain.mp4\t2", "Škoda.mp4\t9")
    arguments = [str(path), "--kind", "video", "--root", str(videos), "--workers", "0", "--num-classes", "4"]
    with pytest.raises(SystemExit):
        main(arguments)
    uninterrupted, checked = capsys.readouterr().out, []

    def until_the_third(job):
        checked.append(job.line.line_number)
        if len(checked) == 3:
            raise KeyboardInterrupt
        return check_line(job)

    monkeypatch.setattr(dataset_check, "check_line", until_the_third)
    with pytest.raises(KeyboardInterrupt):
        main(arguments)
    with pytest.raises(SystemExit):  # another way to check has nothing of it
        main([*arguments, "--decode", "none"])
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main(arguments)
    assert checked == [1, 2, 3, 1, 2, 3, 4, 3, 4]
    assert capsys.readouterr().out == uninterrupted
    assert sorted(file.name for file in tmp_path.iterdir()) == ["list.txt", "videos"]


def test_a_folder_that_cannot_be_written_to_keeps_no_journal(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert dataset_check.default_journal([tmp_path / "list.txt"], CheckOptions("video")) is None


@pytest.mark.parametrize("decode", ["full", "ends"])
def test_a_picture_that_opencv_would_paint_over_is_an_error_of_the_full_check(tmp_path, decode):
    (tmp_path / "clip").mkdir()
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    data = cv2.imencode(".jpg", image)[1].tobytes()
    (tmp_path / "clip" / "img_00001.jpg").write_bytes(data[:-600] + data[-20:])
    path = write(tmp_path / "list.txt", "clip 1 0")
    assert kinds(check(path, "rgb", tmp_path, decode=decode)) == ([("unreadable", 1)] if decode == "full" else [])
