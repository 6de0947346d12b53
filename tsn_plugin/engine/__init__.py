"""Engine: hooks, loops, optimizer wrappers and their constructor."""

import mmaction.engine  # noqa: F401

from tsn_plugin.engine import hooks
from tsn_plugin.engine.joint_training import JointTrainLoop
from tsn_plugin.engine.optim_constructor import TSNOptimWrapperConstructor
from tsn_plugin.engine.optim_wrapper import AutocastOptimWrapper

__all__ = ["AutocastOptimWrapper", "JointTrainLoop", "TSNOptimWrapperConstructor", "hooks"]
