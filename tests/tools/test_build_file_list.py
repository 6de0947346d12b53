import json
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
        "missing_hmdb51_rgb_train_split_2.txt": "wave/lost\n",
        "missing_hmdb51_flow_train_split_2.txt": "wave/lost\n",
        "hmdb51_rgb_train_split_2.txt": "clap_#1_(a) 2 1\n",
        "hmdb51_flow_train_split_2.txt": "clap_#1_(a) 1 1\n",
        "hmdb51_rgb_val_split_2.txt": "wave_2 2 0\n",
        "hmdb51_flow_val_split_2.txt": "wave_2 1 0\n",
    }


def test_all_splits_are_the_default(frames, tmp_path):
    main(["hmdb51", str(frames), "--annotations", str(tmp_path), "--out", str(tmp_path / "l"), "--allow-missing"])
    assert len(list((tmp_path / "l").glob("hmdb51_*_split_*.txt"))) == 12


def test_missing_videos_are_an_error(frames, tmp_path):
    with pytest.raises(ValueError, match="1 of 2 videos for hmdb51_rgb_train_split_1.txt"):
        main(["hmdb51", str(frames), "--annotations", str(tmp_path), "--out", str(tmp_path)])


def test_lists_of_a_video_list(frames, tmp_path):
    (tmp_path / "my_video.txt").write_text("wave_2.avi 4\n")
    main(["list", str(tmp_path / "my_video.txt"), str(frames), "--out", str(tmp_path)])
    assert (tmp_path / "my_rgb.txt").read_text() == "wave_2 2 4\n"
    assert (tmp_path / "my_flow.txt").read_text() == "wave_2 1 4\n"


def test_splits_and_forms_of_another_data_set(frames, tmp_path, capsys):
    annotation = {"segment": [0, 1], "label": "clap"}
    (tmp_path / "activity_net.v1-3.min.json").write_text(
        json.dumps(
            {
                "taxonomy": [{"nodeName": "clap", "parentName": "Root"}],
                "database": {
                    "wave_2": {"subset": "validation", "duration": 2.0, "annotations": [annotation]},
                    "clap_#1_(a)": {"subset": "testing", "duration": 2.0, "annotations": []},
                },
            }
        )
    )
    arguments = [str(frames), "--annotations", str(tmp_path), "--out", str(tmp_path / "l")]
    main(["activitynet1.3", *arguments, "--split", "val", "test"])
    assert "anet_val_clip.txt" in capsys.readouterr().out
    assert {path.name: path.read_text() for path in (tmp_path / "l").iterdir()} == {
        "anet_val_video.txt": "wave_2 2 0\n",
        "anet_flow_val_video.txt": "wave_2 1 0\n",
        "anet_val_clip.txt": "wave_2 0 2 0\n",
        "anet_flow_val_clip.txt": "wave_2 0 1 0\n",
        "anet_test_video.txt": "clap_#1_(a) 2\n",
        "anet_flow_test_video.txt": "clap_#1_(a) 1\n",
        "anet_classes.txt": "clap\n",
    }
    with pytest.raises(ValueError, match="1 of 1 videos for anet_rgb_val_trimmed.txt, .*: wave_2_0"):
        main(["activitynet1.3", *arguments, "--split", "val", "--lists", "trimmed"])


def test_unknown_splits_are_refused(frames, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["mit", str(frames), "--annotations", str(tmp_path), "--split", "test"])
    assert "invalid choice: 'test'" in capsys.readouterr().err
