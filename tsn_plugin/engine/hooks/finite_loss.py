"""Stops a training whose loss or weights are no numbers any more, and says at which videos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from mmengine.hooks import Hook

from tsn_plugin.registry import HOOKS

_NAMED = 16


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Raises when a loss is NaN or infinite, with the names of the batch's videos; nothing is saved from then on.

    Losses are compared on the device, and looked at every ``interval`` iterations and before each checkpoint, so that
    a GPU need not wait in every iteration. Trained weights are looked at before each checkpoint too: they may be broken
    by a gradient, or by the loss of another process, which the one that saves does not see.

    Args:
        interval: iterations.

    Raises:
        ValueError: if ``interval`` is not positive.
    """

    priority = "VERY_HIGH"

    def __init__(self, interval: int = 20) -> None:
        if interval < 1:
            raise ValueError(f"interval={interval} must be positive")
        self.interval = interval
        self._waiting: list[tuple[int, torch.Tensor, list[str]]] = []

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Remember this iteration's losses and videos, and look at the last ones when it is time."""
        losses = [torch.as_tensor(value).detach() for name, value in (outputs or {}).items() if "loss" in name]
        if losses:
            finite = torch.stack([torch.isfinite(loss).all() for loss in losses]).all()
            self._waiting.append((runner.iter + 1, finite, list(_names(data_batch))))
        if len(self._waiting) >= self.interval:
            self._check()

    def after_train_epoch(self, runner: Any) -> None:
        """Look at the epoch's last iterations, before its checkpoint is written."""
        self._check()

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Look at the last iterations, and at the weights that are to be written.

        Raises:
            FloatingPointError: if a loss or a trained weight is not finite.
        """
        self._check()
        trained = [(name, weight) for name, weight in runner.model.named_parameters() if weight.requires_grad]
        finite = [torch.isfinite(weight.detach()).all() for _, weight in trained]
        if finite and not torch.stack(finite).all():
            name = next(name for (name, _), is_finite in zip(trained, finite) if not is_finite)
            raise FloatingPointError(
                f"weight {name} is NaN or infinite after {runner.iter} iterations, so no checkpoint is written. If the "
                "loss of another process is the cause, that one names its videos. Lower the learning rate or clip "
                "gradients (optim_wrapper.clip_grad); go on from the last checkpoint with --resume"
            )

    def _check(self) -> None:
        """Raise for the first iteration whose loss is not finite.

        Raises:
            FloatingPointError: if there is one.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting or torch.stack([finite for _, finite, _ in waiting]).all():
            return
        number, _, names = next(entry for entry in waiting if not entry[1])
        raise FloatingPointError(
            f"the loss of iteration {number} is NaN or infinite. Its videos: {', '.join(names[:_NAMED]) or 'unknown'}"
            f"{', ...' if len(names) > _NAMED else ''}. Lower the learning rate, clip gradients "
            "(optim_wrapper.clip_grad), or look at these videos; go on from the last checkpoint with --resume"
        )


def _names(data_batch: Any) -> Iterator[str]:
    """Names of the videos of a batch, or of the batches of several loaders."""
    if isinstance(data_batch, (list, tuple)):
        for part in data_batch:
            yield from _names(part)
        return
    samples = data_batch.get("data_samples", ()) if isinstance(data_batch, dict) else ()
    yield from (sample.metainfo.get("video_name", "?") for sample in samples)
