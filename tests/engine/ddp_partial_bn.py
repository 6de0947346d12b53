"""One of two processes that train together: ``python ddp_partial_bn.py STORE OUTPUT RANK``; used by a test."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import torch
import torch.distributed as dist
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DefaultScope

from tsn_plugin.engine.hooks import PartialBNHook


def train(rank: int) -> dict:
    """States of the model before and after three iterations with a validation after each."""
    from conftest import TinyNet  # the one beside this script

    torch.manual_seed(0)
    model = TinyNet()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    wrapped = MMDistributedDataParallel(model, find_unused_parameters=False)
    wrapper_cfg = dict(
        optimizer=dict(type="SGD", lr=0.1, momentum=0.9, weight_decay=0.1),
        constructor="tsn_plugin.TSNOptimWrapperConstructor",
    )
    with DefaultScope.overwrite_default_scope("mmaction"):
        runner = SimpleNamespace(model=wrapped, optim_wrapper=build_optim_wrapper(wrapped, wrapper_cfg))
    hook = PartialBNHook()
    hook.before_run(runner)
    for step in range(3):
        generator = torch.Generator().manual_seed(10 * step + rank)
        data = dict(inputs=torch.randn(4, 3, 6, 6, generator=generator), labels=torch.tensor([0, 1, 1, 0]))
        wrapped.train()
        hook.before_train_iter(runner, step)
        wrapped.train_step(data, runner.optim_wrapper)
        wrapped.eval()
        with torch.no_grad():
            model(data["inputs"])
    # each process keeps the statistics of its own batches; DDP sends the first one's around before a forward
    for buffer in model.buffers():
        dist.broadcast(buffer, 0)
    return dict(before=before, after=model.state_dict())


def main(store: str, output: str, rank: int) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
    torch.save(train(rank), Path(output) / f"rank{rank}.pth")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
