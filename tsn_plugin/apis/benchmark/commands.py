"""The benchmarks as ``tools/benchmark.py`` runs them."""

from __future__ import annotations

import argparse
import platform

import cv2
import torch
from mmengine.registry import init_default_scope
from rich.console import Console

from tsn_plugin.apis.benchmark.detection import compare_detection
from tsn_plugin.apis.benchmark.flow import compare_flow
from tsn_plugin.apis.benchmark.inference import compare_inference
from tsn_plugin.apis.benchmark.pipelines import BenchmarkInput, compare_pipelines, profile_pipelines
from tsn_plugin.apis.benchmark.timing import Timing, timing_table, write_timings
from tsn_plugin.apis.benchmark.training import compare_training


def run_benchmark(arguments: argparse.Namespace) -> list[Timing]:
    """Run what the parsed command line asks for, print its table and return its timings.

    Raises:
        ValueError: if inputs are missing.
    """
    init_default_scope("mmaction")
    if arguments.what not in WITHOUT_INPUTS and not arguments.inputs:
        raise ValueError(f"{arguments.what} needs inputs: video files or folders of extracted frames")
    timings = BENCHMARKS[arguments.what](arguments)
    console = Console()
    console.print(timing_table(timings, title=_title(arguments)))
    if arguments.json is not None:
        write_timings(arguments.json, timings)
    return timings


def _pipeline(arguments: argparse.Namespace) -> list[Timing]:
    cv2.setNumThreads(1)  # as in the worker processes of a data loader
    sources = [BenchmarkInput.of(path, arguments.modality) for path in arguments.inputs]
    if arguments.profile:
        return [
            timing
            for source in sources
            for timing in profile_pipelines(source, arguments.phase, rounds=arguments.rounds)
        ]
    return [compare_pipelines(source, arguments.phase, rounds=arguments.rounds) for source in sources]


def _inference(arguments: argparse.Namespace) -> list[Timing]:
    sources = [BenchmarkInput.of(path, arguments.modality) for path in arguments.inputs]
    options = dict(
        device=arguments.device,
        compiled=arguments.compile,
        checkpoint=arguments.checkpoint,
        num_classes=arguments.num_classes,
        snippets=arguments.snippets,
    )
    return [
        timing
        for network in arguments.networks
        for timing in compare_inference(network, sources, rounds=arguments.rounds, **options)
    ]


def _train(arguments: argparse.Namespace) -> list[Timing]:
    options = dict(videos=arguments.videos, device=arguments.device, compiled=arguments.compile)
    return [compare_training(network, rounds=arguments.rounds, **options) for network in arguments.networks]


def _flow(arguments: argparse.Namespace) -> list[Timing]:
    options = dict(
        size=tuple(arguments.size),
        num_pairs=arguments.pairs,
        device=arguments.device,
        batch_sizes=arguments.batch_sizes,
        compiled=arguments.compile,
    )
    return [compare_flow(video, arguments.methods, rounds=arguments.rounds, **options) for video in arguments.inputs]


def _detection(arguments: argparse.Namespace) -> list[Timing]:
    return compare_detection(rounds=arguments.rounds)


def _title(arguments: argparse.Namespace) -> str:
    what = f"{arguments.what} ({arguments.phase})" if arguments.what == "pipeline" else arguments.what
    threads = 1 if arguments.what in ("pipeline", "flow") else torch.get_num_threads()
    return f"{what}, {arguments.device}, {threads} threads, torch {torch.__version__}, {platform.machine()}"


BENCHMARKS = {
    "pipeline": _pipeline,
    "inference": _inference,
    "train": _train,
    "flow": _flow,
    "detection": _detection,
}
WITHOUT_INPUTS = ("train", "detection")
