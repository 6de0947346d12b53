"""Pictures of untrimmed videos: timelines, precision over IoU, recall over proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from tsn_plugin.visualization.stream_report import COLORS

_BAR = 0.7


@dataclass(frozen=True)
class Timeline:
    """What is known of one video along its time.

    Attributes:
        duration: in seconds.
        instances: ground truth in seconds, ``(G, 2)``; None: not known, not shown.
        instance_labels: from 0 on.
        actionness: probability of action per tick, ``(T,)``; None: not shown.
        proposals: in seconds, ``(P, 2)``.
        detections: in seconds, ``(N, 2)``, best first.
        detection_labels: from 0 on.
        detection_scores: decide how strong the bars are.
        frames: some frames uint8 ``(H, W, 3)``, evenly spread.
    """

    duration: float
    instances: np.ndarray | None
    instance_labels: Sequence[int]
    actionness: np.ndarray | None
    proposals: np.ndarray
    detections: np.ndarray
    detection_labels: Sequence[int]
    detection_scores: Sequence[float]
    frames: Sequence[np.ndarray] = field(default_factory=list)


def plot_timeline(
    video: Timeline,
    classes: Sequence[str],
    *,
    colors: Sequence[str] = COLORS,
    title: str = "",
    max_proposals: int = 40,
) -> Figure:
    """Frames, ground truth, actionness, proposals and detections of a video, one below the other.

    Args:
        video: what to show.
        classes: names of the classes.
        colors: of the classes, as Matplotlib takes them; fewer are used again.
        title: heading.
        max_proposals: at most so many proposals are drawn, the first ones.
    """
    proposals = np.asarray(video.proposals)[:max_proposals]
    rows = [("frames", 1.1)] * bool(len(video.frames)) + [("ground truth", 0.7)] * (video.instances is not None)
    rows += [("actionness", 1.1)] * (video.actionness is not None)
    rows += [("proposals", 0.5 + 0.06 * len(proposals)), ("detections", 0.5 + 0.16 * len(video.detections))]
    figure = Figure(figsize=(12, 1.2 + sum(height for _, height in rows)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    axes = dict(zip(dict(rows), figure.subplots(len(rows), 1, height_ratios=[height for _, height in rows])))
    if len(video.frames):
        _draw_frames(axes["frames"], video)
    if video.instances is not None:
        texts = [classes[label] for label in video.instance_labels]
        _draw_bars(axes["ground truth"], video.instances, _class_colors(video.instance_labels, colors), texts)
    if video.actionness is not None:
        ticks = (np.arange(len(video.actionness)) + 0.5) / len(video.actionness) * video.duration
        axes["actionness"].fill_between(ticks, video.actionness, color="0.6")
        axes["actionness"].set_ylim(0, 1)
    _draw_bars(axes["proposals"], proposals, ["0.5"] * len(proposals), rows=True)
    texts = [f"{classes[label]} {score:.2g}" for label, score in zip(video.detection_labels, video.detection_scores)]
    strength = np.asarray(video.detection_scores) / max(video.detection_scores, default=1)
    filled = [
        to_rgba(color, 0.25 + 0.75 * alpha)
        for color, alpha in zip(_class_colors(video.detection_labels, colors), strength)
    ]
    _draw_bars(axes["detections"], video.detections, filled, texts, rows=True)
    for name, axis in axes.items():
        axis.set_ylabel(name, rotation=0, ha="right", va="center")
        if name != "frames":
            axis.set_xlim(0, video.duration)
        if name != "actionness":
            axis.set_yticks([])
        if name != "detections":
            axis.set_xticks([])
    axes["detections"].set_xlabel("seconds")
    return figure


def plot_precision(thresholds: Sequence[float], lines: Mapping[str, np.ndarray]) -> Figure:
    """Mean average precision over the threshold of the IoU, a line per result.

    Args:
        thresholds: of the IoU.
        lines: values ``(len(thresholds),)`` in ``[0, 1]`` by name.
    """
    return _plot_lines(thresholds, lines, "IoU", "mean average precision (%)", marker="o")


def plot_recall(counts: Sequence[int], lines: Mapping[str, np.ndarray]) -> Figure:
    """Average recall over the number of proposals per video, a line per list."""
    return _plot_lines(counts, lines, "proposals per video (mean)", "average recall (%)", marker=None)


def _plot_lines(
    places: Sequence[float], lines: Mapping[str, np.ndarray], xlabel: str, ylabel: str, *, marker: str | None
) -> Figure:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    for color, (name, values) in zip(COLORS * len(lines), lines.items()):
        axis.plot(places, 100 * np.asarray(values), color=color, label=name, marker=marker)
    axis.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 100))
    axis.grid(alpha=0.3)
    axis.legend()
    return figure


def _draw_frames(axis: Axes, video: Timeline) -> None:
    height = min(frame.shape[0] for frame in video.frames)
    strip = np.concatenate([frame[:height] for frame in video.frames], axis=1)
    axis.imshow(strip, aspect="auto")


def _class_colors(labels: Sequence[int], colors: Sequence[str]) -> list[str]:
    return [colors[label % len(colors)] for label in labels]


def _draw_bars(
    axis: Axes, intervals: np.ndarray, colors: Sequence, texts: Sequence[str] | None = None, *, rows: bool = False
) -> None:
    """A bar per interval, in one row or, with ``rows``, each in its own from the top."""
    intervals = np.asarray(intervals).reshape(-1, 2)
    places = -np.arange(len(intervals)) * rows
    axis.barh(places, np.diff(intervals).ravel(), left=intervals[:, 0], height=_BAR, color=list(colors))
    for place, center, text in zip(places, intervals.mean(axis=1), texts or ()):
        axis.text(center, place, text, ha="center", va="center", fontsize=7, clip_on=True)
