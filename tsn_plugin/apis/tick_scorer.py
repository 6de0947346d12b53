"""A localizer that scores the ticks of one's own videos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import load_checkpoint

from tsn_plugin.apis.interrupted_tests import test_evaluators
from tsn_plugin.bundle import find_config
from tsn_plugin.evaluation.detection import DetectionOptions
from tsn_plugin.evaluation.detection_metrics import DetectionMAP, proposal_scores
from tsn_plugin.models.localizers.tick_localizer import TickLocalizer
from tsn_plugin.ops.proposal_sampling import tick_frames
from tsn_plugin.readers import FrameReader, open_frames, open_video
from tsn_plugin.registry import MODELS, TRANSFORMS
from tsn_plugin.structures.proposals import ProposalScores

_FLOW_SIZE = (340, 256)  # of the frames whose flow is computed, as docs/detection.md extracts it


class TickScorer:
    """A localizer with the test pipeline and the tick interval of its config, for videos that are in no list.

    Args:
        config: of an SSN or of a classifier of actionness, or the name of a shipped one.
        checkpoint: its weights.
        kind: what it must be.
        device: of torch.
        flow_method: a key of :data:`~tsn_plugin.ops.optical_flow.FLOW_METHODS`, for the flow of video files.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: for a config of something else.
    """

    def __init__(
        self,
        config: str,
        checkpoint: str,
        *,
        kind: type[TickLocalizer],
        device: str = "cpu",
        flow_method: str = "tvl1",
    ) -> None:
        cfg = Config.fromfile(find_config(config))
        init_default_scope(cfg.get("default_scope", "mmaction"))
        cfg.model.backbone.pop("init_cfg", None)
        self._model = MODELS.build(cfg.model).eval()
        if not isinstance(self._model, kind):
            raise ValueError(f"{config} is the config of {type(self._model).__name__}, not of {kind.__name__}")
        load_checkpoint(self._model, checkpoint, map_location="cpu", strict=True)
        self._model.to(device)
        self._data = cfg.test_dataloader.dataset
        self._pipeline, self._flow_method = self._data.pipeline, flow_method
        self.options = _detection_options(cfg)

    @property
    def is_flow(self) -> bool:
        """Whether the network reads flow."""
        return "{}" in self._data.get("filename_tmpl", "")

    def open(self, video: str | Path) -> FrameReader:
        """A reader of the video's frames."""
        if is_file(video):
            return open_video(video)
        return open_frames(video, modality=self._data.get("modality", "RGB"), template=self._data.get("filename_tmpl"))

    def actionness(self, video: str | Path) -> np.ndarray:
        """What a classifier of actionness says of the video's ticks before softmax, ``(T, 2)``.

        Raises:
            ValueError: if the video has too few frames for flow.
        """
        return self._run(video, np.zeros((1, 2)))["tick_scores"].cpu().numpy()

    def proposal_scores(self, video: str | Path, proposals: np.ndarray) -> ProposalScores:
        """What an SSN says of proposals, ``(P, 2)`` in shares of the video.

        Raises:
            ValueError: if the video has too few frames for flow.
        """
        return proposal_scores(self._run(video, proposals))

    def _run(self, video: str | Path, proposals: np.ndarray) -> dict:
        """The data sample of the last chunk: what is said of the proposals, or of the ticks."""
        with self.open(video) as reader:
            num_frames = len(reader) - (self.is_flow and is_file(video))
        if num_frames < 1:
            raise ValueError(f"{video} has {num_frames + 1} frames: flow needs two")
        clip_len, size = self._data.get("clip_len", 1), self._data.get("chunk_size", 16)
        starts = tick_frames(max(num_frames, clip_len), clip_len, self._data.get("tick_interval", 6))
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
        if is_file(video):
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
            start_index=0 if is_file(video) else self._data.get("start_index", 1),
            offset=0,
            video_name=str(video),
        )


def is_file(video: str | Path) -> bool:
    """Whether it is a video file, and no folder or archive of frames."""
    return Path(video).is_file() and Path(video).suffix != ".zip"


def _detection_options(config: Config) -> DetectionOptions:
    """What the config's test makes detections with; THUMOS14's options where it measures something else."""
    settings = [dict(one) for one in test_evaluators(config) if one["type"].endswith("DetectionMAP")]
    chosen = settings[0] if settings else {}
    return DetectionMAP(chosen.get("protocol", "thumos14"), chosen.get("options")).options
