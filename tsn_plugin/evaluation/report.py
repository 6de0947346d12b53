"""Tables of accuracies."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from tsn_plugin.evaluation.functional import mean_class_accuracy, top_k_accuracy
from tsn_plugin.structures.scores import ClassScores


def accuracy_table(streams: Mapping[str, ClassScores]) -> Table:
    """Top-1, top-5 (from six classes on) and mean class accuracy of each stream, one row each.

    Raises:
        ValueError: if a stream has no labels.
    """
    topk = (1, 5) if max(stream.scores.shape[1] for stream in streams.values()) > 5 else (1,)
    table = Table("stream", "videos", *(f"top-{k}" for k in topk), "mean class accuracy")
    for name, stream in streams.items():
        if stream.labels is None:
            raise ValueError(
                f"stream {name} has no labels, so that its accuracy is unknown; give the list (--labels-from)"
            )
        accuracies = top_k_accuracy(stream.scores, stream.labels, topk)
        mean = mean_class_accuracy(stream.scores, stream.labels)
        table.add_row(name, str(len(stream)), *(f"{value:.4f}" for value in accuracies), f"{mean:.4f}")
    return table
