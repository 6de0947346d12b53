"""Tables of accuracies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
from rich.table import Table

from tsn_plugin.evaluation import functional
from tsn_plugin.structures.scores import ClassScores

Measure = Callable[[np.ndarray, np.ndarray], float]
#: heading and function of the metrics with one value
_SINGLE: dict[str, tuple[str, Measure]] = {
    "mean_class_accuracy": ("mean class accuracy", functional.mean_class_accuracy),
    "mean_average_precision": ("mean average precision", functional.mean_average_precision),
    "mmit_mean_average_precision": ("MMIT average precision", functional.mmit_mean_average_precision),
}
METRICS = ("top_k_accuracy", *_SINGLE)


def accuracy_table(streams: Mapping[str, ClassScores], *, metrics: Sequence[str] | None = None) -> Table:
    """Name, number of videos and metrics of each stream, one row each.

    Args:
        streams: scores by the name that the table shows.
        metrics: names in :data:`METRICS`; ``top_k_accuracy`` means top-1 and, from six classes on, top-5. Default: this
            and mean class accuracy, or mean average precision for several labels per video, or nothing without labels.

    Raises:
        ValueError: for an unknown metric, or metrics of streams without labels.
    """
    measures = _measures(streams, metrics)
    table = Table("stream", "videos", *measures)
    for name, stream in streams.items():
        values = [] if stream.labels is None else [of(stream.scores, stream.labels) for of in measures.values()]
        table.add_row(name, str(len(stream)), *(f"{value:.4f}" for value in values))
    return table


def _measures(streams: Mapping[str, ClassScores], metrics: Sequence[str] | None) -> dict[str, Measure]:
    """Functions of the columns, by heading."""
    labels = [stream.labels for stream in streams.values() if stream.labels is not None]
    if not labels and metrics:
        raise ValueError(f"metrics={list(metrics)} need labels; give the list of the labels (--labels-from LIST)")
    if metrics is None:
        mean = "mean_average_precision" if any(own.ndim == 2 for own in labels) else "mean_class_accuracy"
        metrics = ("top_k_accuracy", mean) if labels else ()
    unknown = sorted(set(metrics) - set(METRICS))
    if unknown:
        raise ValueError(f"metric {unknown[0]!r} is unknown; known: {', '.join(METRICS)}")
    topk = (1, 5) if max(stream.num_classes for stream in streams.values()) > 5 else (1,)
    measures: dict[str, Measure] = {}
    for metric in metrics:
        if metric in _SINGLE:
            measures.update([_SINGLE[metric]])
        else:
            measures.update({f"top-{k}": partial(_top_k, k=k) for k in topk})
    return measures


def _top_k(scores: np.ndarray, labels: np.ndarray, *, k: int) -> float:
    return functional.top_k_accuracy(scores, labels, (k,))[0]
