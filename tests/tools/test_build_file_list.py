import runpy
from pathlib import Path

import pytest

main = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "build_file_list.py"))["main"]


@pytest.fixture
def frames(tmp_path):
    """Two videos of two frames, and HMDB51-like split files that name three."""
    for name in ("clap #1 (a)", "wave_2"):
        folder = tmp_path / "frames" / name.replace(" ", "_")
        folder.mkdir(parents=True)
        for file in ("img_00001.jpg", "img_00002.jpg", "flow_x_00001.jpg", "flow_y_00001.jpg"):
            (folder / file).touch()
    (tmp_path / "class_list.txt").write_text("wave\nclap\n")
    for split in (1, 2, 3):
        (tmp_path / f"clap_test_split{split}.txt").write_text("clap_#1_(a).avi 1 \n")
        (tmp_path / f"wave_test_split{split}.txt").write_text("wave_2.avi 2 \nlost.avi 1 \n")
    return tmp_path / "frames"


def test_official_lists(frames, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main(["hmdb51", "frames", "--annotations", ".", "--split", "2", "--out", "lists", "--allow-missing"])
    assert "left out, being missing: 1 videos: wave/lost" in capsys.readouterr().out
    assert {path.name: path.read_text() for path in Path("lists").iterdir()} == {
        "hmdb51_rgb_train_split_2.txt": "clap_#1_(a) 2 1\n",
        "hmdb51_flow_train_split_2.txt": "clap_#1_(a) 1 1\n",
        "hmdb51_rgb_val_split_2.txt": "wave_2 2 0\n",
        "hmdb51_flow_val_split_2.txt": "wave_2 1 0\n",
    }


def test_all_splits_are_the_default(frames, tmp_path):
    main(["hmdb51", str(frames), "--annotations", str(tmp_path), "--out", str(tmp_path / "l"), "--allow-missing"])
    assert len(list((tmp_path / "l").iterdir())) == 12


def test_missing_videos_are_an_error(frames, tmp_path):
    with pytest.raises(ValueError, match="1 of 2 videos for hmdb51_rgb_train_split_1.txt"):
        main(["hmdb51", str(frames), "--annotations", str(tmp_path), "--out", str(tmp_path)])


def test_lists_of_a_video_list(frames, tmp_path):
    (tmp_path / "my_video.txt").write_text("wave_2.avi 4\n")
    main(["list", str(tmp_path / "my_video.txt"), str(frames), "--out", str(tmp_path)])
    assert (tmp_path / "my_rgb.txt").read_text() == "wave_2 2 4\n"
    assert (tmp_path / "my_flow.txt").read_text() == "wave_2 1 4\n"
