"""Temporal action detection on generated videos, from nothing to a table: actionness, TAG, SSN, precision."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.config import Config
from rich.console import Console

from tsn_plugin.apis.demo import extract_frames, quiet_runner, say
from tsn_plugin.apis.detections import DetectionEvaluation, evaluate_detections
from tsn_plugin.apis.options import set_data_root
from tsn_plugin.apis.proposals import make_list
from tsn_plugin.bundle import find_config
from tsn_plugin.evaluation.proposal_score_files import load_tick_scores
from tsn_plugin.preparation.extraction_options import ExtractionOptions
from tsn_plugin.preparation.settings import write_atomically
from tsn_plugin.preparation.toy_untrimmed import ANNOTATIONS, make_untrimmed_toy
from tsn_plugin.proposals.databases import read_database
from tsn_plugin.proposals.grouping import smoothed_actionness
from tsn_plugin.proposals.labelling import merged
from tsn_plugin.proposals.proposal_files import format_proposals, read_proposals
from tsn_plugin.readers import open_frames

PARTS = {"train": "training", "val": "validation"}


@dataclass(frozen=True)
class DetectionDemoSize:
    """How much the demo does.

    Attributes:
        num_train: generated videos to train on.
        num_val: generated videos to test on.
        actionness_epochs: passes over the training videos, of the classifier of actionness.
        ssn_epochs: of the SSN.
    """

    num_train: int
    num_val: int
    actionness_epochs: int
    ssn_epochs: int


FULL = DetectionDemoSize(24, 12, 4, 8)
SHORT = DetectionDemoSize(4, 2, 2, 2)


def run_detection_demo(
    out: str | Path, *, seed: int = 0, short: bool = False, workers: int = 2
) -> dict[str, DetectionEvaluation]:
    """Generate untrimmed videos, find proposals, train an SSN, and compare it with less; results by name.

    ``SSN on TAG`` is the whole system; ``TAG, without completeness`` uses activity only, and so does ``sliding windows,
    without completeness``, a classifier slid over the video. All that is finished is kept in ``out``.

    Args:
        out: output folder.
        seed: decides the videos and the training.
        short: few videos and epochs, to see that every part works.
        workers: processes for generating, extracting and loading.
    """
    console, started = Console(), time.monotonic()
    out, size = Path(out), SHORT if short else FULL
    data = out / "data"
    say(console, started, f"1/5 Generating untrimmed videos of 4 classes in {data / 'videos'}, extracting frames")
    make_untrimmed_toy(data, seed=seed, num_train=size.num_train, num_val=size.num_val, workers=workers)
    extract_frames(data, ExtractionOptions(method="dis", flow=False), workers=workers)
    say(console, started, "2/5 Training the classifier of actionness on sliding windows")
    for part, subset in PARTS.items():
        _proposals(console, "windows", data, part, subset)
    actionness = _actionness(out, size, seed)
    say(console, started, "3/5 Grouping actionness to proposals (TAG)")
    for part, subset in PARTS.items():
        _proposals(console, "tag", data, part, subset, scores=[str(actionness[part])])
    _merge(data)
    say(console, started, "4/5 Training the SSN")
    config = _config("ssn_bninception_toy_rgb", out, "ssn", size.ssn_epochs, seed)
    scores = {}
    for name in ("tag", "windows"):
        scores[name] = out / f"ssn_{name}.npz"
        _train_and_score(config, scores[name], ann_file=f"{name}_val.txt", writer="DumpProposalScores")
    say(console, started, "5/5 Detecting")
    lists = {name: data / f"{name}_val.txt" for name in scores}
    plain = dict(completeness_exponent=0.0, with_regression=False)
    results = {
        "SSN on TAG": evaluate_detections(
            lists["tag"], [scores["tag"]], database=data / ANNOTATIONS, out=out / "detections.json"
        ),
        "TAG, without completeness": evaluate_detections(lists["tag"], [scores["tag"]], **plain),
        "sliding windows, without completeness": evaluate_detections(lists["windows"], [scores["windows"]], **plain),
    }
    for name, result in results.items():
        console.print(f"[bold]{name}[/bold]\n{result.text()}", highlight=False)
    say(console, started, f"Detections in seconds: {out / 'detections.json'}")
    return results


def _proposals(console: Console, kind: str, data: Path, part: str, subset: str, **options: list[str]) -> None:
    path = data / f"{kind}_{part}.txt"
    if not path.exists():
        console.print(make_list(kind, data / ANNOTATIONS, data / "rawframes", path, subset=[subset], **options))


def _merge(data: Path) -> None:
    """Train on TAG proposals and sliding windows: a few short videos have too few background ones among the former."""
    path = data / "both_train.txt"
    if not path.exists():
        lists = [read_proposals(data / f"{kind}_train.txt") for kind in ("tag", "windows")]
        write_atomically(path, format_proposals(merged(lists)).encode())


def _actionness(out: Path, size: DetectionDemoSize, seed: int) -> dict[str, Path]:
    config = _config("tag_bninception_toy_rgb", out, "actionness", size.actionness_epochs, seed)
    scores = {part: out / f"actionness_{part}.npz" for part in PARTS}
    for part, path in scores.items():
        _train_and_score(config, path, ann_file=f"windows_{part}.txt", writer="DumpTickScores")
    return scores


def _config(name: str, out: Path, folder: str, epochs: int, seed: int) -> Config:
    """The config of one network, pointed to the demo's folders and size."""
    config = Config.fromfile(find_config(name))
    set_data_root(config, str(out / "data"))
    config.merge_from_dict(
        {
            "work_dir": str(out / folder),
            "randomness": dict(seed=seed),
            "train_cfg.max_epochs": epochs,
            "train_cfg.val_interval": epochs,
            "param_scheduler.1.end": epochs,
            "param_scheduler.1.T_max": epochs - 1,
        }
    )
    hook = dict(type="tsn_plugin.ProgressHook", title=f"{folder:10}")
    config.custom_hooks = [*config.get("custom_hooks", ()), hook]
    return config


def _train_and_score(config: Config, path: Path, *, ann_file: str, writer: str) -> None:
    """Train unless the last weights are there, and write the scores of a list unless they are there."""
    if path.exists():
        return
    config = config.copy()
    last = Path(config.work_dir, f"epoch_{config.train_cfg.max_epochs}.pth")
    config.test_dataloader.dataset.ann_file = ann_file
    config.test_evaluator = dict(type=f"tsn_plugin.{writer}", out_file_path=str(path))
    config.resume = (Path(config.work_dir) / "last_checkpoint").exists()
    if last.exists():
        config.load_from, config.resume = str(last), False
    runner = quiet_runner(config)
    if not last.exists():
        runner.train()
    runner.test()


def demo_timeline(out: str | Path, result: DetectionEvaluation, *, top: int = 8) -> tuple[str, tuple[str, ...], dict]:
    """Name of the test video with the most instances, the classes, and what a timeline of it shows."""
    data = Path(out) / "data"
    database = read_database(data / ANNOTATIONS)
    name = max(result.names, key=lambda each: len(database.videos[Path(each).name].instances))
    video, number = database.videos[Path(name).name], result.names.index(name)
    found = result.found[result.found.videos == number]
    found = found[np.argsort(-found.scores)[:top]]
    ticks = load_tick_scores(Path(out) / "actionness_val.npz")[name]
    (listed,) = [each for each in read_proposals(data / "tag_val.txt") if each.name == name]
    with open_frames(data / "rawframes" / name) as reader:
        frames = reader.read(np.linspace(0, len(reader) - 1, 12).astype(int))
    return (
        name,
        database.classes,
        dict(
            duration=video.duration,
            instances=video.instances,
            instance_labels=video.labels - 1,
            actionness=smoothed_actionness(ticks),
            proposals=listed.proposals / listed.length * video.duration,
            detections=found.intervals * video.duration,
            detection_labels=found.labels,
            detection_scores=found.scores,
            frames=frames,
        ),
    )
