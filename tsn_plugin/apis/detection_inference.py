"""Detections in one video of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

from tsn_plugin.bundle import find_config
from tsn_plugin.evaluation.detection import detect
from tsn_plugin.evaluation.detection_metrics import DetectionMAP, proposal_scores
from tsn_plugin.evaluation.detection_report import detections_by_video, write_detections
from tsn_plugin.models.localizers.tick_localizer import TickLocalizer
from tsn_plugin.ops.proposal_sampling import tick_frames
from tsn_plugin.proposals.grouping import group_ticks, smoothed_actionness
from tsn_plugin.proposals.sliding_windows import sliding_windows
from tsn_plugin.readers import FrameReader, open_frames, open_video
from tsn_plugin.registry import MODELS, TRANSFORMS
from tsn_plugin.structures.text_files import read_text

_STRIP = 12  # frames in a picture
_FLOW_SIZE = (340, 256)  # of the frames whose flow is computed, as docs/detection.md extracts it


@dataclass(frozen=True)
class VideoDetections:
    """What was found in a video.

    Attributes:
        classes: names.
        duration: in seconds.
        detections: best first: ``label``, ``score``, ``segment`` in seconds.
        proposals: in seconds, ``(P, 2)``.
        actionness: probability of action per tick, None without a classifier.
        frames: evenly spread over the video.
    """

    classes: tuple[str, ...]
    duration: float
    detections: list[dict]
    proposals: np.ndarray
    actionness: np.ndarray | None
    frames: list[np.ndarray]

    def timeline(self, top: int) -> dict[str, Any]:
        """Arguments of :class:`~tsn_plugin.visualization.timeline.Timeline`, with the ``top`` best detections."""
        best = self.detections[:top]
        return dict(
            duration=self.duration,
            instances=np.zeros((0, 2)),
            instance_labels=[],
            actionness=self.actionness,
            proposals=self.proposals,
            detections=np.array([found["segment"] for found in best]).reshape(-1, 2),
            detection_labels=[self.classes.index(found["label"]) for found in best],
            detection_scores=[found["score"] for found in best],
            frames=self.frames,
        )


def detect_in_video(
    video: str | Path,
    config: str,
    checkpoint: str,
    *,
    actionness: Sequence[str] | None = None,
    classes: str | Path | None = None,
    fps: float | None = None,
    device: str = "cpu",
    flow_method: str = "tvl1",
    out: str | Path | None = None,
) -> VideoDetections:
    """Detections of an SSN in one video.

    Args:
        video: video file, or folder of frames; of a file, flow is computed where the network reads it.
        config: of the SSN; its test pipeline and tick interval are used.
        checkpoint: its weights.
        actionness: config and checkpoint of the classifier whose groups (TAG) are the proposals; None: sliding windows.
        classes: file of names, one per line; default: numbers.
        fps: of a folder of frames.
        device: of torch.
        flow_method: a key of :data:`~tsn_plugin.ops.optical_flow.FLOW_METHODS`; the same as in training.
        out: file for all detections, in ActivityNet's format.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for a folder of frames without ``fps``, or names of another number of classes.
    """
    scorer = _Scorer(config, checkpoint, device, flow_method)
    with scorer.open(video) as reader:
        num_frames, fps = len(reader), fps or reader.fps
        if not fps:
            raise ValueError(f"{video} does not tell its frame rate: give --fps")
        frames = (
            reader.read(np.linspace(0, num_frames - 1, _STRIP).astype(int))
            if _is_file(video) or not scorer.is_flow
            else []
        )
    duration = num_frames / fps
    probabilities = None
    if actionness is None:
        proposals = sliding_windows(duration)
    else:
        ticks = _Scorer(*actionness, device, flow_method).run(video, np.zeros((1, 2)))["tick_scores"].numpy()
        probabilities = smoothed_actionness(ticks)
        proposals = group_ticks(ticks)[0] / len(ticks) * duration
    proposals = np.minimum(proposals, duration)
    if not len(proposals):
        proposals = np.array([[0, duration]])
    scores = proposal_scores(scorer.run(video, proposals / duration))
    names = _class_names(classes, scores.num_classes)
    found = detect([scores], scorer.options)
    by_video = detections_by_video(found, [str(video)], {str(video): duration}, names)
    if out is not None:
        write_detections(out, {Path(video).stem: by_video[str(video)]})
    return VideoDetections(names, duration, by_video[str(video)], proposals, probabilities, frames)


class _Scorer:
    """A localizer with its own test pipeline."""

    def __init__(self, config: str, checkpoint: str, device: str, flow_method: str) -> None:
        cfg = Config.fromfile(find_config(config))
        init_default_scope(cfg.get("default_scope", "mmaction"))
        cfg.model.backbone.pop("init_cfg", None)
        self._model: TickLocalizer = MODELS.build(cfg.model).eval()
        if not isinstance(self._model, TickLocalizer):
            raise ValueError(f"{config} is no config of an SSN or of a classifier of actionness")
        load_checkpoint(self._model, checkpoint, map_location="cpu", strict=True)
        self._model.to(device)
        self._data = cfg.test_dataloader.dataset
        self._pipeline, self._flow_method = self._data.pipeline, flow_method
        evaluator = cfg.get("test_evaluator") or {}
        protocol = evaluator.get("protocol", "thumos14") if isinstance(evaluator, dict) else "thumos14"
        self.options = DetectionMAP(protocol).options

    @property
    def is_flow(self) -> bool:
        """Whether the network reads flow."""
        return "{}" in self._data.get("filename_tmpl", "")

    def open(self, video: str | Path) -> FrameReader:
        """A reader of the video's frames."""
        if _is_file(video):
            return open_video(video)
        return open_frames(video, modality=self._data.get("modality", "RGB"), template=self._data.get("filename_tmpl"))

    def run(self, video: str | Path, proposals: np.ndarray) -> dict:
        """The data sample of the last chunk: what is said of the proposals (shares of the video), or of the ticks.

        Raises:
            ValueError: if the video has too few frames for flow.
        """
        with self.open(video) as reader:
            num_frames = len(reader) - (self.is_flow and _is_file(video))
        if num_frames < 1:
            raise ValueError(f"{video} has {num_frames + 1} frames: flow needs two")
        clip_len, size = self._data.get("clip_len", 1), self._data.get("chunk_size", 16)
        starts = tick_frames(num_frames, clip_len, self._data.get("tick_interval", 6))
        pipeline = Compose([TRANSFORMS.build(step) for step in self._steps(video)])
        for first in range(0, len(starts), size):
            packed = pipeline(dict(self._info(video, num_frames), ticks=starts[first : first + size]))
            packed["data_samples"].set_metainfo(
                dict(first_tick=first, num_ticks=len(starts), proposal_intervals=proposals)
            )
            with torch.no_grad():
                (sample,) = self._model.test_step(pseudo_collate([packed]))
        return {**sample.to_dict(), **sample.metainfo}

    def _steps(self, video: str | Path) -> list[dict]:
        """The test pipeline; a video file is decoded, or its flow computed, where the config reads extracted frames."""
        steps = [dict(step) for step in self._pipeline]
        if _is_file(video):
            place = next(n for n, step in enumerate(steps) if step["type"].endswith("RawFrameDecode"))
            decode = dict(type="tsn_plugin.DecordDecode")
            if self.is_flow:
                decode = dict(type="tsn_plugin.ComputeFlow", method=self._flow_method, size=_FLOW_SIZE)
            steps[place : place + 1] = [dict(type="tsn_plugin.DecordInit"), decode]
        return steps

    def _info(self, video: str | Path, num_frames: int) -> dict[str, Any]:
        return dict(
            filename=str(video),
            frame_dir=str(video),
            filename_tmpl=self._data.get("filename_tmpl", "img_{:05d}.jpg"),
            modality=self._data.get("modality", "RGB"),
            total_frames=num_frames,
            start_index=0 if _is_file(video) else self._data.get("start_index", 1),
            offset=0,
            video_name=str(video),
        )


def _is_file(video: str | Path) -> bool:
    """Whether it is a video file, and no folder or archive of frames."""
    return Path(video).is_file() and Path(video).suffix != ".zip"


def _class_names(path: str | Path | None, count: int) -> tuple[str, ...]:
    if path is None:
        return tuple(f"class {number}" for number in range(1, count + 1))
    text = read_text(path, what="list of classes", missing="give a file with the name of a class per line")
    names = tuple(line.strip() for line in text.split("\n") if line.strip())
    if len(names) != count:
        raise ValueError(f"{path} names {len(names)} classes, the weights have {count}: one name per line is needed")
    return names
