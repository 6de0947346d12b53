"""Where SSN looks: the snippets of a proposal and its surroundings in training, the ticks of a video in testing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: share of a proposal's length that its starting and its ending stage reach beyond it
STAGE_RATIO = 0.5


@dataclass(frozen=True)
class StageSpans:
    """Where the three stages of a proposal lie.

    Attributes:
        offsets: first frame (0-based) of starting, course, ending.
        valid: how many later positions a snippet may start at, for each stage.
        scales: share of the starting and the ending stage that lies in the video.
    """

    offsets: tuple[int, int, int]
    valid: tuple[int, int, int]
    scales: tuple[float, float]


def stage_spans(start: int, end: int, num_frames: int, snippet_len: int = 1, *, legacy: bool = False) -> StageSpans:
    """The stages of a proposal ``[start, end)`` in frames.

    The ending stage begins at the last frame of the course, as in the original. Where a snippet of the ending stage
    would not fit into the video, the original gives that stage a negative scale; here it is 0.

    Args:
        start: 0-based.
        end: exclusive.
        num_frames: of the video (of flow fields, for flow).
        snippet_len: frames of a snippet.
        legacy: keep negative scales.

    Raises:
        ValueError: for an empty proposal, or one that leaves the video.

    Source: Zhao et al. 2017, section 3.1; SSN ``ssn_dataset.py`` (``_get_train_indices``...).
    """
    if not 0 <= start < end <= num_frames:
        raise ValueError(f"proposal [{start}, {end}) is empty or leaves its video of {num_frames} frames")
    duration = end - start
    first = start + 1  # the original counts from 1
    reach = int(duration * STAGE_RATIO)
    valid_start = max(1, first - reach)
    valid_end = min(num_frames - snippet_len + 1, end + reach)
    scales = ((first - valid_start) / (duration * STAGE_RATIO), (valid_end - end) / (duration * STAGE_RATIO))
    if not legacy:
        scales = (scales[0], max(0.0, scales[1]))
    valid = (first - valid_start - snippet_len + 1, duration - snippet_len, valid_end - end - snippet_len + 1)
    return StageSpans((valid_start - 1, first - 1, end - 1), valid, scales)


def random_offsets(valid: int, num_snippets: int) -> np.ndarray:
    """One random position in each of ``num_snippets`` equal parts of ``valid + 1`` positions; 0 where too few.

    Source: SSN ``ssn_dataset.py`` (``_sample_indices``).
    """
    step = (valid + 1) // num_snippets
    if step <= 0:
        return np.zeros(num_snippets, np.int64)
    return np.arange(num_snippets) * step + np.random.randint(step, size=num_snippets)


def central_offsets(valid: int, num_snippets: int) -> np.ndarray:
    """The centres of ``num_snippets`` equal parts of ``valid`` positions; 0 where too few.

    Source: SSN ``ssn_dataset.py`` (``_get_val_indices``).
    """
    if valid <= num_snippets:
        return np.zeros(num_snippets, np.int64)
    step = valid / num_snippets
    # this order of operations: step * (i + 0.5) rounds differently
    return (step / 2 + step * np.arange(num_snippets)).astype(np.int64)


def actionness_starts(start: int, end: int, num_snippets: int = 5) -> np.ndarray:
    """First frame (0-based) of one random snippet in each of ``num_snippets`` equal parts of ``[start, end)``.

    Source: SSN ``load_binary_score.py`` (``_sample_indices``).
    """
    duration = end - start
    width = duration / num_snippets
    if width < 1:
        return start + np.random.randint(duration, size=num_snippets)
    edges = [round(number * width) for number in range(num_snippets + 1)]  # halves to even, as Python rounds
    return np.array([start + np.random.randint(low, high) for low, high in zip(edges[:-1], edges[1:])])


def tick_frames(num_frames: int, snippet_len: int = 1, interval: int = 6) -> np.ndarray:
    """First frame (0-based) of the snippet of each tick, ``(T,)``; at least one.

    Raises:
        ValueError: for a video shorter than a snippet.

    Source: SSN ``ssn_dataset.py`` (``get_test_data``).
    """
    if num_frames < snippet_len:
        raise ValueError(f"a video of {num_frames} frames holds no snippet of {snippet_len} frames")
    return np.arange(0, max(num_frames - snippet_len, 1), interval)


@dataclass(frozen=True)
class TickMarks:
    """Where the stages of proposals lie among a video's ticks.

    Attributes:
        marks: start of the starting stage, of the course, end of the course, end of the ending stage: ``(P, 4)``.
        scales: share of the starting and the ending stage that lies in the video, ``(P, 2)``.
    """

    marks: np.ndarray
    scales: np.ndarray


def tick_marks(proposals: np.ndarray, num_ticks: int) -> TickMarks:
    """The stages of proposals among ticks.

    Args:
        proposals: shares of the video, ``(P, 2)``.
        num_ticks: of the video.

    Source: SSN ``ssn_dataset.py`` (``get_test_data``).
    """
    start, end = np.asarray(proposals, np.float64).reshape(-1, 2).T
    reach = (end - start) * STAGE_RATIO
    before, after = np.maximum(0, start - reach), np.minimum(1, end + reach)
    marks = (np.stack([before, start, end, after], axis=1) * num_ticks).astype(np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        scales = np.stack([(start - before) / reach, (after - end) / reach], axis=1)
    return TickMarks(marks, np.nan_to_num(scales, nan=0.0, posinf=0.0, neginf=0.0))
