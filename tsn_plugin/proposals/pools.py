"""The foreground, incomplete and background proposals that SSN trains on, and its regression targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsn_plugin.ops.intervals import iou_matrix, regression_targets
from tsn_plugin.structures.proposals import VideoProposals


@dataclass(frozen=True)
class PoolThresholds:
    """Which proposals belong to which pool; all bounds are exclusive.

    Attributes:
        foreground_iou: foreground has a higher IoU; all instances are foreground too.
        incomplete_iou: incomplete has a lower one, and
        incomplete_overlap: a larger share of itself within the instance.
        background_iou: background has a lower one, and
        background_coverage: covers a larger share of the video.
    """

    foreground_iou: float = 0.7
    incomplete_iou: float = 0.3
    incomplete_overlap: float = 0.01
    background_iou: float = 0.01
    background_coverage: float = 0.02


#: by data set; source: SSN ``data/dataset_cfg.yaml``
THRESHOLDS = {
    "thumos14": PoolThresholds(),
    "activitynet1.2": PoolThresholds(incomplete_overlap=0.7),
    "activitynet1.3": PoolThresholds(incomplete_overlap=0.7),
}
#: of the classifier of actionness; source: SSN ``data/dataset_actionness_cfg.yaml``, ``load_binary_score.py``, where
#: background has no other bound than the IoU, so that a short window within a long instance is background: 0.4 % of
#: THUMOS14's. Here such a window is incomplete and is not drawn.
ACTIONNESS_THRESHOLDS = PoolThresholds(background_coverage=-1.0)


@dataclass(frozen=True)
class VideoPools:
    """The usable instances and proposals of one video, in frames.

    Attributes:
        name: of the video.
        num_frames: of the video.
        intervals: instances first, then proposals, ``(N, 2)``; ends are cut at the last frame.
        labels: from 1 on, 0 for background, ``(N,)``.
        targets: regression targets in proposal lengths, ``(N, 2)``; 0 for all but foreground.
        num_instances: how many of the intervals are instances.
        foreground: indices of intervals.
        incomplete: indices of intervals.
        background: indices of intervals.
    """

    name: str
    num_frames: int
    intervals: np.ndarray
    labels: np.ndarray
    targets: np.ndarray
    num_instances: int
    foreground: np.ndarray
    incomplete: np.ndarray
    background: np.ndarray

    @property
    def instances(self) -> np.ndarray:
        """Usable ground truth, ``(G, 2)``."""
        return self.intervals[: self.num_instances]

    @property
    def instance_labels(self) -> np.ndarray:
        """Its classes from 1 on, ``(G,)``."""
        return self.labels[: self.num_instances]

    @property
    def proposals(self) -> np.ndarray:
        """Usable proposals, ``(P, 2)``."""
        return self.intervals[self.num_instances :]

    def by_kind(self, kind: int) -> np.ndarray:
        """Indices of the intervals of one pool."""
        return (self.foreground, self.incomplete, self.background)[kind]


@dataclass(frozen=True)
class RegressionStatistics:
    """Mean and standard deviation of the regression targets, each ``(2,)``: shift, log length."""

    mean: np.ndarray
    std: np.ndarray


def is_usable(intervals: np.ndarray, length: float) -> np.ndarray:
    """Which intervals ``(N, 2)`` have a length and begin within the video."""
    return (intervals[:, 1] > intervals[:, 0]) & (intervals[:, 0] < length)


def make_pools(video: VideoProposals, thresholds: PoolThresholds) -> VideoPools:
    """Sort the proposals of a video in frames into pools; unusable ones are left out.

    Coverage is that of the proposal before its end is cut, as in the original.

    Raises:
        ValueError: if the record is normalised.

    Source: SSN ``ssn_dataset.py`` (``SSNVideoRecord``).
    """
    if video.has_shares:
        raise ValueError(
            f"{video.name} is one frame long: the list is normalised; turn it into frames with "
            "tools/denormalize_proposals.py"
        )
    num_frames = int(video.length)
    real = is_usable(video.instances, num_frames)
    kept = is_usable(video.proposals, num_frames)
    instances, proposals = video.instances[real], video.proposals[kept]
    best_iou, inside = video.best_iou[kept], video.overlap_self[kept]
    coverage = (proposals[:, 1] - proposals[:, 0]) / num_frames
    incomplete = (best_iou < thresholds.incomplete_iou) & (inside > thresholds.incomplete_overlap)
    background = (best_iou < thresholds.background_iou) & (coverage > thresholds.background_coverage) & ~incomplete
    foreground = best_iou > thresholds.foreground_iou
    labels = np.where(background, 0, video.labels[kept])
    intervals = np.concatenate([instances, proposals])
    intervals = np.minimum(intervals, [np.inf, num_frames]).astype(np.int64)
    first = len(instances)
    return VideoPools(
        video.name,
        num_frames,
        intervals,
        np.concatenate([video.instance_labels[real], labels]),
        _targets(intervals, first, best_iou >= thresholds.foreground_iou),
        first,
        np.concatenate([np.flatnonzero(foreground) + first, np.arange(first)]),
        np.flatnonzero(incomplete) + first,
        np.flatnonzero(background) + first,
    )


def check_classes(pools: Sequence[VideoPools], num_classes: int, *, source: str) -> None:
    """Compare the classes of a list, which count from 1, with those of a model.

    Raises:
        ValueError: for the first video with a class beyond the model's.
    """
    for video in pools:
        highest = video.labels.max(initial=0)
        if highest > num_classes:
            raise ValueError(
                f"{source}: {video.name} has the class {highest}, and the model has {num_classes}, 1 to {num_classes}: "
                "mend the list, or set model.cls_head.num_classes"
            )


def regression_statistics(pools: Sequence[VideoPools]) -> RegressionStatistics:
    """Statistics of the targets of all foreground proposals; instances, whose targets are 0, do not count.

    Raises:
        ValueError: if there are no two different ones.

    Source: SSN ``ssn_dataset.py`` (``_compute_regresssion_stats``).
    """
    targets = [video.targets[video.foreground[video.foreground >= video.num_instances]] for video in pools]
    targets = np.concatenate(targets) if targets else np.zeros((0, 2))
    if len(targets) < 2 or not (std := targets.std(axis=0)).all():
        raise ValueError(
            f"{len(targets)} proposals lie close to an instance: too few for statistics of the regression targets; "
            "use a list with better proposals, or SSNHead(with_regression=False)"
        )
    return RegressionStatistics(targets.mean(axis=0), std)


def _targets(intervals: np.ndarray, num_instances: int, is_foreground: np.ndarray) -> np.ndarray:
    """Targets of all intervals; those of instances and of proposals that are not foreground are 0."""
    targets = np.zeros((len(intervals), 2))
    proposals, instances = intervals[num_instances:], intervals[:num_instances]
    if num_instances and is_foreground.any():
        chosen = np.flatnonzero(is_foreground)
        nearest = iou_matrix(proposals[chosen], instances).argmax(axis=1)
        targets[num_instances + chosen] = regression_targets(
            proposals[chosen].astype(np.float64), instances[nearest].astype(np.float64)
        )
    return targets


class ProposalSampler:
    """Draws the proposals that a video is trained with in one step.

    Args:
        pools: of all videos.
        counts: how many proposals of each kind: foreground, incomplete, background.

    Raises:
        ValueError: if no video at all has a proposal of a kind that is wanted.

    Source: SSN ``ssn_dataset.py`` (``_video_centric_sampling``).
    """

    def __init__(self, pools: Sequence[VideoPools], counts: Sequence[int]) -> None:
        self._pools, self._counts = pools, tuple(counts)
        self._everywhere = [
            np.array([(number, index) for number, video in enumerate(pools) for index in video.by_kind(kind)])
            for kind in range(len(self._counts))
        ]
        for name, count, members in zip(("foreground", "incomplete", "background"), self._counts, self._everywhere):
            if count and not len(members):
                raise ValueError(
                    f"the {len(pools)} videos of the list have no {name} proposal: wrong data set (thresholds), or a "
                    "list of another kind"
                )

    def draw(self, number: int) -> list[tuple[int, int, int]]:
        """``(video, interval, kind)`` of each proposal drawn for video ``number``: foreground, incomplete, background.

        They come from the video itself, repeated where it has too few; where it has none, from all videos. The random
        numbers are numpy's global ones, which data loader workers seed apart, in the original's order.
        """
        drawn = []
        for kind, count in enumerate(self._counts):
            own = self._pools[number].by_kind(kind)
            if len(own):
                chosen = np.random.choice(len(own), count, replace=len(own) < count)
                drawn += [(number, int(own[index]), kind) for index in chosen]
                continue
            everywhere = self._everywhere[kind]
            chosen = np.random.choice(len(everywhere), count, replace=len(everywhere) < count)
            drawn += [(int(video), int(index), kind) for video, index in everywhere[chosen]]
        return drawn
