import json

import numpy as np
import pytest

from tsn_plugin.preparation import toy_untrimmed
from tsn_plugin.preparation.toy_untrimmed import CLASSES, FPS, UntrimmedJob, make_untrimmed_toy
from tsn_plugin.proposals.databases import read_database
from tsn_plugin.readers import open_video


def test_plans_are_instances_within_the_video_with_gaps():
    for number in range(30):
        num_frames, instances = UntrimmedJob(None, (0, 0, number)).plan()
        times = np.array([instance[:2] for instance in instances]).ravel()
        assert len(instances) >= 1
        assert (np.diff(times) > 0).all()
        assert times[0] > 0
        assert times[-1] < num_frames / FPS
        assert {label for *_, label in instances} <= set(CLASSES)


def test_videos_and_annotations_agree_and_are_the_same_for_the_same_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(toy_untrimmed, "_SECONDS", (8, 10))
    monkeypatch.setattr(toy_untrimmed, "_INSTANCE_S", (2.0, 3.0))
    for name in ("a", "b"):
        make_untrimmed_toy(tmp_path / name, num_train=1, num_val=1, workers=0)
    database = read_database(tmp_path / "a" / "toy_detection.json")
    assert database.classes == CLASSES
    assert json.loads((tmp_path / "a" / "toy_detection.json").read_text()) == json.loads(
        (tmp_path / "b" / "toy_detection.json").read_text()
    )
    video = database.subset(["validation"])[0]
    with open_video(tmp_path / "a" / "videos" / f"{video.name}.mp4") as reader:
        assert len(reader) == video.duration * FPS
        start, end = (video.instances[0] * FPS).astype(int)
        before, during, later = reader.read([start - 3, start + 3, start + 5])
    # the ball covers about a sixth of the picture, and moves
    assert np.abs(during.astype(int) - before).mean() > 3
    assert np.abs(later.astype(int) - during).mean() > 1
    assert (tmp_path / "a" / "videos" / "val_0001.mp4").read_bytes() == (
        tmp_path / "b" / "videos" / "val_0001.mp4"
    ).read_bytes()
    with pytest.raises(ValueError, match="was made with num_train=1"):
        make_untrimmed_toy(tmp_path / "a", num_train=2, num_val=1, workers=0)
