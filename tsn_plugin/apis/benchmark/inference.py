"""Testing a video end to end: from the file to its scores."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch.utils.flop_counter import FlopCounterMode

from tsn_plugin.apis.benchmark.networks import (
    NETWORKS,
    NUM_CLASSES,
    build_model,
    initial_weights,
    ready_to_test,
    synchronizer,
)
from tsn_plugin.apis.benchmark.pipelines import PHASES, PLUGIN, BenchmarkInput, build_pipeline, run_pipeline
from tsn_plugin.apis.benchmark.timing import STOCK, Timing, time_in_turns

FP32, BF16 = f"{PLUGIN} fp32", f"{PLUGIN} bf16"
WAYS = (STOCK, FP32, BF16)


class VideoTester:
    """Tests one video, by default with 25 snippets and ten crops.

    Args:
        name: of the network.
        source: the video.
        way: one of :data:`WAYS`.
        device: ``'cpu'`` or ``'cuda'``.
        compiled: whether our backbone is compiled.
        checkpoint: weights; default random ones.
        num_classes: of the checkpoint.
        snippets: of the video; ten crops of each are views.
    """

    def __init__(
        self,
        name: str,
        source: BenchmarkInput,
        *,
        way: str,
        device: str = "cpu",
        compiled: bool = False,
        checkpoint: str | None = None,
        num_classes: int = NUM_CLASSES,
        snippets: int = PHASES["test"],
    ) -> None:
        side = STOCK if way == STOCK else PLUGIN
        network = NETWORKS[name]
        model = build_model(network, way=side, num_classes=num_classes)
        model.load_state_dict(initial_weights(network, checkpoint=checkpoint, num_classes=num_classes))
        self.model = ready_to_test(model, device=device, way=side, compiled=compiled)
        self.source, self.way, self.device = source, way, device
        self.pipeline = build_pipeline(source, "test", way=side, snippets=snippets)
        self.synchronize = synchronizer(device)

    def scores(self, seed: int) -> torch.Tensor:
        """Scores of the video before softmax, ``(K,)``, on the CPU."""
        batch = pseudo_collate([run_pipeline(self.pipeline, self.source.results(), seed)])
        mixed = torch.autocast(self.device.split(":")[0], dtype=torch.bfloat16)
        with torch.inference_mode(), mixed if self.way == BF16 else contextlib.nullcontext():
            (sample,) = self.model.test_step(batch)
        self.synchronize()
        # MMAction2 1.1 has another field
        scores = sample.pred_score if "pred_score" in sample else sample.pred_scores.item
        return scores.float().cpu()

    def flops(self) -> float:
        """Floating-point operations of one test."""
        with FlopCounterMode(display=False) as counter:
            self.scores(0)
        return float(counter.get_total_flops())


def compare_inference(name: str, sources: Sequence[BenchmarkInput], *, rounds: int, **options: Any) -> list[Timing]:
    """Times per video of :data:`WAYS`, whether they predict the same class, and their peak memory.

    Args:
        name: of the network.
        sources: videos.
        rounds: how often each is tested.
        options: of :class:`VideoTester`.
    """
    memory = {way: peak_megabytes(name, sources[0], way=way, **options) for way in WAYS}
    testers = {way: VideoTester(name, sources[0], way=way, **options) for way in WAYS}
    work = testers[STOCK].flops()
    return [_compare_on(name, source, testers, memory=memory, work=work, rounds=rounds) for source in sources]


def _compare_on(
    name: str,
    source: BenchmarkInput,
    testers: Mapping[str, VideoTester],
    *,
    memory: Mapping[str, float],
    work: float,
    rounds: int,
) -> Timing:
    for tester in testers.values():
        tester.source = source
    stock = testers[STOCK].scores(0)
    facts = {}
    for way, tester in testers.items():
        scores = tester.scores(0)
        facts[way] = {
            "class": str(int(scores.argmax())),
            "score difference": f"{float((scores - stock).abs().max() / stock.std()):.1e} std",
            "peak MB": f"{memory[way]:.0f}",
        }
    ways = {way: tester.scores for way, tester in testers.items()}
    seconds = time_in_turns(ways, rounds=rounds, text=f"{name}, {source.path.name}")
    for way, taken in seconds.items():
        facts[way]["GFLOP/s"] = f"{work / taken / 1e9:.0f}"
    return Timing(f"{name}, {source.path.name}", seconds, facts)


def peak_megabytes(name: str, source: BenchmarkInput, *, way: str, **options: Any) -> float:
    """Peak memory of one test above that of the built model, in a process of its own; on a GPU, memory there."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure_peak, (name, source, way, options))


def _measure_peak(name: str, source: BenchmarkInput, way: str, options: dict[str, Any]) -> float:
    init_default_scope("mmaction")  # this is a new process
    tester = VideoTester(name, source, way=way, **options)
    if tester.device.startswith("cuda"):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        tester.scores(0)
        return (torch.cuda.max_memory_allocated() - before) / 2**20
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
    before = _status_megabytes("VmRSS")
    tester.scores(0)
    return _status_megabytes("VmHWM") - before


def _status_megabytes(key: str) -> float:
    """A line of this process's status, which Linux gives in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{key}:")) / 1024
