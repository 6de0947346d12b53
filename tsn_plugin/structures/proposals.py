"""What is known of an untrimmed video: its instances and its proposals."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

#: kinds of training proposals: of an instance, of a part of one, of none
FOREGROUND, INCOMPLETE, BACKGROUND = 0, 1, 2


def _no_intervals() -> np.ndarray:
    return np.zeros((0, 2))


def _no_labels() -> np.ndarray:
    return np.zeros(0, np.int64)


def _no_values() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class VideoProposals:
    """The instances and proposals of one video; all intervals are ``[start, end)`` in one unit.

    Attributes:
        name: of the video; in lists of frames the path of its folder.
        length: of the video in the intervals' unit: frames, or 1 where intervals are shares of the video.
        instances: ground truth, ``(G, 2)``.
        instance_labels: their classes, ``(G,)``, from 1 on, as proposal lists have them.
        proposals: ``(P, 2)``.
        labels: class of the instance with the highest IoU, ``(P,)``; 0: the proposal touches none.
        best_iou: IoU with that instance, ``(P,)``.
        overlap_self: share of the proposal that lies in that instance, ``(P,)``.

    Raises:
        ValueError: if the arrays of the instances, or of the proposals, differ in length.
    """

    name: str
    length: float
    instances: np.ndarray = field(default_factory=_no_intervals)
    instance_labels: np.ndarray = field(default_factory=_no_labels)
    proposals: np.ndarray = field(default_factory=_no_intervals)
    labels: np.ndarray = field(default_factory=_no_labels)
    best_iou: np.ndarray = field(default_factory=_no_values)
    overlap_self: np.ndarray = field(default_factory=_no_values)

    def __post_init__(self) -> None:
        if len(self.instances) != len(self.instance_labels):
            raise ValueError(
                f"{self.name}: {len(self.instances)} instances, {len(self.instance_labels)} labels of them"
            )
        counts = {len(values) for values in (self.proposals, self.labels, self.best_iou, self.overlap_self)}
        if len(counts) > 1:
            raise ValueError(f"{self.name}: labels and overlaps belong to other proposals ({sorted(counts)} of them)")

    @property
    def is_normalized(self) -> bool:
        """Whether the intervals are shares of the video; that of a video of one frame may be taken for either."""
        return self.length == 1

    @property
    def has_shares(self) -> bool:
        """Whether an interval can only be a share of the video: a video of one frame has whole numbers."""
        places = np.concatenate([self.instances.ravel(), self.proposals.ravel()])
        return self.is_normalized and bool((places % 1).any())


@dataclass(frozen=True)
class ProposalScores:
    """What an SSN says of the proposals of one video, before softmax.

    Attributes:
        name: of the video.
        proposals: shares of the video, ``(P, 2)``.
        activity: ``(P, K + 1)``, background first.
        completeness: ``(P, K)``.
        regression: shift of the centre and logarithm of the change of length, both in proposal lengths, ``(P, K, 2)``;
            None for a network without.

    Raises:
        ValueError: if the shapes do not belong together.
    """

    name: str
    proposals: np.ndarray
    activity: np.ndarray
    completeness: np.ndarray
    regression: np.ndarray | None = None

    def __post_init__(self) -> None:
        count, classes = self.completeness.shape
        shapes = [self.proposals.shape, self.activity.shape]
        wanted = [(count, 2), (count, classes + 1)]
        if self.regression is not None:
            shapes, wanted = [*shapes, self.regression.shape], [*wanted, (count, classes, 2)]
        if shapes != wanted:
            raise ValueError(
                f"{self.name}: shapes {shapes} do not fit completeness {self.completeness.shape}: {wanted}"
            )

    @property
    def num_classes(self) -> int:
        """Number of classes ``K``, without background."""
        return self.completeness.shape[1]


@dataclass(frozen=True)
class Detections:
    """Intervals with class and score, in any number of videos.

    Attributes:
        videos: index of the video, ``(N,)``.
        labels: class from 0 on, ``(N,)``.
        scores: ``(N,)``.
        intervals: ``(N, 2)``.
    """

    videos: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    intervals: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, chosen: np.ndarray) -> Detections:
        return Detections(self.videos[chosen], self.labels[chosen], self.scores[chosen], self.intervals[chosen])

    @classmethod
    def joined(cls, parts: list[Detections]) -> Detections:
        """All detections of ``parts``, one after the other."""
        if not parts:
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2)))
        columns = ("videos", "labels", "scores", "intervals")
        return cls(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))
