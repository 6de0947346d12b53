"""Tests that go on where they were interrupted: finished videos lie beside the score file."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import print_log
from mmengine.runner import Runner

from tsn_plugin.evaluation.detection_metrics import scored_videos
from tsn_plugin.evaluation.journal import ResultJournal, metrics_of, read_in_order, read_journal, remove_journal
from tsn_plugin.preparation.settings import claim_folder
from tsn_plugin.registry import DATASETS
from tsn_plugin.transforms.formatting import video_name_of

_NOTE = "test.json"
_JOURNAL = "tsn_plugin.ResultJournal"


def journal_folder(out: str) -> str:
    """Where the finished videos of a test lie."""
    return f"{out}.parts"


def add_journal(config: Config, out: str) -> None:
    """Let a test keep what it finds, video by video."""
    config.test_evaluator = [*test_evaluators(config), dict(type=_JOURNAL, folder=journal_folder(out))]


def run_or_resume(runner: Runner, config: Config, out: str, *, options: dict[str, Any]) -> dict[str, float]:
    """Test all videos, or those that an interrupted test of the same weights and settings has left; all metrics.

    Args:
        runner: of ``config``.
        config: with a journal.
        out: the score file.
        options: further settings on which the scores depend.
    """
    folder = journal_folder(out)
    finished = _found_before(
        folder, config, options, lambda: Counter(sample["video_name"] for sample in read_journal(folder))
    )
    metrics = _resume(runner, config, folder, finished) if finished else _test(runner)
    if is_main_process():
        remove_journal(folder)
    return metrics


def skip_scored(runner: Runner, config: Config, out: str, writer: str, *, options: dict[str, Any]) -> None:
    """Let a localizer's test leave out what an interrupted test of the same weights and settings has scored.

    What is left is written with the rest by the metric ``writer``; the other metrics would see a part only and are left
    out then.

    Args:
        runner: of ``config``.
        config: with the metric that writes ``out``.
        out: the score file.
        writer: type of that metric.
        options: further settings on which the scores depend.
    """
    finished = _found_before(journal_folder(out), config, options, lambda: scored_videos(out))
    if finished:
        text = f"{len(finished)} videos have their scores already; tools/eval_detections.py evaluates all of {out}"
        print_log(text, "current", logging.INFO)
        dataset = dict(config.test_dataloader.dataset, skip=finished)
        runner._test_dataloader = dict(config.test_dataloader, dataset=dataset)
        runner._test_evaluator = [one for one in test_evaluators(config) if one["type"] == writer]


def _found_before(folder: str, config: Config, options: dict[str, Any], look: Callable[[], Any]) -> Any:
    """What ``look`` finds of an interrupted test of the same weights and settings, the same in all processes.

    One process looks for all: another one may be so late that it finds results of this very test.
    """
    found: list[Any] = [None]
    if is_main_process():
        _claim(folder, config, options)
        found[0] = look()
    broadcast_object_list(found)
    return found[0]


def _test(runner: Runner) -> dict[str, float]:
    """Test all videos of the runner; if one fails, those before it are kept."""
    try:
        return runner.test()
    except Exception:
        evaluator = getattr(runner._test_loop, "evaluator", None)  # there is none before the loop is built
        for metric in evaluator.metrics if evaluator else ():
            if isinstance(metric, ResultJournal):
                metric.write()
        raise


def _resume(runner: Runner, config: Config, folder: str, finished: Counter[str]) -> dict[str, float]:
    """Test what is left, and measure everything in the main process."""
    dataset = DATASETS.build(config.test_dataloader.dataset)
    names = [video_name_of(dataset.get_data_info(index)) for index in range(len(dataset))]
    missing, left = Counter(names) - finished, []
    for index, name in enumerate(names):
        if missing[name]:
            missing[name] -= 1
            left.append(index)
    text = f"{len(names) - len(left)} of {len(names)} videos were tested before; their results are in {folder}"
    print_log(text, "current", logging.INFO)
    if left:
        dataset.get_subset_(left)
        runner._test_dataloader = dict(config.test_dataloader, dataset=dataset)
        runner._test_evaluator = [evaluator for evaluator in test_evaluators(config) if evaluator["type"] == _JOURNAL]
        _test(runner)
    if not is_main_process():
        return {}
    measured = [evaluator for evaluator in test_evaluators(config) if evaluator["type"] != _JOURNAL]
    evaluator = Evaluator(measured)
    evaluator.dataset_meta = dataset.metainfo
    metrics = metrics_of(evaluator.metrics, read_in_order(folder, names))
    print_log("    ".join(f"{name}: {value:.4f}" for name, value in metrics.items()), "current", logging.INFO)
    return metrics


def _claim(folder: str, config: Config, options: dict[str, Any]) -> None:
    """Note weights, list and settings in the folder; what other ones, or unknown ones, have left there is removed."""
    dataset = config.test_dataloader.dataset.to_dict()
    parts = [config.model.to_dict(), dataset, config.test_cfg, options]
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    listed = Path(dataset.get("data_root") or "", dataset.get("ann_file") or "")
    settings = dict(
        checkpoint=str(config.load_from), facts=_facts(Path(config.load_from)), list=_facts(listed), config=digest
    )
    try:
        if Path(folder).is_dir() and not Path(folder, _NOTE).exists():
            raise ValueError(f"{folder} has no note")
        claim_folder(folder, settings, note=_NOTE)
    except ValueError:
        print_log(f"{folder} is of other weights or settings and is removed", "current", logging.WARNING)
        remove_journal(folder)
        claim_folder(folder, settings, note=_NOTE)


def _facts(path: Path) -> list[int]:
    """What changes when a file is written again; nothing for a file from elsewhere."""
    return [path.stat().st_size, path.stat().st_mtime_ns] if path.is_file() else []


def test_evaluators(config: Config) -> list[dict]:
    """The config's evaluators of a test, of which there may be none."""
    evaluators = config.get("test_evaluator") or []
    return list(evaluators) if isinstance(evaluators, (list, tuple)) else [evaluators]
