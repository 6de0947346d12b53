"""The report, its samples and the pictures of tested videos."""

import itertools
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from matplotlib.text import Text
from mmaction.structures import ActionDataSample

from tsn_plugin.modality import get_modality
from tsn_plugin.structures.scores import ClassScores
from tsn_plugin.visualization import VisualizationHook
from tsn_plugin.visualization.hook import sample_figure, snippet_picture
from tsn_plugin.visualization.samples import frame_strip, pick_samples
from tsn_plugin.visualization.stream_report import (
    RIGHT,
    WRONG,
    plot_confusion_matrix,
    plot_stream_report,
    save_figure,
    write_stream_report,
)

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
    assert {"Demo", "rgb: top-1 50.0 %", "flow: top-1 50.0 %", "true: red_spins"} <= set(found)
    assert {"✗ rgb: red_rises", "✓ flow: red_spins"} <= set(found)
    save_figure(figure, tmp_path / "new" / "report.png")
    assert cv2.imread(str(tmp_path / "new" / "report.png")).shape[1] == 1600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["report.png"]


def test_many_classes_get_no_numbers_in_their_cells():
    few = plot_stream_report({"rgb": RGB}, class_names=CLASSES)
    labels = np.arange(101)
    many = ClassScores(tuple(map(str, labels)), np.eye(101), labels)
    big = plot_stream_report({"rgb": many}, class_names=[f"class {number}" for number in labels])
    assert "1" in texts(few)
    assert "1" not in texts(big)


def boxes(figure, artists):
    figure.canvas.draw()
    return [artist.get_window_extent() for artist in artists if artist.get_text()]


def streams_of(names, num_classes):
    """Streams of one video per class but the last, all of which are recognised."""
    labels = np.arange(num_classes - 1)
    return {name: ClassScores(tuple(map(str, labels)), np.eye(num_classes)[labels], labels) for name in names}


@pytest.mark.parametrize(("num_streams", "num_classes"), [(1, 5), (2, 8), (3, 101), (5, 12)])
def test_nothing_is_cut_off_or_written_over_other_text(num_streams, num_classes):
    streams = streams_of([f"stream_of_a_long_name_{number}" for number in range(num_streams)], num_classes)
    frames = {str(number): np.zeros((96, 500, 3), np.uint8) for number in range(4)}
    names = [f"AClassOfAVeryLongName{number}" for number in range(num_classes)]
    figure = plot_stream_report(streams, class_names=names, frames=frames, title="Long names")
    everything = figure.findobj(lambda artist: isinstance(artist, Text) and artist.get_visible())
    width, height = figure.bbox.size
    for box in boxes(figure, everything):
        assert box.x0 > -1
        assert box.y0 > -1
        assert box.x1 < width + 1
        assert box.y1 < height + 1
    beside_frames = [text for text in everything if text.get_text().startswith(("true: ", "✓", "✗"))]
    assert len(beside_frames) == 4 * (1 + num_streams)
    extents = boxes(figure, beside_frames)
    assert not any(one.overlaps(other) for one, other in itertools.combinations(extents, 2))


def test_a_class_without_videos_is_marked():
    figure = plot_stream_report(streams_of(["rgb"], 3), class_names=CLASSES)
    assert "blue_slides (no video)" in texts(figure)


def test_classes_without_names_are_numbered():
    assert {"0", "1", "2"} <= set(texts(plot_stream_report({"rgb": RGB})))


def test_a_written_report_takes_its_names_from_a_file(tmp_path):
    (tmp_path / "classes.txt").write_text("\n".join(CLASSES))
    write_stream_report({"rgb": RGB}, tmp_path / "report.png", class_file=tmp_path / "classes.txt")
    assert cv2.imread(str(tmp_path / "report.png")).shape[1] == 1600


@pytest.mark.parametrize(
    ("streams", "class_names", "message"),
    [
        ({"rgb": ClassScores(NAMES, RGB.scores)}, CLASSES, "with labels"),
        ({str(number): RGB for number in range(6)}, CLASSES, "1 to 5 streams with labels, got 6"),
        ({"rgb": RGB}, CLASSES[:2], "class_names holds 2 names, but there are 3 classes"),
    ],
)
def test_streams_that_do_not_fit_a_report(streams, class_names, message):
    with pytest.raises(ValueError, match=message):
        plot_stream_report(streams, class_names=class_names)


def test_a_confusion_matrix_of_its_own():
    figure = plot_confusion_matrix(np.array([[3, 1], [0, 12]]), class_names=["Dive", "Swim"], title="rgb")
    assert {"rgb", "Dive", "Swim", "3", "1", "12"} <= set(texts(figure))
    assert "0" not in texts(figure)  # empty cells stay empty
    big = plot_confusion_matrix(np.eye(101, dtype=int), class_names=[f"class {number}" for number in range(101)])
    assert {f"class {number}" for number in range(101)} <= set(texts(big))


def test_a_picture_that_cannot_be_written_leaves_nothing(tmp_path):
    figure = plot_confusion_matrix(np.eye(2, dtype=int))
    (tmp_path / "p.png").mkdir()
    with pytest.raises(OSError, match="p.png"):
        save_figure(figure, tmp_path / "p.png")
    assert [path.name for path in tmp_path.iterdir()] == ["p.png"]


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


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "..", "C:\\x\\..\\y", "a\0b\n", "é" * 500, ""])
def test_pictures_stay_in_their_folder_whatever_a_video_is_called(tmp_path, monkeypatch, name):
    monkeypatch.setattr("tsn_plugin.visualization.hook.save_figure", lambda figure, path: path.write_bytes(b""))
    (tmp_path / "out").mkdir()
    hook = VisualizationHook(enable=True, interval=1, out_dir=str(tmp_path / "out"))
    monkeypatch.setattr("tsn_plugin.visualization.hook.sample_figure", lambda *args, **kwargs: None)
    hook.after_test_iter(fake_runner(tmp_path), 0, dict(inputs=[torch.zeros(1, 3, 4, 4)]), [sample(name)])
    (picture,) = tmp_path.rglob("*.png")
    assert picture.parent == tmp_path / "out"


def test_views_of_a_3d_recognizer_are_shown_too():
    views = np.zeros((2, 3, 4, 20, 30), np.uint8)
    views[1, :, 3] = 200  # the last frame of all
    figure = sample_figure(views, sample("a"), modality=get_modality("RGB"), classes=CLASSES)
    pictures = [axis.images[0].get_array() for axis in figure.axes]
    assert len(pictures) == 8
    assert [int(picture.mean()) for picture in pictures] == [0] * 7 + [200]


@pytest.mark.parametrize(
    ("label", "text", "color"),
    [
        ([1], "true: red_spins", RIGHT),
        ([0], "true: red_rises", WRONG),
        ([-1], "true: unknown", "black"),
        ([0, 1, 1], "true: red_spins, blue_slides", RIGHT),
    ],
)
def test_the_heading_tells_right_from_wrong(label, text, color):
    data = sample("a")
    data.set_field(torch.tensor(label), "gt_label")
    views = np.zeros((2, 3, 20, 30), np.uint8)
    figure = sample_figure(views, data, modality=get_modality("RGB"), classes=CLASSES)
    heading = figure.get_suptitle().splitlines()
    assert heading == ["a", "predicted: red_spins (0.70)", text]
    assert figure._suptitle.get_color() == color


def test_a_long_name_is_not_cut_off():
    views = np.zeros((1, 3, 20, 30), np.uint8)
    figure = sample_figure(views, sample("folder/" * 12), modality=get_modality("RGB"), classes=CLASSES)
    (box,) = boxes(figure, [figure._suptitle])
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width


def test_pictures_go_to_the_runs_own_folder_by_default(tmp_path):
    hook = VisualizationHook(enable=True, interval=1)
    inputs = torch.zeros(1, 2, 3, 20, 30, dtype=torch.uint8)  # a batch that was stacked
    hook.after_test_iter(fake_runner(tmp_path), 0, dict(inputs=inputs), [sample("a")])
    assert [path.name for path in (tmp_path / "log" / "pictures").iterdir()] == ["a_0_000000.png"]


def test_the_hook_does_nothing_unless_enabled(tmp_path):
    VisualizationHook().after_test_iter(None, 0, {}, [])


def test_a_wrong_interval_is_named():
    with pytest.raises(ValueError, match="interval=0 must be at least 1"):
        VisualizationHook(interval=0)
