import av
import cv2
import numpy as np
import pytest

from tsn_plugin.preparation.toy_dataset import TOY_CLASSES, make_toy_dataset, stream_ceilings


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toy")
    make_toy_dataset(folder, seed=3, train_per_class=2, val_per_class=1, workers=0)
    return folder


def test_each_colour_and_each_motion_comes_twice_and_each_pair_once():
    for values in ([c.color for c in TOY_CLASSES], [c.motion for c in TOY_CLASSES]):
        assert sorted(values.count(value) for value in set(values)) == [2, 2, 2, 2]
    assert len(set(TOY_CLASSES)) == 8
    assert stream_ceilings() == {"rgb": 0.5, "flow": 0.5, "both": 1.0}


def test_neighbours_in_the_ring_share_colour_or_motion():
    for one, other in zip(TOY_CLASSES, TOY_CLASSES[1:] + TOY_CLASSES[:1]):
        assert (one.color == other.color) != (one.motion == other.motion)


def test_lists_and_classes(toy):
    classes = (toy / "classes.txt").read_text().split()
    assert classes == [toy_class.name for toy_class in TOY_CLASSES]
    train = (toy / "toy_video_train.txt").read_text().splitlines()
    val = (toy / "toy_video_val.txt").read_text().splitlines()
    assert train[:3] == [
        "red_rises/red_rises_0001.mp4 0",
        "red_rises/red_rises_0002.mp4 0",
        "red_spins/red_spins_0001.mp4 1",
    ]
    assert val[0] == "red_rises/red_rises_0003.mp4 0"
    assert (len(train), len(val)) == (16, 8)
    for line in train + val:
        assert (toy / "videos" / line.split()[0]).is_file()


def test_clips_have_different_lengths_and_their_colour(toy):
    lengths = []
    for toy_class in TOY_CLASSES:
        with av.open(str(toy / "videos" / toy_class.name / f"{toy_class.name}_0001.mp4")) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        lengths.append(len(frames))
        saturation = cv2.cvtColor(frames[0], cv2.COLOR_RGB2HSV)
        ball = saturation[..., 1] > 110
        hue = int(np.median(saturation[ball][:, 0])) * 2
        near = {"red": (0, 12), "yellow": (36, 54), "green": (100, 140), "blue": (200, 240)}[toy_class.color]
        assert near[0] <= hue <= near[1]
    assert len(set(lengths)) > 3
    assert min(lengths) >= 24
    assert max(lengths) <= 60


def test_another_run_keeps_clips_and_replaces_a_lost_one_by_the_same(toy):
    lost, kept = (toy / "videos" / "blue_sinks" / f"blue_sinks_000{number}.mp4" for number in (1, 2))
    before, time = lost.read_bytes(), kept.stat().st_mtime_ns
    lost.unlink()
    make_toy_dataset(toy, seed=3, train_per_class=2, val_per_class=1, workers=0)
    assert lost.read_bytes() == before
    assert kept.stat().st_mtime_ns == time
    assert not list(toy.rglob("*.partial-*"))


def test_another_seed_does_not_mix_with_the_first(toy):
    with pytest.raises(ValueError, match=r"was made with seed=3 \(now 4\)"):
        make_toy_dataset(toy, seed=4, train_per_class=2, val_per_class=1, workers=0)


def test_the_overview_has_a_row_per_class(toy):
    sheet = cv2.imread(str(toy / "overview.png"))
    assert sheet.shape == (8 * 116, 7 * 148, 3)
    assert (sheet.min(axis=(1, 2)) < 128).reshape(8, 116).any(1).all()


def test_a_class_needs_clips(tmp_path):
    with pytest.raises(ValueError, match="train_per_class=0 and val_per_class=1 must be at least 1"):
        make_toy_dataset(tmp_path, train_per_class=0, val_per_class=1)
