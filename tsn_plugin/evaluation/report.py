"""Tables of accuracies."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from tsn_plugin.evaluation.functional import mean_average_precision, mean_class_accuracy, top_k_accuracy
from tsn_plugin.structures.scores import ClassScores


def accuracy_table(streams: Mapping[str, ClassScores]) -> Table:
    """Top-1, top-5 (from six classes on) and mean class accuracy of each stream, one row each.

    For videos of several labels the last column is the mean average precision; without labels only videos are counted.
    """
    topk = (1, 5) if max(stream.num_classes for stream in streams.values()) > 5 else (1,)
    labels = [stream.labels for stream in streams.values() if stream.labels is not None]
    several = any(own.ndim == 2 for own in labels)
    columns = (*(f"top-{k}" for k in topk), "mean average precision" if several else "mean class accuracy")
    mean = mean_average_precision if several else mean_class_accuracy
    table = Table("stream", "videos", *(columns if labels else ()))
    for name, stream in streams.items():
        values: list[float] = []
        if stream.labels is not None:
            values = [*top_k_accuracy(stream.scores, stream.labels, topk), mean(stream.scores, stream.labels)]
        table.add_row(name, str(len(stream)), *(f"{value:.4f}" for value in values))
    return table
