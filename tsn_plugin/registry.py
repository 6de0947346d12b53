"""Registries of the plugin: children of MMAction2's, scope ``tsn_plugin``.

Each location imports the part of MMAction2 it extends, because MMEngine does not import a parent's locations when it
falls back to it.
"""

from tsn_plugin.compat import patch_stack

patch_stack()

from mmaction import registry as mmaction_registry  # noqa: E402
from mmengine.registry import Registry  # noqa: E402


def _child(name: str, parent: Registry, *locations: str) -> Registry:
    return Registry(name, parent=parent, scope="tsn_plugin", locations=[f"tsn_plugin.{part}" for part in locations])


MODELS = _child("model", mmaction_registry.MODELS, "models")
TRANSFORMS = _child("transform", mmaction_registry.TRANSFORMS, "transforms")
DATASETS = _child("dataset", mmaction_registry.DATASETS, "transforms", "datasets")
DATA_SAMPLERS = _child("data sampler", mmaction_registry.DATA_SAMPLERS, "datasets")
METRICS = _child("metric", mmaction_registry.METRICS, "evaluation")
EVALUATOR = _child("evaluator", mmaction_registry.EVALUATOR, "evaluation")
HOOKS = _child("hook", mmaction_registry.HOOKS, "engine", "visualization")
LOOPS = _child("loop", mmaction_registry.LOOPS, "engine")
OPTIMIZERS = _child("optimizer", mmaction_registry.OPTIMIZERS, "engine")
OPTIM_WRAPPERS = _child("optim wrapper", mmaction_registry.OPTIM_WRAPPERS, "engine")
OPTIM_WRAPPER_CONSTRUCTORS = _child(
    "optimizer wrapper constructor", mmaction_registry.OPTIM_WRAPPER_CONSTRUCTORS, "engine"
)
PARAM_SCHEDULERS = _child("parameter scheduler", mmaction_registry.PARAM_SCHEDULERS, "engine")
WEIGHT_INITIALIZERS = _child("weight initializer", mmaction_registry.WEIGHT_INITIALIZERS, "models")
MODEL_WRAPPERS = _child("model_wrapper", mmaction_registry.MODEL_WRAPPERS, "models")
VISUALIZERS = _child("visualizer", mmaction_registry.VISUALIZERS, "visualization")
VISBACKENDS = _child("vis_backend", mmaction_registry.VISBACKENDS, "visualization")
LOG_PROCESSORS = _child("log_processor", mmaction_registry.LOG_PROCESSORS, "engine")
RUNNERS = _child("runner", mmaction_registry.RUNNERS, "engine")
INFERENCERS = _child("inferencer", mmaction_registry.INFERENCERS, "apis")
TASK_UTILS = _child("task util", mmaction_registry.TASK_UTILS, "models")
