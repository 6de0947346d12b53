"""One picture of what several streams recognise: accuracy per class, confusion matrices, sample videos."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tsn_plugin.evaluation.functional import confusion_matrix, per_class_accuracy, top_k_accuracy
from tsn_plugin.structures.scores import ClassScores

#: Okabe and Ito's palette, told apart by colour-blind readers too.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")
RIGHT, WRONG = "#00694E", "#B3261E"
MAX_NUMBERED_CLASSES = 12


def plot_stream_report(
    streams: Mapping[str, ClassScores],
    *,
    class_names: Sequence[str],
    frames: Mapping[str, np.ndarray] | None = None,
    title: str = "",
) -> Figure:
    """Figure of accuracy per class, a confusion matrix per stream, and sample videos with all streams' predictions.

    Args:
        streams: one to four labelled streams of the same videos.
        class_names: name of each class.
        frames: pictures uint8 ``(H, W, 3)`` of up to six videos, by name.
        title: heading.

    Raises:
        ValueError: for more than four streams, or a stream without labels.
    """
    if not 1 <= len(streams) <= len(COLORS) or any(stream.labels is None for stream in streams.values()):
        raise ValueError(f"a report takes 1 to {len(COLORS)} streams with labels, got {len(streams)}")
    figure = Figure(figsize=(16, 15 if frames else 10), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize=16)
    parts = figure.subfigures(3 if frames else 2, 1, height_ratios=(4, 5, 5) if frames else (4, 5))
    _plot_bars(parts[0].subplots(), streams, class_names)
    axes = parts[1].subplots(1, len(streams), squeeze=False)[0]
    for number, (axis, (name, stream)) in enumerate(zip(axes, streams.items())):
        predicted = stream.scores.argmax(axis=1)
        matrix = confusion_matrix(predicted, stream.labels, len(class_names))
        draw_confusion_matrix(axis, matrix, class_names, title=name, label_rows=number == 0)
    if frames:
        _plot_samples(parts[2], streams, class_names, dict(list(frames.items())[:6]))
    return figure


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as PNG; the file appears when it is complete."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    figure.savefig(partial, dpi=100, format="png")
    os.replace(partial, path)


def draw_confusion_matrix(
    axis: Axes, matrix: np.ndarray, class_names: Sequence[str], *, title: str = "", label_rows: bool = True
) -> None:
    """Draw counts ``(K, K)`` as shares of their rows, with numbers in the cells where there is room for them."""
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set_title(title, fontsize=13)
    axis.set_xlabel("predicted")
    every = max(1, len(class_names) // 50)
    ticks = range(0, len(class_names), every)
    size = 10 if len(class_names) <= MAX_NUMBERED_CLASSES else 6
    axis.set_xticks(ticks, [class_names[tick] for tick in ticks], rotation=90, fontsize=size)
    axis.set_yticks(ticks, [class_names[tick] for tick in ticks] if label_rows else [], fontsize=size)
    if label_rows:
        axis.set_ylabel("true")
    if len(class_names) > MAX_NUMBERED_CLASSES:
        return
    for row, column in zip(*np.nonzero(matrix)):
        color = "white" if shares[row, column] > 0.5 else "black"
        axis.text(column, row, int(matrix[row, column]), ha="center", va="center", color=color, fontsize=9)


def _plot_bars(axis: Axes, streams: Mapping[str, ClassScores], class_names: Sequence[str]) -> None:
    width = 0.8 / len(streams)
    for number, (name, stream) in enumerate(streams.items()):
        places = np.arange(len(class_names)) + (number - (len(streams) - 1) / 2) * width
        (top1,) = top_k_accuracy(stream.scores, stream.labels, (1,))
        accuracies = np.nan_to_num(per_class_accuracy(stream.scores, stream.labels))
        axis.bar(
            places, 100 * accuracies, width * 0.95, color=COLORS[number], label=f"{name}: top-1 {100 * top1:.1f} %"
        )
    axis.set_title("Accuracy per class", fontsize=13)
    axis.set_ylabel("videos recognised, %")
    axis.set_ylim(0, 105)
    axis.set_xticks(range(len(class_names)), class_names, fontsize=10, rotation=0 if len(class_names) <= 8 else 45)
    axis.grid(axis="y", alpha=0.3)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=11)


def _plot_samples(part: Figure, streams: Mapping[str, ClassScores], class_names: Sequence[str], frames: dict) -> None:
    axes = part.subplots((len(frames) + 1) // 2, min(2, len(frames)), squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, (name, picture) in zip(axes, frames.items()):
        axis.imshow(picture)
        first = next(iter(streams.values()))
        label = int(first.labels[first.names.index(name)])
        axis.set_title(f"true class: {class_names[label]}", fontsize=12, loc="left")
        for number, (stream_name, stream) in enumerate(streams.items()):
            predicted = int(stream.scores[stream.names.index(name)].argmax())
            mark, color = ("\u2713", RIGHT) if predicted == label else ("\u2717", WRONG)
            text = f"{mark} {stream_name}: {class_names[predicted]}"
            place = (number / len(streams), -0.06)
            axis.text(*place, text, color=color, fontsize=11, va="top", transform=axis.transAxes)
