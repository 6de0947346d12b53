"""The report, its samples and the pictures of tested videos."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmaction.structures import ActionDataSample

from tsn_plugin.modality import get_modality
from tsn_plugin.structures.scores import ClassScores
from tsn_plugin.visualization import VisualizationHook
from tsn_plugin.visualization.hook import snippet_picture
from tsn_plugin.visualization.samples import frame_strip, pick_samples
from tsn_plugin.visualization.stream_report import plot_stream_report, save_figure

CLASSES = ["red_rises", "red_spins", "blue_slides"]
NAMES = ("a", "b", "c", "d")
LABELS = np.array([0, 1, 2, 0])
RGB = ClassScores(NAMES, np.eye(3)[[0, 0, 2, 1]], LABELS)  # right on a and c
FLOW = ClassScores(NAMES, np.eye(3)[[0, 1, 1, 1]], LABELS)  # right on a and b


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


def test_the_report_names_streams_classes_and_predictions(tmp_path):
    frames = {"b": np.zeros((20, 60, 3), np.uint8), "d": np.zeros((20, 60, 3), np.uint8)}
    figure = plot_stream_report({"rgb": RGB, "flow": FLOW}, class_names=CLASSES, frames=frames, title="Demo")
    found = texts(figure)
    assert {"Demo", "rgb: top-1 50.0 %", "flow: top-1 50.0 %", "true class: red_spins"} <= set(found)
    assert {"✗ rgb: red_rises", "✓ flow: red_spins"} <= set(found)
    save_figure(figure, tmp_path / "new" / "report.png")
    assert cv2.imread(str(tmp_path / "new" / "report.png")).shape == (1500, 1600, 3)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.png"]


def test_many_classes_get_no_numbers_in_their_cells():
    few = plot_stream_report({"rgb": RGB}, class_names=CLASSES)
    labels = np.arange(101)
    many = ClassScores(tuple(map(str, labels)), np.eye(101), labels)
    big = plot_stream_report({"rgb": many}, class_names=[f"class {number}" for number in labels])
    assert "1" in texts(few)
    assert "1" not in texts(big)


def test_a_stream_without_labels_is_refused():
    with pytest.raises(ValueError, match="with labels"):
        plot_stream_report({"rgb": ClassScores(NAMES, RGB.scores)}, class_names=CLASSES)


def test_samples_show_every_pattern_of_right_and_wrong_first():
    # patterns (rgb, flow): a both right, b flow only, c rgb only, d none
    assert sorted(pick_samples({"rgb": RGB, "flow": FLOW}, 4)) == ["a", "b", "c", "d"]
    more = {"x": ClassScores(("e", "f", "g"), np.eye(3)[[0, 0, 1]], np.array([0, 0, 0]))}
    assert pick_samples(more, 2) == ["e", "g"]  # f repeats the pattern of e
    assert len(pick_samples({"rgb": RGB}, 9)) == 4


def test_a_strip_shows_the_first_and_the_last_frame(make_frame_folder, tmp_path):
    folder = make_frame_folder(tmp_path / "video", num_frames=9, size=(64, 48))
    strip = frame_strip(folder, num_frames=3, height=24)
    assert strip.shape == (24, 3 * 32 + 2 * 3, 3)
    first = cv2.imread(str(folder / "img_00001.jpg"))[..., ::-1].mean(axis=(0, 1))
    np.testing.assert_allclose(strip[:, :32].mean(axis=(0, 1)), first, atol=2)


def test_still_flow_is_black_and_opposite_directions_have_opposite_hues():
    flow = np.full((10, 2, 3), 128, np.uint8)
    assert not snippet_picture(flow, get_modality("Flow")).any()
    flow[0, 0], flow[0, 1] = 168, 88  # to the right, to the left
    picture = snippet_picture(flow, get_modality("Flow"))
    assert picture[0, 0].tolist() == [255, 0, 0]  # hue 0 degrees
    assert picture[1, 0].tolist() == [0, 255, 255]  # hue 180 degrees


def test_rgb_and_difference_show_their_first_frame():
    snippet = np.arange(18, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)
    for modality in ("RGB", "RGBDiff"):
        assert snippet_picture(snippet, get_modality(modality))[0, 0].tolist() == [0, 1, 2]


def fake_runner(tmp_path, modality="RGB"):
    model = SimpleNamespace(data_preprocessor=SimpleNamespace(modality=get_modality(modality)))
    dataset = SimpleNamespace(metainfo=dict(classes=CLASSES))
    return SimpleNamespace(
        model=model, rank=0, log_dir=str(tmp_path / "log"), test_dataloader=SimpleNamespace(dataset=dataset)
    )


def sample(name):
    data = ActionDataSample(metainfo=dict(video_name=name))
    data.set_field(torch.tensor([1]), "gt_label")
    data.set_field(torch.tensor([0.2, 0.7, 0.1]), "pred_score")
    return data


@pytest.mark.parametrize(("modality", "channels"), [("RGB", 3), ("Flow", 10), ("RGBDiff", 18)])
def test_the_hook_writes_every_second_video(tmp_path, modality, channels):
    hook = VisualizationHook(enable=True, interval=2, out_dir=str(tmp_path / "out"))
    runner = fake_runner(tmp_path, modality)
    hook.before_test_epoch(runner)
    for batch in range(3):
        inputs = [torch.zeros(12, channels, 20, 30, dtype=torch.uint8)]
        hook.after_test_iter(runner, batch, dict(inputs=inputs), [sample(f"Dive/clip {batch} (ü)#")])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "Dive_clip_0_ü_0_000000.png",
        "Dive_clip_2_ü_0_000002.png",
    ]


def test_the_hook_does_nothing_unless_enabled(tmp_path):
    VisualizationHook().after_test_iter(None, 0, {}, [])


def test_a_wrong_interval_is_named():
    with pytest.raises(ValueError, match="interval=0 must be at least 1"):
        VisualizationHook(interval=0)
