"""Detections in one video of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsn_plugin.apis.tick_scorer import TickScorer, is_file
from tsn_plugin.evaluation.detection import detect
from tsn_plugin.evaluation.detection_report import detections_by_video, write_detections
from tsn_plugin.models.localizers import SSN, ActionnessClassifier
from tsn_plugin.proposals.grouping import group_ticks, smoothed_actionness
from tsn_plugin.proposals.sliding_windows import sliding_windows
from tsn_plugin.structures.text_files import read_text

_STRIP = 12  # frames in a picture


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
            instances=None,
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
    options = dict(device=device, flow_method=flow_method)
    scorer = TickScorer(config, checkpoint, kind=SSN, **options)
    with scorer.open(video) as reader:
        num_frames, fps = len(reader), fps or reader.fps
        if not fps:
            raise ValueError(f"{video} does not tell its frame rate: give --fps")
        frames = (
            reader.read(np.linspace(0, num_frames - 1, _STRIP).astype(int))
            if is_file(video) or not scorer.is_flow
            else []
        )
    duration = num_frames / fps
    probabilities = None
    if actionness is None:
        proposals = sliding_windows(duration)
    else:
        ticks = TickScorer(*actionness, kind=ActionnessClassifier, **options).actionness(video)
        probabilities = smoothed_actionness(ticks)
        proposals = group_ticks(ticks)[0] / len(ticks) * duration
    proposals = np.minimum(proposals, duration)
    if not len(proposals):
        proposals = np.array([[0, duration]])
    scores = scorer.proposal_scores(video, proposals / duration)
    names = _class_names(classes, scores.num_classes)
    found = detect([scores], scorer.options)
    by_video = detections_by_video(found, [str(video)], {str(video): duration}, names)
    if out is not None:
        write_detections(out, {Path(video).stem: by_video[str(video)]})
    return VideoDetections(names, duration, by_video[str(video)], proposals, probabilities, frames)


def _class_names(path: str | Path | None, count: int) -> tuple[str, ...]:
    if path is None:
        return tuple(f"class {number}" for number in range(1, count + 1))
    text = read_text(path, what="list of classes", missing="give a file with the name of a class per line")
    names = tuple(line.strip() for line in text.split("\n") if line.strip())
    if len(names) != count:
        raise ValueError(f"{path} names {len(names)} classes, the weights have {count}: one name per line is needed")
    return names
