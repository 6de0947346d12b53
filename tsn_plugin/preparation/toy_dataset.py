"""A generated data set of eight classes for which neither images nor flow suffice.

Each class is a colour and a motion (:mod:`~tsn_plugin.preparation.toy_scene`). Every colour and every motion occurs in
two classes, so that a perfect classifier of single images, or of flow, is right half the time, and one of both always.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np

from tsn_plugin.preparation.executors import check_in, run_jobs
from tsn_plugin.preparation.settings import claim_folder, write_atomically
from tsn_plugin.preparation.toy_scene import Scene, make_scene


@dataclass(frozen=True)
class ToyClass:
    """A colour that moves in one way."""

    color: str
    motion: str

    @property
    def name(self) -> str:
        """Such as ``red_rises``."""
        return f"{self.color}_{self.motion}"


class Pictures(Protocol):
    """Anything that gives frames uint8 RGB of one size by their number."""

    size: tuple[int, int]
    num_frames: int

    def frame(self, time: int) -> np.ndarray:
        """Frame ``time``, ``(H, W, 3)``."""


#: A ring: neighbours differ by motion only or by colour only, in turn.
TOY_CLASSES = (
    ToyClass("red", "rises"),
    ToyClass("red", "spins"),
    ToyClass("green", "spins"),
    ToyClass("green", "slides"),
    ToyClass("blue", "slides"),
    ToyClass("blue", "sinks"),
    ToyClass("yellow", "sinks"),
    ToyClass("yellow", "rises"),
)


@dataclass(frozen=True)
class ClipJob:
    """One clip to generate."""

    path: Path
    label: int
    seed: tuple[int, ...]

    @property
    def toy_class(self) -> ToyClass:
        """The class of the label."""
        return TOY_CLASSES[self.label]

    def scene(self) -> Scene:
        """What the clip shows."""
        return make_scene(self.toy_class.color, self.toy_class.motion, np.random.default_rng(self.seed))


def stream_ceilings(classes: Sequence[ToyClass] = TOY_CLASSES) -> dict[str, float]:
    """Accuracy of a perfect classifier that sees only colours (``rgb``), only motion (``flow``), or both.

    >>> stream_ceilings()
    {'rgb': 0.5, 'flow': 0.5, 'both': 1.0}
    """
    seen = {"rgb": {c.color for c in classes}, "flow": {c.motion for c in classes}, "both": set(classes)}
    return {stream: len(distinct) / len(classes) for stream, distinct in seen.items()}


def make_toy_dataset(
    out: str | Path, *, seed: int = 0, train_per_class: int = 30, val_per_class: int = 12, workers: int | None = None
) -> None:
    """Write the data set: the same clips for the same seed; clips that exist already are kept.

    ``videos/<class>/<class>_0001.mp4``, ``classes.txt``, ``toy_video_train.txt`` and ``toy_video_val.txt`` (paths
    relative to ``videos``), ``overview.png``.

    Args:
        out: output folder.
        seed: decides everything.
        train_per_class: clips of each class to train on.
        val_per_class: clips of each class to validate on.
        workers: processes; None: one per core; 0: work in this one.

    Raises:
        ValueError: if a number of clips is not positive, or ``out`` was made with other settings.
        RuntimeError: if a clip could not be written.
    """
    if min(train_per_class, val_per_class) < 1:
        raise ValueError(f"train_per_class={train_per_class} and val_per_class={val_per_class} must be at least 1")
    out = Path(out)
    settings = {"seed": seed, "train_per_class": train_per_class, "val_per_class": val_per_class}
    claim_folder(out, settings, note="toy_dataset.json")
    clips_per_class = {"train": range(train_per_class), "val": range(train_per_class, train_per_class + val_per_class)}
    jobs = {part: _plan(out / "videos", seed, numbers) for part, numbers in clips_per_class.items()}
    report = run_jobs(make_clip, jobs["train"] + jobs["val"], workers=workers, description="Generating", unit="frames")
    if report.failures:
        job, reason = report.failures[0]
        raise RuntimeError(f"{len(report.failures)} clips could not be written, the first is {job.path}: {reason}")
    write_atomically(out / "classes.txt", "".join(f"{toy_class.name}\n" for toy_class in TOY_CLASSES).encode())
    for part, part_jobs in jobs.items():
        lines = (f"{job.path.relative_to(out / 'videos').as_posix()} {job.label}\n" for job in part_jobs)
        write_atomically(out / f"toy_video_{part}.txt", "".join(lines).encode())
    _, sheet = cv2.imencode(".png", overview(jobs["train"][::train_per_class])[..., ::-1])
    write_atomically(out / "overview.png", sheet.tobytes())


def make_clip(job: ClipJob) -> None:
    """Write one clip as H.264 (or MPEG-4, where FFmpeg lacks x264), unless it exists."""
    if job.path.exists():
        return
    job.path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(f"{job.path}.partial-{os.getpid()}")
    try:
        encode_scene(partial, job.scene())
        os.replace(partial, job.path)
    finally:
        partial.unlink(missing_ok=True)


def overview(jobs: Sequence[ClipJob], *, columns: int = 6, cell: tuple[int, int] = (144, 112)) -> np.ndarray:
    """Contact sheet, uint8 RGB: a row per job with its class's name and ``columns`` of its first frames.

    Args:
        jobs: the clips.
        columns: frames per clip, four frames apart.
        cell: ``(width, height)`` of the place for a frame.
    """
    sheet = np.full((len(jobs) * (cell[1] + 4), (columns + 1) * (cell[0] + 4), 3), 255, np.uint8)
    for row, job in enumerate(jobs):
        top = row * (cell[1] + 4)
        place = (8, top + cell[1] // 2)
        cv2.putText(sheet, job.toy_class.name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
        scene = job.scene()
        for column in range(columns):
            frame = scene.frame(4 * column)
            left = (column + 1) * (cell[0] + 4)
            sheet[top : top + frame.shape[0], left : left + frame.shape[1]] = frame
    return sheet


def _plan(videos: Path, seed: int, numbers: Iterable[int]) -> list[ClipJob]:
    """Clips with these numbers of every class, class after class."""
    return [
        ClipJob(videos / toy_class.name / f"{toy_class.name}_{number + 1:04d}.mp4", label, (seed, label, number))
        for label, toy_class in enumerate(TOY_CLASSES)
        for number in numbers
    ]


def encode_scene(path: Path, scene: Pictures, *, rate: int = 25) -> None:
    """Write the frames of a scene as H.264 (or MPEG-4, where FFmpeg lacks x264)."""
    codec, options = "libx264", {"crf": "18", "preset": "veryfast", "threads": "1"}
    options["x264-params"] = "cpu-independent=1"  # without it, the same frames do not always give the same file
    if codec not in av.codecs_available:
        codec, options = "mpeg4", {"flags": "+qscale+bitexact", "global_quality": str(3 * 118)}  # quantiser 3
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = scene.size
        stream.pix_fmt, stream.gop_size = "yuv420p", 12
        for time in range(scene.num_frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(scene.frame(time), format="rgb24")))
            check_in()
        container.mux(stream.encode(None))
