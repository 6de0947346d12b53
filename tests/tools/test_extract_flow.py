import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
main = runpy.run_path(str(ROOT / "tools" / "extract_flow.py"))["main"]


@pytest.fixture
def source(tmp_path):
    """A folder with one readable video and one that is none."""
    (tmp_path / "src" / "class").mkdir(parents=True)
    writer = cv2.VideoWriter(str(tmp_path / "src/class/v.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, (48, 32))
    for level in (50, 60, 70):
        writer.write(np.full((32, 48, 3), level, np.uint8))
    writer.release()
    (tmp_path / "src" / "junk.avi").write_text("junk")
    return tmp_path / "src"


def test_extract_flow_from_any_folder(source, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["src/class", "out", "--method", "dis", "--size", "24x16", "--workers", "0"])
    assert "1 videos extracted (2 frame pairs) into out" in capsys.readouterr().out
    assert cv2.imread("out/v/img_00002.jpg").shape == (16, 24, 3)
    assert len(list(Path("out/v").iterdir())) == 6


def test_a_failed_video_gives_an_exit_status_and_the_others_are_done(source, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main([str(source), str(tmp_path / "out"), "--rgb-only", "--flat", "--workers", "0"])
    assert stop.value.code == 1
    assert "1 videos failed, see" in capsys.readouterr().out
    assert sorted(path.name for path in (tmp_path / "out" / "v").iterdir()) == ["img_00001.jpg", "img_00002.jpg"]
    assert "junk.avi" in (tmp_path / "out" / "failed.txt").read_text()


def test_a_list_of_videos(source, tmp_path):
    (tmp_path / "list.txt").write_text("class/v.avi 0\n")
    arguments = ["--root", str(source), "--method", "dis", "--flow-only", "--workers", "0"]
    main([str(tmp_path / "list.txt"), str(tmp_path / "out"), *arguments])
    assert len(list((tmp_path / "out" / "class" / "v").glob("flow_?_*.jpg"))) == 4
    assert not list((tmp_path / "out" / "class" / "v").glob("img_*"))
