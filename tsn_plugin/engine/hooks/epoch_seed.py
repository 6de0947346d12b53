"""Random numbers that depend on the epoch, and not on what ran before it."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook

from tsn_plugin.registry import HOOKS


@HOOKS.register_module()
class EpochSeedHook(Hook):
    """Seeds each process anew from the run's seed, the epoch and the rank, when an epoch begins.

    So dropout draws the same numbers in an epoch whether the training was resumed before it or not; with
    :class:`~tsn_plugin.datasets.SeededSampler`, which gets the run's seed here, order and crops are the same too. The
    seed of a run without ``--seed`` is in its checkpoints.
    """

    priority = "VERY_HIGH"

    def before_train(self, runner: Any) -> None:
        """Give the run's seed, which a checkpoint may have brought, to the sampler."""
        loader = runner.train_dataloader
        for sampler in (loader.sampler, getattr(loader.batch_sampler, "sampler", None)):
            follow = getattr(sampler, "follow_seed", None)
            if follow is not None:
                follow(runner.seed)

    def before_train_epoch(self, runner: Any) -> None:
        """Seed Python, NumPy and torch."""
        seeds = np.random.SeedSequence((runner.seed, runner.epoch, get_rank())).generate_state(3)
        random.seed(int(seeds[0]))
        np.random.seed(seeds[1])
        torch.manual_seed(int(seeds[2]))
