"""Where the snippets of a video start and which frames they read, by the rules of MMAction2, tsn-pytorch and Caffe TSN.

Every frame number is 0-based. ``num_segments`` is the number of snippets, ``snippet_len`` the frames read per snippet.
The rules of training draw from ``rng``: ``numpy.random`` itself, seeded globally, or a ``numpy.random.RandomState``.
"""

from __future__ import annotations

from typing import Any, Callable, Protocol

import numpy as np


class RandomSource(Protocol):
    """The two draws the rules need; ``numpy.random`` and ``numpy.random.RandomState`` offer both."""

    def randint(self, low: int, high: int | None = None, size: int | None = None) -> Any:
        """Integers in ``[0, low)``, or ``[low, high)`` where ``high`` is given."""

    def uniform(self, low: float, high: float, size: int | None = None) -> Any:
        """Floats in ``[low, high)``."""


def _all_from_first_frame(num_segments: int) -> np.ndarray:
    return np.zeros(num_segments, dtype=np.int64)


def center_snippet_starts(num_frames: int, num_segments: int, snippet_len: int = 1) -> np.ndarray:
    """Start of the central snippet of each segment, shape ``(num_segments,)``.

    >>> center_snippet_starts(9, num_segments=3).tolist()
    [1, 4, 7]

    Raises:
        ValueError: if the video is shorter than one snippet.

    Source: tsn-pytorch ``dataset.py``, validation and test indices.
    """
    if num_frames < snippet_len:
        raise ValueError(f"a video of {num_frames} frames holds no snippet of {snippet_len} frames")
    segment_len = (num_frames - snippet_len + 1) / num_segments
    # this order of operations: segment_len * (i + 0.5) rounds differently for 7, 9 or 25 segments
    return (segment_len / 2 + segment_len * np.arange(num_segments)).astype(np.int64)


def tsn_pytorch_train_starts(
    num_frames: int, num_segments: int, snippet_len: int, *, rng: RandomSource = np.random
) -> np.ndarray:
    """Random starts, shape ``(num_segments,)``: the possible starts are cut into segments, one is drawn from each.

    With fewer possible starts than segments, sorted draws from all of them; all 0 where the original raises or the
    video has no more frames than there are segments.

    Source: tsn-pytorch ``dataset.py``, training indices. The original raises for ``num_segments < num_frames <
    snippet_len``.
    """
    num_starts = num_frames - snippet_len + 1
    segment_len = num_starts // num_segments
    if segment_len > 0:
        return np.arange(num_segments) * segment_len + rng.randint(segment_len, size=num_segments)
    if num_frames > num_segments and num_starts > 0:
        return np.sort(rng.randint(num_starts, size=num_segments))
    return _all_from_first_frame(num_segments)


def tsn_pytorch_val_starts(num_frames: int, num_segments: int, snippet_len: int) -> np.ndarray:
    """Central starts, shape ``(num_segments,)``; all 0 without a possible start of its own for each segment.

    Source: tsn-pytorch ``dataset.py``, validation indices.
    """
    if num_frames <= num_segments + snippet_len - 1:
        return _all_from_first_frame(num_segments)
    return center_snippet_starts(num_frames, num_segments, snippet_len)


def tsn_pytorch_test_starts(num_frames: int, num_segments: int, snippet_len: int) -> np.ndarray:
    """Central starts, shape ``(num_segments,)``, which repeat in a short video; all 0 where no whole snippet fits.

    Source: tsn-pytorch ``dataset.py``, test indices. The original returns starts before the first frame where no whole
    snippet fits.
    """
    if num_frames < snippet_len:
        return _all_from_first_frame(num_segments)
    return center_snippet_starts(num_frames, num_segments, snippet_len)


def tsn_caffe_train_starts(
    num_frames: int, num_segments: int, snippet_len: int, *, rng: RandomSource = np.random
) -> np.ndarray:
    """Random starts, shape ``(num_segments,)``: each snippet lies inside its segment; all 0 where none holds a snippet.

    The last ``num_frames % num_segments`` frames are never read.

    Source: Caffe TSN ``video_data_layer.cpp``, TRAIN phase.
    """
    segment_len = num_frames // num_segments
    if segment_len < snippet_len:
        return _all_from_first_frame(num_segments)
    return np.arange(num_segments) * segment_len + rng.randint(segment_len - snippet_len + 1, size=num_segments)


def tsn_caffe_val_starts(num_frames: int, num_segments: int, snippet_len: int) -> np.ndarray:
    """Start of the central snippet inside each segment, shape ``(num_segments,)``; all 0 where none holds a snippet.

    Source: Caffe TSN ``video_data_layer.cpp``, TEST phase (validation during training).
    """
    segment_len = num_frames // num_segments
    if segment_len < snippet_len:
        return _all_from_first_frame(num_segments)
    return np.arange(num_segments) * segment_len + (segment_len - snippet_len + 1) // 2


def tsn_caffe_test_starts(num_frames: int, num_segments: int, snippet_len: int) -> np.ndarray:
    """Starts at whole, equal steps from the first frame, shape ``(num_segments,)``; all 0 in a short video.

    Source: Caffe TSN ``tools/eval_net.py``. The original divides by zero for one segment; here it starts at 0.
    """
    step = (num_frames - snippet_len) // max(num_segments - 1, 1)
    return np.arange(num_segments) * max(step, 0)


#: rule by protocol and phase, called as ``rule(num_frames, num_segments, snippet_len)``
ORIGINAL_RULES: dict[str, dict[str, Callable[[int, int, int], np.ndarray]]] = {
    "tsn_pytorch": {
        "train": tsn_pytorch_train_starts,
        "val": tsn_pytorch_val_starts,
        "test": tsn_pytorch_test_starts,
    },
    "tsn_caffe": {"train": tsn_caffe_train_starts, "val": tsn_caffe_val_starts, "test": tsn_caffe_test_starts},
}


def mmaction2_train_starts(
    num_frames: int,
    num_clips: int,
    span: float,
    *,
    keep_tail_frames: bool = False,
    rng: RandomSource = np.random,
) -> np.ndarray:
    """Random starts, shape ``(num_clips,)``, by MMAction2's rule; whole numbers, but not always of an integer type.

    Args:
        num_frames: length of the video.
        num_clips: number of snippets.
        span: frames from a snippet's first to its last one, both included.
        keep_tail_frames: cut the possible starts into segments of fractional length, so that none is left over.
        rng: source of the draws.

    Source: MMAction2 1.2.0 ``SampleFrames._get_train_clips``.
    """
    num_starts = num_frames - span + 1
    if keep_tail_frames:
        if num_starts <= 0:
            return _all_from_first_frame(num_clips)
        segment_len = num_starts / num_clips
        return (np.arange(num_clips) * segment_len + rng.uniform(0, segment_len, num_clips)).astype(np.int32)
    segment_len = num_starts // num_clips
    if segment_len > 0:
        return np.arange(num_clips) * segment_len + rng.randint(segment_len, size=num_clips)
    if num_frames > max(num_clips, span):
        return np.sort(rng.randint(num_starts, size=num_clips))
    if segment_len == 0:
        return np.around(np.arange(num_clips) * (num_starts / num_clips))
    return _all_from_first_frame(num_clips)


def mmaction2_test_starts(
    num_frames: int,
    num_clips: int,
    span: float,
    *,
    single_frames: bool,
    twice_sample: bool = False,
    whole_steps: bool = False,
) -> np.ndarray:
    """Evenly spread starts by MMAction2's rule, shape ``(num_clips,)``, or ``(2 * num_clips,)`` with ``twice_sample``.

    Args:
        num_frames: length of the video.
        num_clips: number of snippets.
        span: frames from a snippet's first to its last one, both included.
        single_frames: snippets are single frames, taken from the centres of the segments. The result has fractions.
        twice_sample: add the first frames of the segments, or go on with the same step beyond the end.
        whole_steps: round the step down, as MMAction2 does where ``target_fps`` is set.

    Raises:
        ValueError: for ``twice_sample`` with one snippet of several frames, where MMAction2 divides by zero.

    Source: MMAction2 1.2.0 ``SampleFrames._get_test_clips``.
    """
    if single_frames:
        segment_len = num_frames / num_clips
        firsts = np.arange(num_clips) * segment_len
        centers = firsts + segment_len / 2.0
        return np.concatenate([centers, firsts]) if twice_sample else centers
    max_start = max(num_frames - span, 0)
    num_starts = num_clips * 2 if twice_sample else num_clips
    if num_starts == 1:
        return np.array([max_start // 2])
    if num_clips == 1:
        raise ValueError("twice_sample=True needs num_clips of at least 2 where snippets have several frames")
    step = max_start / (num_clips - 1)
    return np.arange(num_starts) * np.floor(step) if whole_steps else np.round(np.arange(num_starts) * step)


def snippet_frames(starts: np.ndarray, snippet_len: int, frame_interval: int = 1) -> np.ndarray:
    """Frames of each snippet, shape ``(len(starts), snippet_len)``; some may lie behind the video's end.

    >>> snippet_frames(np.array([0, 7]), snippet_len=3, frame_interval=2).tolist()
    [[0, 2, 4], [7, 9, 11]]
    """
    return starts[:, None] + np.arange(snippet_len)[None, :] * frame_interval


def repeat_last_frame(frames: np.ndarray, num_frames: int) -> np.ndarray:
    """``frames`` with those behind the end replaced by the video's last frame, as both original codes read them.

    >>> repeat_last_frame(np.array([[2, 3, 4, 5]]), num_frames=4).tolist()
    [[2, 3, 3, 3]]
    """
    return np.minimum(frames, num_frames - 1)


def loop_frames(frames: np.ndarray, num_frames: int) -> np.ndarray:
    """``frames`` counted on from the video's beginning: MMAction2's ``out_of_bound_opt='loop'``.

    >>> loop_frames(np.array([[2, 3, 4, 5]]), num_frames=4).tolist()
    [[2, 3, 0, 1]]
    """
    return np.mod(frames, num_frames)


def repeat_last_sampled_frame(frames: np.ndarray, num_frames: int) -> np.ndarray:
    """``frames`` with those behind the end replaced by their snippet's last valid one (0 where it has none).

    With a ``frame_interval`` that is not the video's last frame: MMAction2's ``out_of_bound_opt='repeat_last'``.

    >>> repeat_last_sampled_frame(np.array([[0, 2, 4, 6]]), num_frames=4).tolist()
    [[0, 2, 2, 2]]
    """
    inside = frames < num_frames
    last_inside = np.max(inside * frames, axis=1, keepdims=True)
    return np.where(inside, frames, last_inside)


def fixed_rate_starts(num_frames: int, fps: float, rate: float) -> np.ndarray:
    """Start (0-based frame) of ``rate`` snippets per second, each in the middle of its part of the time, ``(S,)``.

    A video that is shorter than one part gives one snippet, in the middle.

    Args:
        num_frames: frames of the video.
        fps: of the video.
        rate: snippets per second.

    Raises:
        ValueError: if a rate is not positive or there is no frame.
    """
    if fps <= 0 or rate <= 0 or num_frames < 1:
        raise ValueError(f"num_frames={num_frames}, fps={fps} and rate={rate} must be positive")
    distance = fps / rate
    count = max(int(num_frames / distance), 1)
    return np.minimum((np.arange(count) + 0.5) * min(distance, num_frames), num_frames - 1).astype(int)
