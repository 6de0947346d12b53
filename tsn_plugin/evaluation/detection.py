"""From an SSN's scores of proposals to detections: softmax, completeness, suppression, regression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from tsn_plugin.ops.intervals import SOFT_NMS, apply_regression, batched_nms, batched_soft_nms
from tsn_plugin.structures.proposals import Detections, ProposalScores

NMS_KINDS = ("hard", *SOFT_NMS)
SOFTMAX_KINDS = ("without_background", "with_background", "none")


@dataclass(frozen=True)
class DetectionOptions:
    """How scores become detections.

    Attributes:
        softmax: of activity: ``'without_background'`` over the classes only, as the original by default;
            ``'with_background'``; ``'none'`` leaves the scores as they are. With scores of whole videos the original
            has another default, see :data:`VIDEO_SOFTMAX`.
        completeness_exponent: detections score ``activity * exp(exponent * completeness)``.
        top_k: how many (proposal, class) pairs of a video count; None: all.
        video_top_k: where scores of whole videos are given: how many classes of a video count, with all proposals.
        nms: ``'hard'``, ``'linear'`` or ``'gaussian'``.
        nms_threshold: IoU that two detections of a class may have.
        sigma: of the Gaussian suppression.
        with_regression: whether to move proposals.
        regression_first: move them before suppression, as MMAction2 did; the original suppresses first.

    Raises:
        ValueError: for an unknown ``softmax`` or ``nms``, or a ``top_k`` below 1.
    """

    softmax: str = "without_background"
    completeness_exponent: float = 1.0
    top_k: int | None = 2000
    video_top_k: int = 1
    nms: str = "hard"
    nms_threshold: float = 0.2
    sigma: float = 0.5
    with_regression: bool = True
    regression_first: bool = False

    def __post_init__(self) -> None:
        for name, known in (("softmax", SOFTMAX_KINDS), ("nms", NMS_KINDS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} is unknown; known: {', '.join(known)}")
        for name in ("top_k", "video_top_k"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")


#: by data set; source: SSN ``data/dataset_cfg.yaml``
DETECTION_OPTIONS = {
    "thumos14": DetectionOptions(),
    "activitynet": DetectionOptions(top_k=60, nms_threshold=0.6),
}
#: softmax where scores of whole videos choose the classes; source: ``softmax_before_filter`` of that file
VIDEO_SOFTMAX = {"thumos14": "with_background", "activitynet": "none"}


def fuse_proposal_scores(
    streams: Sequence[Sequence[ProposalScores]], weights: Sequence[float] | None = None
) -> list[ProposalScores]:
    """Weighted means of several streams' scores, by the video's name; the weights are brought to a sum of 1.

    Args:
        streams: the scores of each stream.
        weights: one per stream; default: equal ones.

    Raises:
        ValueError: if a stream lacks a video, has other proposals, or the weights do not fit.

    Source: SSN ``eval_detection_results.py``.
    """
    weights = np.ones(len(streams)) if weights is None else np.asarray(weights, np.float64)
    if len(weights) != len(streams) or not weights.sum():
        raise ValueError(f"{len(weights)} weights with the sum {weights.sum():g} do not fit {len(streams)} streams")
    weights = weights / weights.sum()
    by_name = [{video.name: video for video in stream} for stream in streams]
    for number, stream in enumerate(by_name[1:], start=2):
        different = sorted(set(by_name[0]) ^ set(stream))
        if different:
            raise ValueError(f"stream {number} and the first one differ in {len(different)} videos: {different[0]} ...")
    return [_fused([stream[name] for stream in by_name], weights) for name in by_name[0]]


def _fused(videos: Sequence[ProposalScores], weights: np.ndarray) -> ProposalScores:
    first = videos[0]
    if any(not np.allclose(video.proposals.shape, first.proposals.shape) for video in videos) or any(
        not np.allclose(video.proposals, first.proposals, atol=1e-3) for video in videos
    ):
        raise ValueError(f"{first.name}: the streams were tested on different proposals")

    def mean(name: str) -> np.ndarray:
        return sum(weight * getattr(video, name) for weight, video in zip(weights, videos))

    with_regression = all(video.regression is not None for video in videos)
    return replace(
        first,
        activity=mean("activity"),
        completeness=mean("completeness"),
        regression=mean("regression") if with_regression else None,
    )


def detect(
    videos: Sequence[ProposalScores],
    options: DetectionOptions,
    *,
    video_scores: Mapping[str, np.ndarray] | None = None,
) -> Detections:
    """Detections in all videos, as shares of the video; ``videos`` of the result are indices into ``videos``.

    Args:
        videos: scores of the proposals.
        options: how they become detections.
        video_scores: of an external classifier of whole videos, ``(K,)`` by name: only its best classes are detected.

    Raises:
        ValueError: if ``video_scores`` lacks a video or has other classes.

    Source: Zhao et al. 2017, section 3.4; SSN ``eval_detection_results.py``.
    """
    parts = [
        _candidates(number, video, options, _chosen_classes(video, options, video_scores))
        for number, video in enumerate(videos)
    ]
    candidates = Detections.joined([part for part, _ in parts])
    regression = np.concatenate([moves for _, moves in parts]) if parts else np.zeros((0, 2))
    if options.with_regression and options.regression_first:
        candidates = replace(candidates, intervals=apply_regression(candidates.intervals, regression))
    groups = candidates.videos * (int(candidates.labels.max(initial=0)) + 1) + candidates.labels
    if options.nms == "hard":
        kept, _ = batched_nms(candidates.intervals, candidates.scores, groups, options.nms_threshold)
        scores = candidates.scores[kept]
    else:
        kept, scores = batched_soft_nms(
            candidates.intervals,
            candidates.scores,
            groups,
            kind=options.nms,
            sigma=options.sigma,
            threshold=options.nms_threshold,
        )
    found = replace(candidates[kept], scores=scores)
    if options.with_regression and not options.regression_first:
        found = replace(found, intervals=apply_regression(found.intervals, regression[kept]))
    return found


def combined_scores(video: ProposalScores, options: DetectionOptions) -> np.ndarray:
    """Activity times completeness of each proposal and class, ``(P, K)``, in double precision.

    Single precision has ties among low scores, so that a validation and the score file's evaluation would differ.
    """
    activity, completeness = (np.asarray(part, np.float64) for part in (video.activity, video.completeness))
    activity = {
        "without_background": lambda: softmax(activity[:, 1:], axis=1),
        "with_background": lambda: softmax(activity, axis=1)[:, 1:],
        "none": lambda: activity[:, 1:],
    }[options.softmax]()
    return activity * np.exp(options.completeness_exponent * completeness)


def _chosen_classes(
    video: ProposalScores, options: DetectionOptions, video_scores: Mapping[str, np.ndarray] | None
) -> np.ndarray | None:
    if video_scores is None:
        return None
    if video.name not in video_scores:
        raise ValueError(f"the scores of whole videos lack {video.name}")
    scores = np.asarray(video_scores[video.name])
    if scores.shape != (video.num_classes,):
        raise ValueError(
            f"{video.name} has {video.num_classes} classes, scores of whole videos {scores.shape}: another list"
        )
    return np.argsort(-scores, kind="stable")[: options.video_top_k]


def _candidates(
    number: int, video: ProposalScores, options: DetectionOptions, classes: np.ndarray | None
) -> tuple[Detections, np.ndarray]:
    """(Proposal, class) pairs of one video that count, and their regression ``(N, 2)``."""
    scores = combined_scores(video, options)
    if classes is not None:
        proposals, labels = (grid.ravel() for grid in np.meshgrid(np.arange(len(scores)), classes, indexing="ij"))
    elif options.top_k is None or options.top_k >= scores.size:
        proposals, labels = (grid.ravel() for grid in np.indices(scores.shape))
    else:
        best = np.argsort(-scores, axis=None, kind="stable")[: options.top_k]
        proposals, labels = np.unravel_index(best, scores.shape)
    moves = np.zeros((len(labels), 2)) if video.regression is None else video.regression[proposals, labels]
    found = Detections(
        np.full(len(labels), number), labels, scores[proposals, labels], video.proposals[proposals].reshape(-1, 2)
    )
    return found, moves
