"""Hooks of the training and test loops."""

from tsn_plugin.engine.hooks.effective_batch import EffectiveBatchHook
from tsn_plugin.engine.hooks.partial_bn import PartialBNHook
from tsn_plugin.engine.hooks.progress import ProgressHook
from tsn_plugin.engine.hooks.regression_statistics import RegressionStatisticsHook
from tsn_plugin.engine.hooks.safe_checkpoint import SafeCheckpointHook

__all__ = ["EffectiveBatchHook", "PartialBNHook", "ProgressHook", "RegressionStatisticsHook", "SafeCheckpointHook"]
