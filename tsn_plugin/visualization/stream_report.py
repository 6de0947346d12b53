"""One picture of what several streams recognise: accuracy per class, confusion matrices, sample videos."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure

from tsn_plugin.evaluation.functional import confusion_matrix, per_class_accuracy, top_k_accuracy
from tsn_plugin.preparation.official_splits import read_classes
from tsn_plugin.structures.scores import ClassScores

#: Okabe and Ito's palette, told apart by colour-blind readers too.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
RIGHT, WRONG = "#00694E", "#B3261E"
MAX_NUMBERED_CLASSES = 12
MAX_SAMPLES = 6


def plot_stream_report(
    streams: Mapping[str, ClassScores],
    *,
    class_names: Sequence[str] | None = None,
    frames: Mapping[str, np.ndarray] | None = None,
    title: str = "",
) -> Figure:
    """Figure of accuracy per class, a confusion matrix per stream, and sample videos with all streams' predictions.

    Args:
        streams: one to five streams of the same videos, each video with one label.
        class_names: name of each class; default their numbers.
        frames: pictures uint8 ``(H, W, 3)`` of up to six videos, by name.
        title: heading.

    Raises:
        ValueError: for more than five streams, a stream without labels, or names of too few classes.
    """
    if not 1 <= len(streams) <= len(COLORS) or any(stream.labels is None for stream in streams.values()):
        raise ValueError(f"a report takes 1 to {len(COLORS)} streams with labels, got {len(streams)}")
    names = _names_of(class_names, max(stream.num_classes for stream in streams.values()))
    rows = (min(len(frames or ()), MAX_SAMPLES) + 1) // 2
    heights = (4, 5.5, *([1.7 * rows] if rows else []))
    figure = Figure(figsize=(16, 0.6 + sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=16)
    parts = figure.subfigures(len(heights), 1, height_ratios=heights)
    _plot_bars(parts[0].subplots(), streams, names)
    axes = parts[1].subplots(1, len(streams), squeeze=False)[0]
    for number, (axis, (name, stream)) in enumerate(zip(axes, streams.items())):
        matrix = confusion_matrix(stream.scores.argmax(axis=1), stream.labels, len(names))
        draw_confusion_matrix(axis, matrix, names, title=name, label_rows=number == 0)
    if rows:
        _plot_samples(parts[2], streams, names, dict(list(frames.items())[:MAX_SAMPLES]))
    return figure


def write_stream_report(
    streams: Mapping[str, ClassScores], path: str | Path, *, class_file: str | Path | None = None
) -> None:
    """Write the figure of :func:`plot_stream_report` without sample videos.

    Args:
        streams: one to five labelled streams of the same videos.
        path: the PNG.
        class_file: class names, one per line, or UCF101's ``classInd.txt``; default their numbers.

    Raises:
        FileNotFoundError: if there is no such class file.
        ValueError: if streams or class file do not fit.
    """
    labels = None if class_file is None else read_classes(class_file)
    names = None if labels is None else sorted(labels, key=labels.get)
    save_figure(plot_stream_report(streams, class_names=names), path)


def plot_confusion_matrix(matrix: np.ndarray, *, class_names: Sequence[str] | None = None, title: str = "") -> Figure:
    """Figure of counts ``(K, K)``, rows true classes, large enough for a label at every class.

    Raises:
        ValueError: if there are not as many names as classes.
    """
    names = _names_of(class_names, len(matrix))
    side = 4 + max(3, 0.12 * len(names))
    figure = Figure(figsize=(side, side), layout="constrained")
    FigureCanvasAgg(figure)
    draw_confusion_matrix(figure.subplots(), matrix, names, title=title, every=1)
    return figure


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as PNG; the file appears when it is complete."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        figure.savefig(partial, dpi=100, format="png")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def draw_confusion_matrix(
    axis: Axes,
    matrix: np.ndarray,
    class_names: Sequence[str],
    *,
    title: str = "",
    label_rows: bool = True,
    every: int | None = None,
) -> None:
    """Draw counts ``(K, K)`` as shares of their rows, with numbers in the cells where there is room for them.

    Args:
        axis: where.
        matrix: rows are true classes.
        class_names: ``K`` names.
        title: heading.
        label_rows: write names at the rows too.
        every: write the name of every n-th class; default: as many as a third of a wide picture has room for.
    """
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set_title(title, fontsize=13)
    axis.set_xlabel("predicted")
    few = len(class_names) <= MAX_NUMBERED_CLASSES
    ticks = range(0, len(class_names), every or -(-len(class_names) // 40))
    labels = [shortened(class_names[tick]) for tick in ticks]
    axis.set_xticks(ticks, labels, rotation=90, fontsize=10 if few else 6)
    axis.set_yticks(ticks, labels if label_rows else [], fontsize=10 if few else 6)
    if label_rows:
        axis.set_ylabel("true")
    for row, column in zip(*np.nonzero(matrix)) if few else ():
        color = "white" if shares[row, column] > 0.5 else "black"
        axis.text(column, row, int(matrix[row, column]), ha="center", va="center", color=color, fontsize=9)


def shortened(name: str, length: int = 24) -> str:
    """``name`` with an ellipsis in place of what is beyond ``length`` characters.

    >>> shortened("HandstandPushups", 10)
    'Handstand…'
    """
    return name if len(name) <= length else name[: length - 1] + "\u2026"


def _names_of(class_names: Sequence[str] | None, num_classes: int) -> list[str]:
    if class_names is None:
        return [str(number) for number in range(num_classes)]
    if len(class_names) != num_classes:
        raise ValueError(f"class_names holds {len(class_names)} names, but there are {num_classes} classes")
    return list(class_names)


def _plot_bars(axis: Axes, streams: Mapping[str, ClassScores], class_names: Sequence[str]) -> None:
    width = 0.8 / len(streams)
    for number, (name, stream) in enumerate(streams.items()):
        places = np.arange(len(class_names)) + (number - (len(streams) - 1) / 2) * width
        (top1,) = top_k_accuracy(stream.scores, stream.labels, (1,))
        accuracies = per_class_accuracy(stream.scores, stream.labels)
        axis.bar(
            places, 100 * accuracies, width * 0.95, color=COLORS[number], label=f"{name}: top-1 {100 * top1:.1f} %"
        )
    labels = [
        shortened(name) + (" (no video)" if np.isnan(accuracy) else "")
        for name, accuracy in zip(class_names, accuracies)
    ]
    axis.set_title("Accuracy per class", fontsize=13)
    axis.set_ylabel("videos recognised, %")
    axis.set_ylim(0, 105)
    axis.set_xlim(-0.7, len(labels) - 0.3)
    if max(map(len, labels)) * len(labels) <= 130:  # characters that fit side by side
        axis.set_xticks(range(len(labels)), labels, fontsize=10)
    else:
        size, rotation = (10, 30) if len(labels) <= 20 else (6, 90)
        anchor = dict(ha="right", rotation_mode="anchor") if rotation == 30 else {}
        axis.set_xticks(range(len(labels)), labels, fontsize=size, rotation=rotation, **anchor)
    axis.grid(axis="y", alpha=0.3)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=11)


def _plot_samples(
    part: SubFigure, streams: Mapping[str, ClassScores], class_names: Sequence[str], frames: Mapping[str, np.ndarray]
) -> None:
    """One strip of frames per video, and beside it what each stream says."""
    columns = min(2, len(frames))
    axes = part.subplots(-(-len(frames) // columns), 2 * columns, squeeze=False, width_ratios=(5, 3) * columns)
    for axis in axes.ravel():
        axis.set_axis_off()
    for (picture_axis, text_axis), (name, picture) in zip(axes.reshape(-1, 2), frames.items()):
        picture_axis.imshow(picture)
        picture_axis.set_anchor("E")
        lines = _verdicts(streams, class_names, name)
        for number, (text, color, weight) in enumerate(lines):
            place = (0, 1 - (number + 0.5) / len(lines))
            text_axis.text(
                *place, text, color=color, weight=weight, fontsize=11, va="center", transform=text_axis.transAxes
            )


def _verdicts(streams: Mapping[str, ClassScores], class_names: Sequence[str], video: str) -> list[tuple[str, str, str]]:
    """Lines on one video as text, colour and font weight: the true class, then what each stream says."""
    first = next(iter(streams.values()))
    label = int(first.labels[first.names.index(video)])
    lines = [(f"true: {shortened(class_names[label])}", "black", "bold")]
    for name, stream in streams.items():
        predicted = int(stream.scores[stream.names.index(video)].argmax())
        mark, color = ("\u2713", RIGHT) if predicted == label else ("\u2717", WRONG)
        lines.append((f"{mark} {shortened(name, 12)}: {shortened(class_names[predicted])}", color, "normal"))
    return lines
