"""Sampling of untrimmed video."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from tsn_plugin.ops.sampling import fixed_rate_starts, repeat_last_frame, snippet_frames
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import facts_of


@TRANSFORMS.register_module()
class SampleFramesAtRate(BaseTransform):
    """Takes snippets at an even rate over the whole video, so that long videos have more of them.

    For tests of untrimmed video, with ``SlidingWindowConsensus``. Only frames and boxes are kept (test crops with
    ``on_device=True``), and the network sees ``test_cfg.max_views`` views at a time.

    Required Keys:

    - total_frames
    - start_index
    - avg_fps (optional)
    - modality (optional)

    Added Keys:

    - frame_inds
    - clip_len
    - frame_interval
    - num_clips

    ``frame_inds`` (int32) has the snippets one after the other, with the video's last frame repeated behind its end.

    Args:
        rate: snippets per second.
        clip_len: frames (or flow fields) of a snippet that reach the network.
        frame_interval: distance of a snippet's neighbouring frames.
        fps: of the extracted frames; videos know their own.

    Raises:
        ValueError: if ``rate`` or ``fps`` is not positive; when it runs, if the frame rate is not known.
    """

    def __init__(
        self, rate: float = 1.0, *, clip_len: int = 1, frame_interval: int = 1, fps: float | None = None
    ) -> None:
        if rate <= 0 or (fps is not None and fps <= 0):
            raise ValueError(f"rate={rate} and fps={fps} must be positive")
        self.rate, self.clip_len, self.frame_interval, self.fps = rate, clip_len, frame_interval, fps

    def transform(self, results: dict) -> dict:
        """Add the frames of the snippets; see the class."""
        fps = self.fps or results.get("avg_fps")
        if not fps:
            raise ValueError(
                f"the frame rate of {results.get('frame_dir') or results.get('filename')} is not known: give the rate "
                "of the extracted frames, SampleFramesAtRate(fps=...)"
            )
        read_len = self.clip_len + facts_of(results).extra_frames
        starts = fixed_rate_starts(results["total_frames"], fps, self.rate)
        frames = repeat_last_frame(snippet_frames(starts, read_len, self.frame_interval), results["total_frames"])
        results["frame_inds"] = (np.ravel(frames) + results["start_index"]).astype(np.int32)
        results["clip_len"], results["frame_interval"] = read_len, self.frame_interval
        results["num_clips"] = len(starts)
        return results

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(rate={self.rate}, clip_len={self.clip_len}, frame_interval={self.frame_interval}, "
            f"fps={self.fps})"
        )
