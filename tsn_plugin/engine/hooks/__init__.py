"""Hooks of the training and test loops."""

from tsn_plugin.engine.hooks.checkpoint import CheckpointHook
from tsn_plugin.engine.hooks.effective_batch import EffectiveBatchHook
from tsn_plugin.engine.hooks.epoch_seed import EpochSeedHook
from tsn_plugin.engine.hooks.finite_loss import FiniteLossHook
from tsn_plugin.engine.hooks.label_range import LabelRangeHook
from tsn_plugin.engine.hooks.partial_bn import PartialBNHook
from tsn_plugin.engine.hooks.progress import ProgressHook
from tsn_plugin.engine.hooks.regression_statistics import RegressionStatisticsHook
from tsn_plugin.engine.hooks.safe_checkpoint import SafeCheckpointHook

__all__ = [
    "CheckpointHook",
    "EffectiveBatchHook",
    "EpochSeedHook",
    "FiniteLossHook",
    "LabelRangeHook",
    "PartialBNHook",
    "ProgressHook",
    "RegressionStatisticsHook",
    "SafeCheckpointHook",
]
