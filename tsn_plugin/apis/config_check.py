"""Settings that are probably misspelt, in the places where MMEngine takes any key and ignores those it does not know.

Components refuse unknown keywords when they are built; what is looked at here is the rest of a config.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from inspect import signature
from typing import Any

from mmengine.config import Config
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

#: how alike two keys must be for one to be taken for the other: above 0.8 the configs of MMAction2 hold no such pair
_LIKENESS = 0.82
#: read by MMEngine or by the tools, besides the runner's arguments
_OTHER_SETTINGS = (
    "compile",
    "custom_imports",
    "find_unused_parameters",
    "model_wrapper_cfg",
    "runner_type",
    "sync_bn",
    "vis_backends",
)
_RUNNER = tuple(name for name in signature(Runner.__init__).parameters if name not in ("self", "cfg"))
TOP_LEVEL = (*_RUNNER, *_OTHER_SETTINGS)
_VIEWS = ("max_views", "max_testing_views", "fcn_test", "num_segs", "feature_extraction")
#: keys of mappings that are no component's keywords
KNOWN = {
    "env_cfg": ("cudnn_benchmark", "mp_cfg", "dist_cfg", "resource_limit"),
    "env_cfg.mp_cfg": ("mp_start_method", "opencv_num_threads"),
    "auto_scale_lr": ("enable", "base_batch_size"),
    "model": ("backbone", "cls_head", "neck", "train_cfg", "test_cfg", "data_preprocessor"),
    "model.test_cfg": _VIEWS,
    "model.train_cfg": _VIEWS,
    "optim_wrapper.paramwise_cfg": (
        "custom_keys",
        "bias_lr_mult",
        "bias_decay_mult",
        "norm_decay_mult",
        "flat_decay_mult",
        "dwconv_decay_mult",
        "dcn_offset_lr_mult",
        "bypass_duplicate",
    ),
    "default_hooks": ("runtime_info", "timer", "sampler_seed", "logger", "param_scheduler", "checkpoint"),
    # further keywords of this hook go to the function, at the first checkpoint
    "default_hooks.checkpoint": (
        *signature(CheckpointHook.__init__).parameters,
        *signature(Runner.save_checkpoint).parameters,
        "type",
    ),
}


def misspelt_settings(config: Config) -> list[str]:
    """A message for each key that nothing reads and that is almost one that is read.

    >>> misspelt_settings(Config(dict(train_dataloder=dict(batch_size=1))))
    ["nothing reads the setting 'train_dataloder': is 'train_dataloader' meant?"]
    """
    found = [_message(key, wanted) for key, wanted in _almost(config, TOP_LEVEL)]
    for place, known in KNOWN.items():
        found += [_message(f"{place}.{key}", wanted) for key, wanted in _almost(_at(config, place), known)]
    return found


def options_without_effect(config: Config, options: Iterable[str]) -> list[str]:
    """A message for each option of the command line, a dotted key, that changes nothing.

    A variable of a config file has done its work when the file is read.

    Args:
        config: before the options are merged.
        options: their keys.
    """
    messages = []
    for option in options:
        name = option.partition(".")[0]
        if name in TOP_LEVEL:
            continue
        near = get_close_matches(name, [*TOP_LEVEL, *config], n=1, cutoff=_LIKENESS) if name not in config else []
        if near:
            messages.append(_message(name, near[0]))
        else:
            what = "a variable of the config file, which was used up when it was read" if name in config else "unknown"
            messages.append(f"--cfg-options {option} has no effect: {name!r} is {what}; name the setting itself")
    return messages


def _almost(mapping: Any, known: Iterable[str]) -> Iterator[tuple[str, str]]:
    known = tuple(known)
    for key in mapping if isinstance(mapping, (Mapping, Config)) else ():
        near = get_close_matches(str(key), known, n=1, cutoff=_LIKENESS) if key not in known else []
        if near:
            yield str(key), near[0]


def _at(config: Config, place: str) -> Any:
    value: Any = config
    for name in place.split("."):
        value = value.get(name) if hasattr(value, "get") else None
    return value


def _message(key: str, wanted: str) -> str:
    return f"nothing reads the setting {key!r}: is {wanted!r} meant?"
