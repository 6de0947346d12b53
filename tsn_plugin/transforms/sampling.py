"""``SampleFrames``: the frames a video is represented by."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from tsn_plugin.ops.sampling import (
    ORIGINAL_RULES,
    loop_frames,
    mmaction2_test_starts,
    mmaction2_train_starts,
    repeat_last_frame,
    repeat_last_sampled_frame,
    snippet_frames,
)
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import extended_repr, facts_of

PHASES = ("train", "val", "test")
PROTOCOLS = ("mmaction2", *ORIGINAL_RULES)
OUT_OF_BOUND_RULES = {"loop": loop_frames, "repeat_last": repeat_last_sampled_frame}


@TRANSFORMS.register_module()
class SampleFrames(BaseTransform):
    """Chooses the frames of a video's snippets by MMAction2's rule or by one of the two original codes' rules.

    Required Keys:

    - total_frames
    - start_index
    - modality (optional)
    - avg_fps (optional)

    Added Keys:

    - frame_inds
    - clip_len
    - frame_interval
    - num_clips

    ``frame_inds`` (int32) has the snippets one after the other. ``clip_len`` is the number of frames read per snippet:
    one more than the argument for a dataset with ``modality='RGBDiff'``, under every protocol.

    The original codes crash or name frames before the first one in videos shorter than a snippet; here such a snippet
    starts at the first frame and repeats the last one, as they do in all other short videos.

    Args:
        clip_len: frames (or flow fields) of a snippet that reach the network.
        frame_interval: distance of a snippet's neighbouring frames.
        num_clips: snippets per video.
        temporal_jitter: move each frame by a random part of ``frame_interval``. With ``target_fps`` each frame is moved
            on its own, where MMAction2 raises.
        twice_sample: also take the first frames of the segments in testing.
        out_of_bound_opt: ``'loop'`` or ``'repeat_last'``, for frames behind the end under ``protocol='mmaction2'``. The
            other protocols always repeat the video's last frame.
        test_mode: no randomness.
        keep_tail_frames: segments of fractional length in training, so that no frame is left over.
        target_fps: sample as from a video of this frame rate.
        protocol: ``'mmaction2'``, ``'tsn_pytorch'`` or ``'tsn_caffe'``. The latter two read neighbouring frames and
            know none of ``temporal_jitter``, ``twice_sample``, ``keep_tail_frames``, ``target_fps``.
        phase: ``'train'``, ``'val'`` or ``'test'``; by default ``'test'`` if ``test_mode``, else ``'train'``. Both
            original codes sample differently in validation and in testing, MMAction2 does not.

    Raises:
        ValueError: for an unknown protocol, phase or ``out_of_bound_opt``, for counts below 1, and for a keyword that
            contradicts the protocol or the phase.
    """

    def __init__(
        self,
        clip_len: int,
        frame_interval: int = 1,
        num_clips: int = 1,
        temporal_jitter: bool = False,
        twice_sample: bool = False,
        out_of_bound_opt: str = "loop",
        test_mode: bool = False,
        keep_tail_frames: bool = False,
        target_fps: int | None = None,
        *,
        protocol: str = "mmaction2",
        phase: str | None = None,
    ) -> None:
        if phase == "train" and test_mode:
            raise ValueError("phase='train' contradicts test_mode=True: leave one of them out")
        self.clip_len = clip_len
        self.frame_interval = frame_interval
        self.num_clips = num_clips
        self.temporal_jitter = temporal_jitter
        self.twice_sample = twice_sample
        self.out_of_bound_opt = out_of_bound_opt
        self.keep_tail_frames = keep_tail_frames
        self.target_fps = target_fps
        self.protocol = protocol
        self.phase = phase or ("test" if test_mode else "train")
        self.test_mode = self.phase != "train"
        self._check_arguments()

    def _check_arguments(self) -> None:
        for name, known in (("protocol", PROTOCOLS), ("phase", PHASES), ("out_of_bound_opt", OUT_OF_BOUND_RULES)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is unknown; known: {', '.join(known)}")
        for name in ("clip_len", "frame_interval", "num_clips"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")
        if self.protocol == "mmaction2":
            return
        if self.frame_interval != 1:
            raise ValueError(f"protocol={self.protocol!r} reads neighbouring frames: frame_interval must be 1")
        for name in ("temporal_jitter", "twice_sample", "keep_tail_frames", "target_fps"):
            if getattr(self, name):
                raise ValueError(f"{name} belongs to protocol='mmaction2', not to {self.protocol!r}")

    def transform(self, results: dict) -> dict:
        """Add the chosen frames to ``results``.

        Raises:
            ValueError: for a video without frames.
        """
        num_frames = results["total_frames"]
        if num_frames < 1:
            name = results.get("filename", results.get("frame_dir"))
            raise ValueError(f"total_frames={num_frames}: the video {name!r} has no frame to sample")
        read_len = self.clip_len + facts_of(results).extra_frames
        if self.protocol == "mmaction2":
            frames = self._mmaction2_frames(num_frames, read_len, results.get("avg_fps"))
        else:
            starts = ORIGINAL_RULES[self.protocol][self.phase](num_frames, self.num_clips, read_len)
            frames = repeat_last_frame(snippet_frames(starts, read_len), num_frames)
        results["frame_inds"] = (frames.reshape(-1) + results["start_index"]).astype(np.int32)
        results["clip_len"] = read_len
        results["frame_interval"] = self.frame_interval
        results["num_clips"] = self.num_clips
        return results

    def _mmaction2_frames(self, num_frames: int, read_len: int, fps: float | None) -> np.ndarray:
        """Frames of each snippet, shape ``(snippets, read_len)``, inside the video; they may have fractions."""
        span = self._span(read_len, fps)
        starts = self._mmaction2_starts(num_frames, read_len, span)
        if self.target_fps:
            frames = starts[:, None] + np.linspace(0, span - 1, read_len).astype(np.int32)
        else:
            frames = snippet_frames(starts, read_len, self.frame_interval)
        if self.temporal_jitter:
            frames = frames + np.random.randint(self.frame_interval, size=frames.size).reshape(frames.shape)
        return OUT_OF_BOUND_RULES[self.out_of_bound_opt](frames, num_frames)

    def _mmaction2_starts(self, num_frames: int, read_len: int, span: float) -> np.ndarray:
        if not self.test_mode:
            return mmaction2_train_starts(num_frames, self.num_clips, span, keep_tail_frames=self.keep_tail_frames)
        return mmaction2_test_starts(
            num_frames,
            self.num_clips,
            span,
            single_frames=read_len == 1,
            twice_sample=self.twice_sample,
            whole_steps=self.target_fps is not None,
        )

    def _span(self, read_len: int, fps: float | None) -> float:
        """Frames a snippet stretches over; MMAction2 counts a whole last interval, except in testing."""
        if self.target_fps is not None:
            fps_ratio = fps / self.target_fps if fps else 1.0
            return np.maximum(1, read_len * self.frame_interval * fps_ratio)
        if self.test_mode:
            return (read_len - 1) * self.frame_interval + 1
        return read_len * self.frame_interval

    def __repr__(self) -> str:
        base = (
            f"{type(self).__name__}(clip_len={self.clip_len}, frame_interval={self.frame_interval}, "
            f"num_clips={self.num_clips}, temporal_jitter={self.temporal_jitter}, twice_sample={self.twice_sample}, "
            f"out_of_bound_opt={self.out_of_bound_opt}, test_mode={self.test_mode})"
        )
        derived_phase = "test" if self.test_mode else "train"
        return extended_repr(self, base, {"protocol": "mmaction2", "phase": derived_phase})
