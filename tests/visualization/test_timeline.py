import numpy as np

from tsn_plugin.visualization.timeline import Timeline, plot_precision, plot_recall, plot_timeline


def test_a_timeline_shows_all_that_is_known():
    video = Timeline(
        duration=10.0,
        instances=np.array([[1.0, 4.0]]),
        instance_labels=[1],
        actionness=np.linspace(0, 1, 20),
        proposals=np.array([[0.5, 4.5], [6, 7]]),
        detections=np.array([[1.2, 4.1], [6, 7]]),
        detection_labels=[1, 0],
        detection_scores=[0.9, 0.3],
        frames=[np.zeros((20, 30, 3), np.uint8)] * 4,
    )
    figure = plot_timeline(video, ("jump", "run"), title="video")
    axes = {axis.get_ylabel(): axis for axis in figure.axes}
    assert list(axes) == ["frames", "ground truth", "actionness", "proposals", "detections"]
    assert [text.get_text() for text in axes["detections"].texts] == ["run 0.9", "jump 0.3"]
    bars = [(bar.get_x(), round(bar.get_x() + bar.get_width(), 6)) for bar in axes["detections"].patches]
    assert bars == [(1.2, 4.1), (6, 7)]


def test_what_is_not_known_is_left_out():
    nothing = np.zeros((0, 2))
    figure = plot_timeline(Timeline(3.0, nothing, [], None, nothing, nothing, [], []), ("a",))
    assert [axis.get_ylabel() for axis in figure.axes] == ["ground truth", "proposals", "detections"]
    figure = plot_timeline(Timeline(3.0, None, [], None, nothing, nothing, [], []), ("a",))
    assert [axis.get_ylabel() for axis in figure.axes] == ["proposals", "detections"]


def test_lines_are_in_percent():
    (axis,) = plot_precision((0.1, 0.5), {"SSN": np.array([0.5, 0.25])}).axes
    assert axis.lines[0].get_ydata().tolist() == [50, 25]
    (axis,) = plot_recall([1, 2], {"TAG": np.array([0.1, 0.2]), "windows": np.array([0, 0.1])}).axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["TAG", "windows"]


def test_classes_keep_their_colors():
    twice = np.array([[0, 1.0], [1, 2]])
    video = Timeline(2.0, twice, [1, 0], None, np.zeros((0, 2)), twice, [0, 1], [0.8, 0.2])
    axes = {axis.get_ylabel(): axis for axis in plot_timeline(video, "ab", colors=("#000000", "#ff0000")).axes}
    faces = [bar.get_facecolor() for bar in axes["ground truth"].patches + axes["detections"].patches]
    assert [face[0] for face in faces] == [1, 0, 0, 1]
    assert [round(face[3], 4) for face in faces] == [1, 1, 1, 0.4375]
