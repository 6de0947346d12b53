"""Metrics for MMEngine's evaluator: collectors around the functions, and the writer of score files."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmaction.evaluation import ConfusionMatrix as _ConfusionMatrix
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from tsn_plugin.evaluation import functional
from tsn_plugin.evaluation.aggregation import stack_views
from tsn_plugin.evaluation.names import relative_names
from tsn_plugin.evaluation.score_files import check_score_path, save_scores
from tsn_plugin.registry import METRICS
from tsn_plugin.structures.scores import ClassScores

_KNOWN = ("top_k_accuracy", "mean_class_accuracy", "mean_average_precision", "mmit_mean_average_precision")


@METRICS.register_module()
class AccMetric(BaseMetric):
    """Accuracies of video scores, with MMAction2's arguments and result names.

    Results: ``top1``, ``top5``, ``mean1`` (mean class accuracy, what the papers report), ``mean_average_precision``,
    ``mmit_mean_average_precision``.

    Args:
        metric_list: one or several of the names in 0.x's ``--eval``.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes exchange results.
        metric_options: ``dict(top_k_accuracy=dict(topk=(1, 5)))``. Beyond the number of classes ``k`` is always right;
            a warning says so.
        prefix: of the result names; default ``acc``.

    Raises:
        ValueError: for an unknown metric or option.
    """

    default_prefix = "acc"

    def __init__(
        self,
        metric_list: str | Sequence[str] = ("top_k_accuracy", "mean_class_accuracy"),
        collect_device: str = "cpu",
        metric_options: dict | None = None,
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.metrics = (metric_list,) if isinstance(metric_list, str) else tuple(metric_list)
        unknown = sorted(set(self.metrics) - set(_KNOWN)) + sorted(set(metric_options or {}) - {"top_k_accuracy"})
        if unknown:
            raise ValueError(f"metric {unknown[0]!r} is unknown or takes no options; known: {', '.join(_KNOWN)}")
        topk = (metric_options or {}).get("top_k_accuracy", {}).get("topk", (1, 5))
        self.topk = (topk,) if isinstance(topk, int) else tuple(topk)
        self._warned = False

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep score and label of each video."""
        self.results += [(_prediction(sample), _label(sample)) for sample in data_samples]

    def compute_metrics(self, results: list) -> dict[str, float]:
        """The metrics over all videos."""
        scores, labels = _columns(results)
        scores, labels = np.stack(scores), functional.stack_labels(labels, len(scores[0]))
        values: dict[str, float] = {}
        for metric in self.metrics:
            if metric == "top_k_accuracy":
                self._warn_of_large_k(scores.shape[1])
                accuracies = functional.top_k_accuracy(scores, labels, self.topk)
                values.update({f"top{k}": accuracy for k, accuracy in zip(self.topk, accuracies)})
            elif metric == "mean_class_accuracy":
                values["mean1"] = functional.mean_class_accuracy(scores, labels)
            else:
                values[metric] = getattr(functional, metric)(scores, labels)
        return values

    def _warn_of_large_k(self, num_classes: int) -> None:
        if max(self.topk) > num_classes and not self._warned:
            text = f"top-{max(self.topk)} of {num_classes} classes is always 1; set topk in metric_options"
            print_log(text, logger="current", level=logging.WARNING)
            self._warned = True


@METRICS.register_module()
class DumpScores(BaseMetric):
    """Writes a score file: names, labels and scores before softmax of all videos, whichever process tested them.

    A video that was tested twice, because the processes' shares were filled up to equal length, is written once. Names
    are written without the folder that all videos share.

    Args:
        out_file_path: ``.npz``, ``.pkl`` or ``.json``; see :mod:`tsn_plugin.evaluation.score_files`.
        keep_view_scores: also write the scores of every view, which the head must have kept
            (``cls_head.keep_view_scores=True``); in ``.npz`` only.
        layout: ``'tsn_plugin'``, or ``'tsn'`` for an ``.npz`` of view scores as the original writes it.
        from_pred_score: write ``pred_score`` of a head that keeps no ``scores``, as MMAction2's do not. These are
            scores before softmax if the head has ``average_clips='score'``.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes exchange results.

    Raises:
        ValueError: for a file, layout and ``keep_view_scores`` that do not fit each other.
    """

    default_prefix = "scores"

    def __init__(
        self,
        out_file_path: str,
        *,
        keep_view_scores: bool = False,
        layout: str = "tsn_plugin",
        from_pred_score: bool = False,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        check_score_path(out_file_path, layout=layout)
        if keep_view_scores and not out_file_path.endswith(".npz"):
            raise ValueError(f"out_file_path={out_file_path!r} cannot keep view scores; use the suffix .npz")
        if layout == "tsn" and not keep_view_scores:
            raise ValueError(
                "layout='tsn' holds the scores of single views: set keep_view_scores=True here and in the head"
            )
        self.out_file_path = out_file_path
        self.keep_view_scores = keep_view_scores
        self.layout = layout
        self.from_pred_score = from_pred_score

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep what the file needs of each video.

        Raises:
            ValueError: if a sample lacks its name or its scores before softmax.
        """
        wanted = [*([] if self.from_pred_score else ["scores"]), "video_name"]
        wanted += ["view_scores"] if self.keep_view_scores else []
        for sample in data_samples:
            lacking = [key for key in wanted if key not in sample]
            if lacking:
                raise ValueError(
                    f"a tested video has no {' and no '.join(lacking)}: use tsn_plugin.TSNHead and "
                    "tsn_plugin.PackActionInputs in the config (and keep_view_scores=True in the head for view_scores) "
                    "or from_pred_score=True here for another head with average_clips='score'"
                )
            views = sample["view_scores"].float().cpu().numpy() if self.keep_view_scores else None
            scores = sample["scores"].float().cpu().numpy() if "scores" in sample else _prediction(sample)
            num_crops = len(sample["view_boxes"]) if "view_boxes" in sample else None
            self.results.append((sample["video_name"], scores, _label(sample), views, num_crops))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Write the file and report how many videos it holds.

        Raises:
            ValueError: if a name has two results that differ, a score is not finite, or view scores of different
                length cannot be put into one array.
        """
        names, scores, labels, views, crops = _columns(_one_result_per_name(results))
        num_crops = crops[0] if self.keep_view_scores else None
        save_scores(
            self.out_file_path,
            ClassScores(
                relative_names(names),
                np.stack(scores),
                functional.stack_labels(labels, len(scores[0])),
                stack_views(views, num_crops) if self.keep_view_scores else None,
                num_crops=num_crops,
            ),
            layout=self.layout,
        )
        return {"videos": len(names)}


@METRICS.register_module()
class ConfusionMatrix(_ConfusionMatrix):
    """Counts ``(K, K)``, rows true classes, columns predicted ones, under ``confusion_matrix/result``.

    MMAction2's metric with its ``calculate`` and ``plot``; reads the samples of MMAction2 1.1 too.

    Args:
        num_classes: number of classes; default: the length of the scores.
        collect_device: ``'cpu'`` or ``'gpu'``, where the processes exchange results.
        prefix: of the result name.
    """

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the predicted and the true class of each video, and the number of classes."""
        for sample in data_samples:
            label = _label(sample)
            if "pred_score" in sample or "pred_scores" in sample:
                scores = _prediction(sample)
                self.results.append((int(scores.argmax()), label, len(scores)))
            else:
                self.results.append((int(sample["pred_label"]), label, self.num_classes))

    def compute_metrics(self, results: list) -> dict[str, torch.Tensor]:
        """The matrix over all videos.

        Raises:
            AssertionError: by MMAction2, for samples without scores where ``num_classes`` was not given.
            ValueError: for several labels per video.
        """
        predicted, labels, counts = _columns(results)
        if None in counts:
            self.calculate(torch.tensor(predicted), np.concatenate(labels), num_classes=None)
        labels = functional.stack_labels(labels, max(counts))
        return {"result": torch.from_numpy(functional.confusion_matrix(predicted, labels, max(counts)))}


def _one_result_per_name(results: list) -> list[tuple]:
    """``results`` in their order without repetitions."""
    unique: dict[str, tuple] = {}
    for result in results:
        name, scores, labels = result[:3]
        _, known_scores, known_labels = unique.setdefault(name, result)[:3]
        same_scores = np.allclose(known_scores, scores, rtol=1e-3, atol=1e-4, equal_nan=True)
        if not (same_scores and np.array_equal(known_labels, labels)):
            raise ValueError(f"video {name} was tested twice with different scores or labels: is it in its list twice?")
    return list(unique.values())


def _columns(results: list) -> list[tuple]:
    """Columns of ``results``.

    Raises:
        ValueError: if nothing was tested.
    """
    if not results:
        raise ValueError("no video was tested; check the list of the test dataset")
    return list(zip(*results))


def _prediction(sample: dict) -> np.ndarray:
    """Scores ``(K,)`` of a sample of MMAction2 1.2 (``pred_score``) or 1.1 (``pred_scores.item``).

    Raises:
        ValueError: for scores of several views, which MMAction2's head gives with ``average_clips=None``.
    """
    value = sample["pred_score"] if "pred_score" in sample else sample["pred_scores"]["item"]
    if value.ndim != 1:
        raise ValueError(
            f"a video has scores of the shape {tuple(value.shape)}: set average_clips='prob' or 'score' in the head"
        )
    return value.float().cpu().numpy()


def _label(sample: dict) -> np.ndarray:
    """Labels ``(1,)`` or ``(K,)`` of a sample of MMAction2 1.2 (``gt_label``) or 1.1 (``gt_labels.item``)."""
    value = sample["gt_label"] if "gt_label" in sample else sample["gt_labels"]["item"]
    return value.cpu().numpy().reshape(-1)
