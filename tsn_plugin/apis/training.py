"""Training from a config, as ``tools/train.py`` does it."""

from __future__ import annotations

import argparse
import logging
import warnings
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.logging import print_log
from mmengine.runner import Runner

from tsn_plugin.apis.failures import report_failure
from tsn_plugin.apis.options import load_config
from tsn_plugin.apis.resuming import latest_checkpoint
from tsn_plugin.registry import RUNNERS

GPU_OPTIONS_IGNORED = (
    "--gpus, --gpu-ids and --gpu-id of 0.x have no effect: choose GPUs with CUDA_VISIBLE_DEVICES=0,1 and train on "
    "several with torchrun --nproc_per_node=2 tools/train.py CONFIG --launcher pytorch"
)


@report_failure
def train_from_arguments(arguments: argparse.Namespace) -> Runner:
    """Train what the parsed command line asks for and return the runner after its last epoch."""
    config = load_config(arguments)
    apply_train_options(config, arguments)
    runner = build_runner(config)
    if config.get("resume") and config.get("load_from") is None:
        _go_on_from_latest(runner)
    if any(option is not None for option in (arguments.gpus, arguments.gpu_ids, arguments.gpu_id)):
        print_log(GPU_OPTIONS_IGNORED, logger="current", level=logging.WARNING)
    runner.train()
    if arguments.test_last or arguments.test_best:
        _test_after_training(runner, best=arguments.test_best)
    return runner


def apply_train_options(config: Config, arguments: argparse.Namespace) -> None:
    """Write the training options of MMAction2 1.x and 0.x into ``config``."""
    if arguments.no_validate:
        config.val_cfg = config.val_dataloader = config.val_evaluator = None
    if arguments.amp:
        use_mixed_precision(config)
    if arguments.resume == "auto":
        config.resume, config.load_from = True, None
    elif arguments.resume is not None:
        config.resume, config.load_from = True, arguments.resume
    if arguments.auto_scale_lr:
        enable_lr_scaling(config)
    if config.get("randomness") is None or arguments.seed is not None or arguments.deterministic:
        config.randomness = dict(
            seed=arguments.seed, diff_rank_seed=arguments.diff_rank_seed, deterministic=arguments.deterministic
        )


def use_mixed_precision(config: Config) -> None:
    """Replace the optimizer wrapper by one that runs under autocast: float16 on a GPU, bfloat16 on the CPU.

    Raises:
        ValueError: if the config uses a wrapper of its own, which cannot be replaced without losing it.
    """
    wrapper = config.optim_wrapper
    known = ("OptimWrapper", "AmpOptimWrapper", "tsn_plugin.AutocastOptimWrapper")
    if wrapper.get("type", "OptimWrapper") not in known:
        raise ValueError(f"--amp cannot replace optim_wrapper.type={wrapper.type!r}; set mixed precision in the config")
    if torch.cuda.is_available():
        wrapper.type = "AmpOptimWrapper"
        wrapper.setdefault("loss_scale", "dynamic")
    else:
        wrapper.type = "tsn_plugin.AutocastOptimWrapper"
        wrapper.setdefault("dtype", "bfloat16")


def enable_lr_scaling(config: Config) -> None:
    """Scale the learning rate with the batch size that one optimizer step really sees.

    Raises:
        ValueError: if the config does not say for which batch size its learning rate was chosen.
    """
    if not config.get("auto_scale_lr"):
        raise ValueError("--auto-scale-lr needs auto_scale_lr=dict(base_batch_size=...) in the config")
    hooks = config.get("custom_hooks") or []
    if any(str(hook.get("type", "")).endswith("EffectiveBatchHook") for hook in hooks):
        warnings.warn(
            "--auto-scale-lr is ignored: EffectiveBatchHook accumulates gradients to the batch size that the learning "
            "rate was chosen for",
            stacklevel=2,
        )
        return
    config.auto_scale_lr.enable = True


def build_runner(config: Config) -> Runner:
    """Runner of ``config``; without a GPU several processes talk through gloo."""
    if config.get("launcher", "none") != "none" and not torch.cuda.is_available():
        # MMEngine passes a device number, which DistributedDataParallel refuses for a model on the CPU
        wrapper = dict(type="MMDistributedDataParallel", device_ids=None, broadcast_buffers=False)
        config.setdefault("model_wrapper_cfg", wrapper)
    runner_type: Any = config.get("runner_type")
    return Runner.from_cfg(config) if runner_type is None else RUNNERS.build(config)


def _go_on_from_latest(runner: Runner) -> None:
    """Let all processes resume from the checkpoint that the first one finds.

    A machine that sees another ``work_dir`` would begin anew, beside others that go on; so it fails.
    """
    found = [latest_checkpoint(runner.work_dir) if is_main_process() else None]
    broadcast_object_list(found)
    runner._load_from = found[0]
    runner._resume = found[0] is not None


def _test_after_training(runner: Runner, *, best: bool) -> None:
    if best:
        path = runner.message_hub.get_info("best_ckpt")
        if path is None:
            raise ValueError("--test-best needs default_hooks.checkpoint.save_best in the config")
        runner.load_checkpoint(path)
    runner.test()
