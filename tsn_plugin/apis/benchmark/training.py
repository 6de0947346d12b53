"""A training step: forward, backward and update."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from torch.utils.flop_counter import FlopCounterMode

from tsn_plugin.apis.benchmark.inference import BF16, WAYS
from tsn_plugin.apis.benchmark.networks import NETWORKS, NUM_CLASSES, build_model, initial_weights, synchronizer
from tsn_plugin.apis.benchmark.pipelines import PLUGIN
from tsn_plugin.apis.benchmark.timing import STOCK, Timing, time_in_turns
from tsn_plugin.engine.hooks import PartialBNHook
from tsn_plugin.engine.optim_wrapper import AutocastOptimWrapper
from tsn_plugin.transforms import PackActionInputs


class TrainingStep:
    """Steps on a random batch; ours with partial batch normalisation.

    Args:
        name: of the network.
        way: MMAction2's, ours in float32, or ours in bfloat16.
        videos: in the batch.
        snippets: per video.
        side: height and width of the crops.
        device: ``'cpu'`` or ``'cuda'``.
        compiled: whether our backbone is compiled.
    """

    def __init__(
        self,
        name: str,
        *,
        way: str,
        videos: int = 8,
        snippets: int = 3,
        side: int = 224,
        device: str = "cpu",
        compiled: bool = False,
    ) -> None:
        model = build_model(NETWORKS[name], way=STOCK if way == STOCK else PLUGIN)
        model.load_state_dict(initial_weights(NETWORKS[name]))
        self.model = model.to(device).train()
        self.synchronize = synchronizer(device)
        self.batch, self.num_images = random_batch(videos, snippets, side), videos * snippets
        self.runner = SimpleNamespace(model=self.model, optim_wrapper=_optim_wrapper(self.model, way))
        self.hooks = [] if way == STOCK else [PartialBNHook()]
        for hook in self.hooks:
            hook.before_run(self.runner)
        if compiled and way != STOCK:
            self.model.backbone = torch.compile(self.model.backbone)

    def __call__(self, number: int) -> float:
        """Do one step; its loss."""
        for hook in self.hooks:
            hook.before_train_iter(self.runner, number)
        losses = self.model.train_step(self.batch, optim_wrapper=self.runner.optim_wrapper)
        self.synchronize()
        return float(losses["loss"].detach())

    def flops(self) -> float:
        """Floating-point operations of one step, forward and backward."""
        with FlopCounterMode(display=False) as counter:
            self(0)
        return float(counter.get_total_flops())


def compare_training(name: str, *, rounds: int, **options: Any) -> Timing:
    """Times of one step of MMAction2 (all batch normalisation trains) and of ours (partial), and the work in it.

    Args:
        name: of the network.
        rounds: how many steps count.
        options: of :class:`TrainingStep`.
    """
    steps: dict[str, Callable[[int], object]] = {way: TrainingStep(name, way=way, **options) for way in WAYS}
    seconds = time_in_turns(steps, rounds=rounds, text=name)
    work = steps[STOCK].flops()
    facts = {
        way: {"GFLOP": f"{work / 1e9:.0f}", "GFLOP/s": f"{work / taken / 1e9:.0f}"} for way, taken in seconds.items()
    }
    return Timing(f"{name}, {steps[STOCK].num_images} images", seconds, facts)


def random_batch(videos: int, snippets: int, side: int) -> dict[str, list]:
    """A batch of random uint8 snippets ``(snippets, 3, side, side)`` with random labels, as a data loader gives it."""
    generator = torch.Generator().manual_seed(0)
    shape = (snippets, 3, side, side)
    pack, batch = PackActionInputs(), dict(inputs=[], data_samples=[])
    for label in torch.randint(0, NUM_CLASSES, (videos,), generator=generator).tolist():
        images = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
        for key, value in pack.transform(dict(imgs=images.numpy(), label=label)).items():
            batch[key].append(value)
    return batch


def _optim_wrapper(model: BaseModel, way: str) -> OptimWrapper:
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)
    if way == BF16:
        return AutocastOptimWrapper(optimizer, dtype="bfloat16")
    return OptimWrapper(optimizer)
