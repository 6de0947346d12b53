"""The frames of proposals (SSN, actionness) and of a video's ticks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform

from tsn_plugin.ops.proposal_sampling import actionness_starts, central_offsets, random_offsets, stage_spans
from tsn_plugin.ops.sampling import repeat_last_frame, snippet_frames
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.common import facts_of

PHASES = ("train", "val")


class _SnippetSampler(BaseTransform):
    """What the transforms share that choose where snippets start."""

    def __init__(self, clip_len: int) -> None:
        if clip_len < 1:
            raise ValueError(f"clip_len={clip_len} must be at least 1")
        self.clip_len = clip_len

    def _set_frames(self, results: dict, starts: np.ndarray) -> dict:
        """Store the frames of snippets that start at these frames (0-based); behind the end the last is repeated."""
        read_len = self.clip_len + facts_of(results).extra_frames
        frames = repeat_last_frame(snippet_frames(np.asarray(starts), read_len), results["total_frames"])
        results["frame_inds"] = (frames.reshape(-1) + results["start_index"]).astype(np.int32)
        results["clip_len"], results["frame_interval"], results["num_clips"] = read_len, 1, len(starts)
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(clip_len={self.clip_len})"


@TRANSFORMS.register_module()
class SampleProposalFrames(_SnippetSampler):
    """Chooses the snippets of a proposal's starting, course and ending.

    Required Keys:

    - total_frames
    - start_index
    - proposal (start and end, in frames from 0 on)
    - modality (optional)

    Added Keys:

    - frame_inds
    - clip_len
    - frame_interval
    - num_clips
    - proposal_scales

    Args:
        clip_len: frames (or flow fields) of a snippet.
        snippets: how many the three stages have.
        phase: ``'train'`` chooses at random, ``'val'`` the centres.
        legacy: negative scales where an ending has no room for a snippet, as the original has them for flow.

    Raises:
        ValueError: for an unknown phase, or numbers below 1.

    Source: Zhao et al. 2017, section 3.1; SSN ``ssn_dataset.py``.
    """

    def __init__(
        self, clip_len: int = 1, *, snippets: Sequence[int] = (2, 5, 2), phase: str = "train", legacy: bool = False
    ) -> None:
        super().__init__(clip_len)
        if phase not in PHASES:
            raise ValueError(f"phase={phase!r} is unknown; known: {', '.join(PHASES)}")
        if len(snippets) != 3 or min(snippets) < 1:
            raise ValueError(f"snippets={snippets} must name three numbers from 1 on: of starting, course and ending")
        self.snippets, self.phase, self.legacy = tuple(snippets), phase, legacy

    def transform(self, results: dict) -> dict:
        """Add the chosen frames and the scales of the stages; see the class."""
        read_len = self.clip_len + facts_of(results).extra_frames
        start, end = (int(place) for place in results["proposal"])
        num_frames = results["total_frames"]
        # one end fits all streams: flow may be a field shorter than the frames that the list counts
        end = min(end, num_frames)
        start = min(start, end - 1)
        spans = stage_spans(start, end, num_frames, read_len, legacy=self.legacy)
        rule = random_offsets if self.phase == "train" else central_offsets
        parts = [first + rule(valid, count) for first, valid, count in zip(spans.offsets, spans.valid, self.snippets)]
        results["proposal_scales"] = np.array(spans.scales, np.float32)
        return self._set_frames(results, np.concatenate(parts))


@TRANSFORMS.register_module()
class SampleActionnessFrames(_SnippetSampler):
    """Chooses one random snippet in each of several equal parts of a proposal, for the classifier of actionness.

    Required Keys:

    - total_frames
    - start_index
    - proposal (start and end, in frames from 0 on)
    - modality (optional)

    Added Keys:

    - frame_inds
    - clip_len
    - frame_interval
    - num_clips

    Args:
        clip_len: frames (or flow fields) of a snippet.
        num_clips: snippets of a proposal.

    Raises:
        ValueError: for numbers below 1.

    Source: SSN ``load_binary_score.py``, which is random in validation too.
    """

    def __init__(self, clip_len: int = 1, *, num_clips: int = 5) -> None:
        super().__init__(clip_len)
        if num_clips < 1:
            raise ValueError(f"num_clips={num_clips} must be at least 1")
        self.num_clips = num_clips

    def transform(self, results: dict) -> dict:
        """Add the chosen frames; see the class."""
        start, end = (int(place) for place in results["proposal"])
        end = min(end, results["total_frames"])
        return self._set_frames(results, actionness_starts(min(start, end - 1), end, self.num_clips))


@TRANSFORMS.register_module()
class SampleTicks(_SnippetSampler):
    """Takes one snippet at each tick that the data set asks for.

    Required Keys:

    - total_frames
    - start_index
    - ticks (first frames, from 0 on)
    - modality (optional)

    Added Keys:

    - frame_inds
    - clip_len
    - frame_interval
    - num_clips

    Args:
        clip_len: frames (or flow fields) of a snippet.

    Raises:
        ValueError: for a number below 1.
    """

    def __init__(self, clip_len: int = 1) -> None:
        super().__init__(clip_len)

    def transform(self, results: dict) -> dict:
        """Add the frames of the ticks; see the class."""
        return self._set_frames(results, results["ticks"])
