"""One of two processes that train on two sources: ``python ddp_joint_training.py FOLDER RANK``; used by a test."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import torch
import torch.distributed as dist
from mmengine.runner import Runner

import tsn_plugin.registry  # noqa: F401


def train() -> dict:
    """What this process saw in two epochs, step after step, and the weight in the end."""
    from test_joint_training import SEEN, Numbers, Slope, loader  # beside this script, which pytest imports too

    web = dict(name="web", dataloader=loader(Numbers(100, 8), 2, shuffle=True))
    runner = Runner(
        model=Slope(),
        work_dir=str(Path(sys.argv[1], "work")),
        train_dataloader=loader(Numbers(0, 6), 1, shuffle=True),
        train_cfg=dict(type="tsn_plugin.JointTrainLoop", auxiliary=[web], max_epochs=2),
        optim_wrapper=dict(optimizer=dict(type="SGD", lr=0.1)),
        default_hooks=dict(logger=None, checkpoint=None),
        default_scope="mmaction",
        launcher="pytorch",
        cfg=dict(model_wrapper_cfg=dict(type="MMDistributedDataParallel", device_ids=None)),  # on CPUs
        randomness=dict(seed=0),
        log_level="ERROR",
    )
    runner.train()
    return dict(seen=SEEN, weight=runner.model.module.weight.item())


def main(folder: str, rank: int) -> None:
    torch.set_num_threads(1)
    os.environ["LOCAL_RANK"] = str(rank)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    torch.save(train(), Path(folder, f"rank{rank}.pth"))
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
