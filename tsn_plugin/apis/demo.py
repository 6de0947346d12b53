"""The embedded default: a two-stream TSN on generated videos, from nothing to a table."""

from __future__ import annotations

import contextlib
import io
import logging
import time
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner
from rich.console import Console

from tsn_plugin.apis.options import set_data_root
from tsn_plugin.bundle import find_config
from tsn_plugin.evaluation.fusion import fuse_scores
from tsn_plugin.evaluation.report import accuracy_table
from tsn_plugin.evaluation.score_files import load_scores
from tsn_plugin.preparation.extraction import plan_extraction, run_extraction
from tsn_plugin.preparation.extraction_options import ExtractionOptions
from tsn_plugin.preparation.file_lists import MediaIndex, build_rawframe_lists
from tsn_plugin.preparation.toy_dataset import make_toy_dataset
from tsn_plugin.structures.scores import ClassScores

STREAMS = ("rgb", "flow")
FUSED = "fused"


@dataclass(frozen=True)
class DemoSize:
    """How much the demo does.

    Attributes:
        train_per_class: generated training clips per class.
        val_per_class: generated clips to test on per class.
        epochs: passes over the training clips, per stream.
    """

    train_per_class: int
    val_per_class: int
    epochs: dict[str, int]


FULL = DemoSize(30, 12, {"rgb": 10, "flow": 13})
SHORT = DemoSize(4, 1, {"rgb": 2, "flow": 2})


def run_demo(out: str | Path, *, seed: int = 0, short: bool = False, workers: int = 2) -> dict[str, ClassScores]:
    """Generate videos, extract flow, train and test both streams, fuse them; scores by stream, and ``'fused'``.

    Everything finished is kept in ``out`` and not done again: data, weights of an epoch, score files.

    Args:
        out: output folder.
        seed: decides the videos and the training.
        short: few clips and two epochs, to see that every part works.
        workers: processes for generating, extracting and loading.
    """
    console, started = Console(), time.monotonic()
    out, size = Path(out), SHORT if short else FULL
    data = out / "data"
    say(console, started, f"1/5 Generating videos of 8 classes in {data / 'videos'}")
    make_toy_dataset(
        data, seed=seed, train_per_class=size.train_per_class, val_per_class=size.val_per_class, workers=workers
    )
    say(console, started, f"2/5 Extracting frames and optical flow (DIS) to {data / 'rawframes'}")
    prepare_frames(data, workers=workers)
    scores = {}
    for number, stream in enumerate(STREAMS, start=3):
        say(console, started, f"{number}/5 Training and testing the {stream} stream (logs: {out / stream})")
        config = stream_config(stream, out, size=size, seed=seed)
        scores[stream] = train_and_test(config, out / f"{stream}.npz")
    say(console, started, "5/5 Fusing both streams by video name, before softmax, with weights 1 : 1")
    scores[FUSED] = fuse_scores([scores[stream] for stream in STREAMS])
    console.print(accuracy_table(scores))
    say(console, started, f"One clip per class: {data / 'overview.png'}")
    return scores


def prepare_frames(data: Path, *, workers: int) -> None:
    """Extract images and DIS flow of the generated videos, and write the lists of both."""
    extract_frames(data, ExtractionOptions(method="dis"), workers=workers)
    media = MediaIndex(data / "rawframes")
    for part in ("train", "val"):
        build_rawframe_lists(data / f"toy_video_{part}.txt", media, data)


def extract_frames(data: Path, options: ExtractionOptions, *, workers: int) -> None:
    """Extract the videos below ``data / "videos"`` into ``data / "rawframes"``.

    Raises:
        RuntimeError: if a video could not be extracted.
    """
    frames = data / "rawframes"
    report = run_extraction(plan_extraction(data / "videos", frames, options), frames, workers=workers)
    if report.failures:
        raise RuntimeError(f"{len(report.failures)} videos could not be extracted; see {frames / 'failed.txt'}")


def stream_config(stream: str, out: Path, *, size: DemoSize, seed: int) -> Config:
    """The config of one stream, pointed to the demo's folders and size."""
    config = Config.fromfile(find_config(f"tsn_bninception_toy_{stream}"))
    set_data_root(config, str(out / "data"))
    epochs = size.epochs[stream]
    config.merge_from_dict(
        {
            "work_dir": str(out / stream),
            "randomness": dict(seed=seed),
            "resume": (out / stream / "last_checkpoint").exists(),
            "train_cfg.max_epochs": epochs,
            "param_scheduler.1.end": epochs,
            "param_scheduler.1.T_max": epochs - 1,
            "custom_hooks": [dict(type="tsn_plugin.ProgressHook", title=f"{stream:4}")],
        }
    )
    return config


def train_and_test(config: Config, score_file: Path) -> ClassScores:
    """Train, test the last weights and return the scores; a stream that has its score file is not trained again."""
    if not score_file.exists():
        dump = dict(type="tsn_plugin.DumpScores", out_file_path=str(score_file))
        config.test_evaluator = [config.test_evaluator, dump]
        runner = quiet_runner(config)
        runner.train()
        runner.test()
    return load_scores(score_file)


def quiet_runner(config: Config) -> Runner:
    """A runner whose log goes to its work dir only; errors still reach the screen."""
    with contextlib.redirect_stdout(io.StringIO()):  # the runner prints the environment and its config when it is made
        runner = Runner.from_cfg(config)
    for handler in runner.logger.handlers:
        if type(handler) is logging.StreamHandler:
            handler.setStream(Console().file)
            handler.setLevel(logging.ERROR)
    return runner


def say(console: Console, started: float, text: str) -> None:
    """Print a heading and the seconds since ``started``."""
    console.print(f"[bold]{text}[/bold] [dim]({time.monotonic() - started:.0f} s)[/dim]")
