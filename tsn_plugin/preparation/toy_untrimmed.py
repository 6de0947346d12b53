"""Generated untrimmed videos: now and then a ball of some colour crosses a scene in which nothing else happens.

The colour is the class. Small squares, in these colours too, are there all the time, so that colour alone is no action.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tsn_plugin.preparation.executors import run_jobs
from tsn_plugin.preparation.settings import claim_folder, write_atomically
from tsn_plugin.preparation.toy_dataset import encode_scene
from tsn_plugin.preparation.toy_scene import PALETTES, Scene, Sprite, make_untrimmed_scene

CLASSES = tuple(sorted(PALETTES))
#: one per class, for pictures
CLASS_COLORS = tuple("#{:02x}{:02x}{:02x}".format(*PALETTES[name][1]) for name in CLASSES)
SIZE = (112, 80)
FPS = 10
ANNOTATIONS = "toy_detection.json"
_MOTIONS = ("rises", "sinks", "slides")
_SECONDS = (24, 40)
_INSTANCE_S, _GAP_S = (2.5, 8.0), (1.5, 6.0)


@dataclass(frozen=True)
class UntrimmedJob:
    """One video to generate."""

    path: Path
    seed: tuple[int, ...]

    def plan(self) -> tuple[int, list[tuple[float, float, str]]]:
        """Number of frames, and start, end (seconds) and class of each instance."""
        rng = np.random.default_rng(self.seed)
        num_frames = int(rng.integers(*_SECONDS)) * FPS
        instances, time = [], rng.uniform(*_GAP_S)
        while True:
            length = rng.uniform(*_INSTANCE_S)
            if time + length > num_frames / FPS - 1 and instances:
                return num_frames, instances
            instances.append((round(time, 1), round(time + length, 1), str(rng.choice(CLASSES))))
            time += length + rng.uniform(*_GAP_S)


@dataclass(frozen=True)
class UntrimmedScene:
    """A scene whose balls are there for a time each."""

    scene: Scene
    balls: tuple[tuple[float, float, Sprite], ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.scene.size

    @property
    def num_frames(self) -> int:
        """Length of the video."""
        return self.scene.num_frames

    def frame(self, time: int) -> np.ndarray:
        """Frame ``time``, ``(H, W, 3)`` uint8 RGB."""
        present = tuple(ball for start, end, ball in self.balls if start <= time / FPS < end)
        return replace(self.scene, sprites=(*self.scene.sprites, *present)).frame(time)


def make_untrimmed_toy(
    out: str | Path, *, seed: int = 0, num_train: int = 24, num_val: int = 12, workers: int | None = None
) -> None:
    """Write ``videos/train_0001.mp4``, ..., ``videos/val_0001.mp4``, ... and ``toy_detection.json``; all by the seed.

    The annotations have ActivityNet's form, with the subsets ``training`` and ``validation``. What exists is kept.

    Args:
        out: output folder.
        seed: decides everything.
        num_train: videos to train on.
        num_val: videos to validate on.
        workers: processes; None: one per core; 0: this one.

    Raises:
        ValueError: if a number is not positive, or ``out`` was made with other settings.
        RuntimeError: if a video could not be written.
    """
    if min(num_train, num_val) < 1:
        raise ValueError(f"num_train={num_train} and num_val={num_val} must be at least 1")
    out = Path(out)
    claim_folder(out, dict(seed=seed, num_train=num_train, num_val=num_val), note="toy_untrimmed.json")
    parts = {"train": ("training", num_train), "val": ("validation", num_val)}
    jobs = {
        part: [UntrimmedJob(out / "videos" / f"{part}_{n + 1:04d}.mp4", (seed, part_number, n)) for n in range(count)]
        for part_number, (part, (_, count)) in enumerate(parts.items())
    }
    everything = [job for part in jobs.values() for job in part]
    report = run_jobs(make_untrimmed_video, everything, workers=workers, description="Generating", unit="frames")
    if report.failures:
        job, reason = report.failures[0]
        raise RuntimeError(f"{len(report.failures)} videos could not be written, the first is {job.path}: {reason}")
    database = {job.path.stem: _entry(job, parts[part][0]) for part, members in jobs.items() for job in members}
    taxonomy = [dict(nodeName=name, parentName="Root") for name in CLASSES]
    content = dict(version="toy", taxonomy=taxonomy, database=database)
    write_atomically(out / ANNOTATIONS, (json.dumps(content, indent=1) + "\n").encode())


def make_untrimmed_video(job: UntrimmedJob) -> None:
    """Write one video, unless it exists."""
    if job.path.exists():
        return
    job.path.parent.mkdir(parents=True, exist_ok=True)
    num_frames, instances = job.plan()
    rng = np.random.default_rng((*job.seed, 1))
    balls = [(label, str(rng.choice(_MOTIONS))) for *_, label in instances]
    scene, sprites = make_untrimmed_scene(SIZE, num_frames, balls, rng)
    timed = tuple((start, end, sprite) for (start, end, _), sprite in zip(instances, sprites))
    partial = Path(f"{job.path}.partial-{os.getpid()}")
    try:
        encode_scene(partial, UntrimmedScene(scene, timed), rate=FPS)
        os.replace(partial, job.path)
    finally:
        partial.unlink(missing_ok=True)


def _entry(job: UntrimmedJob, subset: str) -> dict:
    num_frames, instances = job.plan()
    annotations = [dict(segment=[start, end], label=label) for start, end, label in instances]
    return dict(subset=subset, duration=num_frames / FPS, annotations=annotations)
