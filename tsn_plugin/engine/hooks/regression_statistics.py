"""Statistics of regression targets, from the training list into the head."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from tsn_plugin.registry import HOOKS


@HOOKS.register_module()
class RegressionStatisticsHook(Hook):
    """Gives ``SSNHead`` mean and standard deviation of the training list's regression targets, before training.

    They are buffers of the head, so that checkpoints hold them, and validation and testing use the same ones.

    Source: SSN ``ssn_train.py`` (``reg_stats`` in the checkpoint).
    """

    def before_train(self, runner: Any) -> None:
        """Take the statistics from the data set; a resumed training has those of its list again."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if not model.cls_head.with_regression:
            return
        statistics = runner.train_dataloader.dataset.regression_statistics()
        model.cls_head.set_regression_statistics(statistics.mean, statistics.std)
