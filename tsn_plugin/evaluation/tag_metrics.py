"""Metrics for tags of several categories, some of which a video lacks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tsn_plugin.evaluation.functional import mean_average_precision
from tsn_plugin.evaluation.metrics import AccMetric
from tsn_plugin.registry import METRICS
from tsn_plugin.structures.tags import tag_counts, tag_slices


def category_average_precisions(
    scores: ArrayLike, labels: ArrayLike, category_mask: ArrayLike, *, counts: dict[str, int]
) -> dict[str, float]:
    """Mean average precision of each category, over the videos that have it; categories without tags are absent.

    Args:
        scores: ``(B, K)``, the categories one after the other.
        labels: 0/1, ``(B, K)``.
        category_mask: whether the video has the category, ``(B, number of categories)``.
        counts: number of tags of each category.

    Raises:
        ValueError: if the arrays do not fit ``counts`` or each other.

    Source: ``HVUDataset.evaluate`` of MMAction2 0.x.
    """
    scores, labels, has = np.asarray(scores), np.asarray(labels), np.asarray(category_mask, dtype=bool)
    num_tags = sum(counts.values())
    if scores.shape != (len(has), num_tags) or labels.shape != scores.shape or has.shape[1:] != (len(counts),):
        raise ValueError(
            f"scores {scores.shape}, labels {labels.shape} and category_mask {has.shape} do not fit {num_tags} tags in "
            f"{len(counts)} categories"
        )
    values = {}
    for index, (category, part) in enumerate(tag_slices(counts).items()):
        videos = has[:, index]
        if labels[videos, part].any():
            values[category] = mean_average_precision(scores[videos, part], labels[videos, part])
    return values


@METRICS.register_module()
class HVUMetric(AccMetric):
    """Mean average precision of every tag category, ``hvu/action_mAP`` and so on, and their mean, ``hvu/mean_mAP``.

    A category counts over the videos that have tags of it. The published numbers are of networks trained for one
    category; for those ``AccMetric(metric_list='mean_average_precision')`` gives the same value.

    Args:
        tag_categories: names in the order of the scores; default HVU's six.
        tag_category_nums: numbers of their tags; default HVU's.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes exchange results.
        prefix: of the result names; default ``hvu``.
    """

    default_prefix = "hvu"

    def __init__(
        self,
        tag_categories: Sequence[str] | None = None,
        tag_category_nums: Sequence[int] | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__("mean_average_precision", collect_device=collect_device, prefix=prefix)
        self.tag_counts = tag_counts(tag_categories, tag_category_nums)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep scores, tags and categories of each video.

        Raises:
            ValueError: if the test pipeline does not pack the videos' categories.
        """
        if any("category_mask" not in sample for sample in data_samples):
            raise ValueError(
                "a tested video has no 'category_mask': pack it in the test pipeline "
                "(PackActionInputs(algorithm_keys=('mask', 'category_mask')))"
            )
        first = len(self.results)
        super().process(data_batch, data_samples)
        masks = [sample["category_mask"].cpu().numpy() for sample in data_samples]
        self.results[first:] = [(*result, mask) for result, mask in zip(self.results[first:], masks)]

    def compute_metrics(self, results: list) -> dict[str, float]:
        """The values over all videos.

        Raises:
            ValueError: if no video was tested, or none has a tag.
        """
        if not results:
            raise ValueError("no video was tested; check the list of the test dataset")
        scores, labels, masks = (np.stack(column) for column in zip(*results))
        values = category_average_precisions(scores, labels, masks, counts=self.tag_counts)
        if not values:
            raise ValueError("no tested video has a tag, so that there is no average precision")
        mean = float(np.mean(list(values.values())))
        return {**{f"{category}_mAP": value for category, value in values.items()}, "mean_mAP": mean}
