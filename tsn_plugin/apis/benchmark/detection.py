"""Temporal action detection without a network: average precision, suppression, grouping and pooling of scores.

The original's way is written down here from its formulas: loops over predictions, proposals, thresholds and runs. Its
own code needs Python 3.5, and pandas on top of these loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from mmaction.evaluation import average_precision_at_temporal_iou

from tsn_plugin.apis.benchmark.timing import STOCK, Timing, time_in_turns
from tsn_plugin.evaluation.average_precision import (
    TIOU_THRESHOLDS,
    Instances,
    average_precision,
    interpolated_average_precision,
)
from tsn_plugin.ops.intervals import batched_nms, interval_iou
from tsn_plugin.ops.pyramid import pyramid_scores, stage_parts
from tsn_plugin.proposals.grouping import THRESHOLDS, TOLERANCES, search_groups
from tsn_plugin.structures.proposals import Detections

ORIGINAL = "original's loops"
HERE = "here"
_NMS_THRESHOLD = 0.2
_PYRAMID = (1, (1, 2), 1)


def compare_detection(
    *, rounds: int = 3, predictions: int = 2000, videos: int = 1000, proposals: int = 200, ticks: int = 1100
) -> list[Timing]:
    """Seconds of each step, beside the original's loops and, for average precision, MMAction2.

    Args:
        rounds: how often each way is timed.
        predictions: of one class, in a tenth as many videos.
        videos: of suppression.
        proposals: of each video, in suppression and pooling.
        ticks: of a video, in grouping and pooling.
    """
    rng = np.random.default_rng(0)
    return [
        _average_precision(rng, predictions, rounds),
        _suppression(rng, videos, proposals, rounds),
        _grouping(rng, ticks, rounds),
        _pooling(rng, proposals, ticks, rounds),
    ]


def _timing(name: str, ways: dict[str, Callable[[], np.ndarray]], rounds: int) -> Timing:
    """Times of the ways, and how far each one's result is from the original's."""
    results = {way: work() for way, work in ways.items()}
    seconds = time_in_turns({way: lambda _, work=work: work() for way, work in ways.items()}, rounds=rounds, text=name)
    facts = {}
    for way, result in results.items():
        same_shape = np.shape(result) == np.shape(results[ORIGINAL])
        difference = np.abs(result - results[ORIGINAL]).max(initial=0) if same_shape else np.inf
        facts[way] = {"difference": f"{difference:.1e}"}
    return Timing(name, seconds, facts, baseline=ORIGINAL)


def _random_intervals(rng: np.random.Generator, count: int) -> np.ndarray:
    centers, lengths = rng.uniform(0, 1, count), rng.uniform(0.02, 0.3, count)
    return np.stack([centers - lengths / 2, centers + lengths / 2], axis=1)


def _average_precision(rng: np.random.Generator, predictions: int, rounds: int) -> Timing:
    num_videos = max(predictions // 10, 1)
    truth_videos = np.repeat(np.arange(num_videos), 3)
    truth = Instances(truth_videos, np.zeros(len(truth_videos), int), _random_intervals(rng, len(truth_videos)))
    found = Detections(
        videos=rng.integers(0, num_videos, predictions),
        labels=np.zeros(predictions, int),
        scores=rng.permutation(predictions) / predictions,  # no two alike
        intervals=_random_intervals(rng, predictions),
    )
    thresholds = TIOU_THRESHOLDS["thumos14"]
    # MMAction2's rows are (video, class, start, end, score), its truth is a dict of arrays
    rows = [
        (str(video), 0, *interval, score) for video, interval, score in zip(found.videos, found.intervals, found.scores)
    ]
    by_video = {str(video): truth.intervals[truth.videos == video] for video in range(num_videos)}
    ways = {
        ORIGINAL: lambda: np.array([loop_average_precision(truth, found, threshold) for threshold in thresholds]),
        STOCK: lambda: average_precision_at_temporal_iou(by_video, rows, thresholds),
        HERE: lambda: average_precision(truth, found, thresholds),
    }
    return _timing(f"AP, {predictions:,} predictions, {len(thresholds)} thresholds", ways, rounds)


def _suppression(rng: np.random.Generator, videos: int, proposals: int, rounds: int) -> Timing:
    intervals, scores = _random_intervals(rng, videos * proposals), rng.permutation(videos * proposals).astype(float)
    groups = np.repeat(np.arange(videos), proposals)

    def original() -> np.ndarray:
        members = (slice(video * proposals, (video + 1) * proposals) for video in range(videos))
        return np.concatenate(
            [part.start + loop_nms(intervals[part], scores[part], _NMS_THRESHOLD) for part in members]
        )

    def here() -> np.ndarray:
        return batched_nms(intervals, scores, groups, _NMS_THRESHOLD)[0]

    return _timing(f"NMS, {proposals:,} proposals x {videos:,} videos", {ORIGINAL: original, HERE: here}, rounds)


def _grouping(rng: np.random.Generator, ticks: int, rounds: int) -> Timing:
    scores = np.convolve(rng.normal(size=ticks), np.ones(5) / 5, mode="same")
    actionness = 1 / (1 + np.exp(-3 * scores))
    ways = {
        ORIGINAL: lambda: np.concatenate(
            [loop_groups(actionness > level, scores, tolerance) for level in THRESHOLDS for tolerance in TOLERANCES]
        ),
        HERE: lambda: np.concatenate(
            [np.column_stack(search_groups(actionness > level, scores, TOLERANCES)) for level in THRESHOLDS]
        ),
    }
    return _timing(f"TAG, {ticks:,} ticks, 12 thresholds x 9 tolerances", ways, rounds)


def _pooling(rng: np.random.Generator, proposals: int, ticks: int, rounds: int) -> Timing:
    parts = sum(sum(stage) for stage in stage_parts(_PYRAMID))
    scores = torch.from_numpy(rng.normal(size=(ticks, parts, 60)).astype(np.float32))  # 20 classes and their ends
    starts, lengths = rng.integers(0, ticks - 8, proposals), rng.integers(2, ticks // 4, proposals)
    ends = np.minimum(starts + lengths, ticks)
    marks = np.stack(
        [np.maximum(starts - lengths // 2, 0), starts, ends, np.minimum(ends + lengths // 2, ticks)], axis=1
    )
    marks, scales = torch.from_numpy(marks), torch.from_numpy(rng.uniform(0.2, 1, (proposals, 2)))
    ways = {
        ORIGINAL: lambda: loop_pyramid(scores, marks, scales).numpy(),
        HERE: lambda: pyramid_scores(scores, marks, scales, _PYRAMID, legacy=True).numpy(),
    }
    return _timing(f"pooling, {proposals:,} proposals, {ticks:,} ticks", ways, rounds)


def loop_average_precision(truth: Instances, found: Detections, threshold: float) -> float:
    """Average precision at one threshold, prediction by prediction (the ActivityNet toolkit's procedure)."""
    is_taken = np.zeros(len(truth.videos), bool)
    right = []
    for number in np.argsort(found.scores)[::-1]:
        own = np.flatnonzero(truth.videos == found.videos[number])
        iou = interval_iou(found.intervals[number], truth.intervals[own])
        hit = False
        for place in iou.argsort()[::-1]:
            if iou[place] < threshold:
                break
            if not is_taken[own[place]]:
                is_taken[own[place]] = hit = True
                break
        right.append(hit)
    hits = np.cumsum(right)
    return float(interpolated_average_precision(hits / np.arange(1, len(hits) + 1), hits / len(truth.videos)))


def loop_nms(intervals: np.ndarray, scores: np.ndarray, threshold: float) -> np.ndarray:
    """Indices of the intervals that stay, best first: the best, then the best of those that it leaves."""
    order, kept = scores.argsort()[::-1], []
    while order.size:
        kept.append(order[0])
        rest = order[1:]
        order = rest[interval_iou(intervals[order[0]], intervals[rest]) <= threshold]
    return np.array(kept)


def loop_groups(is_action: np.ndarray, scores: np.ndarray, tolerance: float) -> np.ndarray:
    """Groups and their scores ``(N, 3)``, run by run, forwards and then backwards (reference: SSN's TAG)."""
    total = len(is_action)
    starts = [tick for tick in range(total) if is_action[tick] and (tick == 0 or not is_action[tick - 1])]
    ends = [tick for tick in range(1, total + 1) if is_action[tick - 1] and (tick == total or not is_action[tick])]
    excess = np.cumsum(~is_action) - tolerance * np.arange(total)
    found = []
    for number, start in enumerate(starts):
        later = (other for other in range(number + 1, len(starts)) if excess[starts[other]] > excess[start])
        end = ends[next(later, len(starts)) - 1] + 1
        found.append((start, end, scores[start:end].sum()))
    for number, end in reversed(list(enumerate(ends))):
        level = excess[end] if end < total else excess[-1] - tolerance
        earlier = (other for other in range(number - 1, -1, -1) if excess[ends[other]] < level)
        other = next(earlier, None)
        if other is None:
            found.append((starts[0], end + 1, scores[: end + 2].sum()))
        else:
            found.append((starts[other + 1], end + 1, scores[starts[other + 1] : end + 1].sum()))
    return np.array(found, np.float64).reshape(-1, 3)


def loop_pyramid(ticks: torch.Tensor, marks: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """Scores of proposals, proposal by proposal and part by part, in the original's form (``legacy``)."""
    result = torch.zeros(len(marks), ticks.shape[2])
    for number, (edges, (first, last)) in enumerate(zip(marks.tolist(), scales.tolist())):
        part = 0
        for stage, counts in enumerate(stage_parts(_PYRAMID)):
            left, right = edges[stage], max(edges[stage] + 1, edges[stage + 1])
            factor = (first, 1.0, last)[stage]
            for count in counts:
                places = _part_edges(left, right, count)
                for begin, end in zip(places[:-1], places[1:]):
                    if left < len(ticks) and begin < min(end, len(ticks)):
                        result[number] += ticks[begin:end, part].mean(dim=0) * factor
                    part += 1
    return result


def _part_edges(left: int, right: int, count: int) -> Sequence[int]:
    return np.arange(left, right + 1e-5, (right - left) / count).astype(int).tolist()
