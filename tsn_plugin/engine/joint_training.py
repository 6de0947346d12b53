"""Training on several sources at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.runner import EpochBasedTrainLoop
from torch.utils.data import DataLoader

from tsn_plugin.registry import LOOPS

#: between the seeds of two passes over an auxiliary source in one epoch; more than a training has epochs
PASS_STRIDE = 100_003


@LOOPS.register_module()
class JointTrainLoop(EpochBasedTrainLoop):
    """Epochs over a main source, with steps on auxiliary sources in between.

    After every ``every``-th step on the main source, each auxiliary source has its steps: forward, backward and update
    of its own, so that sources may differ in batch size and number of snippets. An epoch, an iteration and the learning
    rate are counted by the main source alone; an auxiliary source that runs out begins anew, in another order. Its
    losses are logged with its name: ``train/web/loss``. Hooks see one iteration, with the main source's batch; where
    gradients are accumulated, the steps of all sources count.

    MMAction2 1.x has a loop that hands one batch of every source to a model together, which a TSN cannot take, and
    ends an epoch with the shortest source, whereas schedules in iterations count on the main one's length. Its 0.x
    runner takes the others' turn after the first of ``every`` steps; this loop after the last.

    Args:
        runner: the runner.
        dataloader: config of the main source.
        auxiliary: one ``dict(name=..., dataloader=..., batches=1)`` per further source.
        every: steps on the main source between two turns of the others (0.x: first number of ``train_ratio``).
        max_epochs: passes over the main source.
        val_begin: first epoch after which to validate.
        val_interval: epochs between validations.

    Raises:
        ValueError: if ``every`` or ``batches`` is not positive, a source has no batch, or two have one name.

    Source: Duan et al., ECCV 2020 (OmniSource); MMAction2 0.24.1 ``omnisource_runner.py``.
    """

    def __init__(
        self,
        runner: Any,
        dataloader: dict | DataLoader,
        auxiliary: Sequence[dict],
        max_epochs: int,
        *,
        every: int = 1,
        val_begin: int = 1,
        val_interval: int = 1,
    ) -> None:
        super().__init__(runner, dataloader, max_epochs, val_begin, val_interval)
        if every < 1:
            raise ValueError(f"every={every} must be positive")
        self.every = every
        self.sources = [_Source(runner, **source) for source in auxiliary]
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(f"auxiliary sources need different names, got {', '.join(names)}")

    def run(self) -> torch.nn.Module:
        """The trained model, after all epochs."""
        iterations = (self._iter, self._max_iters)
        # MMEngine counts the main source's steps only, and accumulated gradients end with the last one counted
        steps = [count + count // self.every * self._batches_per_turn for count in iterations]
        self.runner.optim_wrapper.initialize_count_status(self.runner.model, *steps)
        return super().run()

    def run_epoch(self) -> None:
        """One pass over the main source."""
        for source in self.sources:
            source.restart(self._epoch)
        super().run_epoch()

    def run_iter(self, idx: int, data_batch: Any) -> None:
        """One iteration: a step on the main source, and the turn of the others where it is due."""
        self.runner.call_hook("before_train_iter", batch_idx=idx, data_batch=data_batch)
        outputs = self._step(data_batch)
        if (self._iter + 1) % self.every == 0:
            self._turn_of_the_others()
        self.runner.call_hook("after_train_iter", batch_idx=idx, data_batch=data_batch, outputs=outputs)
        self._iter += 1

    @property
    def _batches_per_turn(self) -> int:
        return sum(source.batches for source in self.sources)

    def _turn_of_the_others(self) -> None:
        for source in self.sources:
            for _ in range(source.batches):
                for name, value in self._step(next(source)).items():
                    self.runner.message_hub.update_scalar(f"train/{source.name}/{name}", value)

    def _step(self, batch: Any) -> dict:
        return self.runner.model.train_step(batch, optim_wrapper=self.runner.optim_wrapper)


class _Source:
    """Batches of one auxiliary source, without end."""

    def __init__(self, runner: Any, *, name: str, dataloader: dict | DataLoader, batches: int = 1) -> None:
        if batches < 1:
            raise ValueError(f"batches={batches} of source {name!r} must be positive")
        self.name, self.batches = name, batches
        self.loader = runner.build_dataloader(dataloader, seed=runner.seed)
        if not len(self.loader):
            raise ValueError(f"source {name!r} has no batch: its list is empty, or shorter than a batch with drop_last")
        self._batches: Iterator = iter(())

    def restart(self, epoch: int) -> None:
        """Begin the batches of another epoch of the main source."""
        self._batches = self._endless(epoch)

    def __next__(self) -> Any:
        return next(self._batches)

    def _endless(self, epoch: int) -> Iterator:
        seed = epoch
        while True:
            if hasattr(self.loader.sampler, "set_epoch"):
                self.loader.sampler.set_epoch(seed)
            yield from self.loader
            seed += PASS_STRIDE
