"""The published batch size on any number of devices, by accumulating gradients."""

from __future__ import annotations

import logging
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import IterBasedTrainLoop

from tsn_plugin.engine.optim_wrapper import built_optim_wrappers
from tsn_plugin.registry import HOOKS

_GRADIENTS_KEY = "waiting_gradients"


@HOOKS.register_module()
class EffectiveBatchHook(Hook):
    """Sets the optimizer wrapper's ``accumulative_counts`` so that one update sees ``batch_size`` videos.

    ``accumulative_counts = batch_size / (videos per device * devices)``. It is computed anew at each start, so that
    a run may be resumed on another number of devices. Schedules in epochs keep their meaning; schedules in
    iterations count batches of the loader, not updates.

    Two differences from the original's ``iter_size``: gradients are clipped after the mean over the accumulated
    batches is taken, not on their sum, and batch normalisation still sees the videos of one device.

    Where an epoch ends between two updates, its last gradients wait for the next epoch; checkpoints keep them, so that
    a run in one process goes on as if it had not been interrupted. (Of several processes each has gradients of its own,
    which are lost.)

    Do not combine with ``auto_scale_lr``, which answers the same question by changing the learning rate.

    Args:
        batch_size: videos per update: 128 in the released solvers, 256 in the paper.

    Raises:
        ValueError: if ``batch_size`` is not positive.
    """

    def __init__(self, batch_size: int = 128) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size={batch_size} must be positive")
        self.batch_size = batch_size
        self._loaded: dict[str, torch.Tensor] = {}

    def before_run(self, runner: Any) -> None:
        """Set the counts, before MMEngine derives from them which iterations update the parameters."""
        wrappers = built_optim_wrappers(runner.optim_wrapper)
        if not wrappers:
            return
        per_device, devices = _videos_per_device(runner.train_dataloader), get_world_size()
        counts = accumulation_counts(self.batch_size, per_step=per_device * devices)
        for wrapper in wrappers:
            # MMEngine has no public way to change it after the wrapper was built
            wrapper._accumulative_counts = counts
        self._report(per_device, devices, counts)
        if counts > 1 and isinstance(runner.train_loop, IterBasedTrainLoop):
            print_log(
                f"max_iters={runner.max_iters} counts batches of the loader, so there will be "
                f"{runner.max_iters // counts} updates: schedule in epochs, or multiply all iterations by {counts}",
                "current",
                logging.WARNING,
            )

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Keep the gradients that wait for more batches."""
        wrappers = built_optim_wrappers(runner.optim_wrapper)
        if get_world_size() == 1 and any(not wrapper.should_update() for wrapper in wrappers):
            checkpoint[_GRADIENTS_KEY] = {
                name: parameter.grad.cpu()
                for name, parameter in runner.model.named_parameters()
                if parameter.grad is not None
            }

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Remember the gradients that waited."""
        self._loaded = checkpoint.pop(_GRADIENTS_KEY, {})

    def before_train(self, runner: Any) -> None:
        """Let them wait again, if this run goes on where they were kept."""
        loaded, self._loaded = self._loaded, {}
        if runner.iter == 0 or get_world_size() > 1:
            return
        parameters = dict(runner.model.named_parameters())
        for name in loaded.keys() & parameters.keys():
            parameters[name].grad = loaded[name].to(parameters[name].device)

    def _report(self, per_device: int, devices: int, counts: int) -> None:
        reached = per_device * devices * counts
        message = f"one update sees {reached} videos: {per_device} per device x {devices} devices x {counts} batches"
        if reached != self.batch_size:
            message += f"; batch_size={self.batch_size} is no multiple of {per_device * devices}, change one of them"
        print_log(message, "current", logging.INFO if reached == self.batch_size else logging.WARNING)


def accumulation_counts(batch_size: int, *, per_step: int) -> int:
    """Batches of ``per_step`` videos that come nearest to ``batch_size``, at least one.

    >>> [accumulation_counts(128, per_step=videos) for videos in (32, 96, 256)]
    [4, 1, 1]
    """
    return max(1, round(batch_size / per_step))


def _videos_per_device(dataloader: Any) -> int:
    """Batch size of a loader; one with a batch sampler has none of its own."""
    return dataloader.batch_size or dataloader.batch_sampler.batch_size
