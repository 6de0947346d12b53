"""Class scores of one stream: what testing writes, fusion combines and metrics read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True, eq=False)
class ClassScores:
    """Scores of every video of a test, by name.

    Attributes:
        names: video names, unique.
        scores: ``(B, K)`` finite floats, before softmax unless ``are_probabilities``.
        labels: ``(B,)`` class indices, or ``(B, K)`` 0/1 for several labels per video, or None where unknown.
        view_scores: ``(B, V, K)`` scores of each view, crop-major (view = crop * frames + frame), or None.
        are_probabilities: the scores went through softmax, so that they must not be fused with others that did not.
        num_crops: crops of each frame in ``view_scores``, or None where unknown.

    Raises:
        ValueError: if the parts do not belong together, a name occurs twice or a score is not finite.
    """

    names: tuple[str, ...]
    scores: np.ndarray
    labels: np.ndarray | None = None
    view_scores: np.ndarray | None = None
    are_probabilities: bool = False
    num_crops: int | None = None

    def __post_init__(self) -> None:
        if self.scores.ndim != 2:
            raise ValueError(f"scores must have the shape (videos, classes), not {self.scores.shape}")
        for what in ("scores", "labels", "view_scores"):
            values = getattr(self, what)
            if values is not None and len(values) != len(self.names):
                raise ValueError(f"{what} belong to {len(values)} videos, but there are {len(self.names)} names")
        self._check_shapes()
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if twice:
            raise ValueError(f"video {twice[0]!r} occurs twice, as do {len(twice) - 1} others")
        bad = np.flatnonzero(~np.isfinite(self.scores).all(axis=1))
        if len(bad):
            raise ValueError(f"the scores of video {self.names[bad[0]]!r} and {len(bad) - 1} others are not finite")

    def __len__(self) -> int:
        return len(self.names)

    @property
    def num_classes(self) -> int:
        """Number of classes ``K``."""
        return self.scores.shape[1]

    def ordered_as(self, names: tuple[str, ...]) -> ClassScores:
        """The same scores in the order of ``names``.

        Raises:
            ValueError: if ``names`` are not the names of these videos.
        """
        if sorted(names) != sorted(self.names):
            difference = sorted(set(names) ^ set(self.names))
            raise ValueError(f"names must be those of the {len(self)} videos in another order; check {difference[:3]}")
        place = {name: index for index, name in enumerate(self.names)}
        order = [place[name] for name in names]
        labels, views = (None if part is None else part[order] for part in (self.labels, self.view_scores))
        return replace(self, names=tuple(names), scores=self.scores[order], labels=labels, view_scores=views)

    def _check_shapes(self) -> None:
        if self.labels is not None and self.labels.shape not in ((len(self),), self.scores.shape):
            raise ValueError(
                f"labels must have the shape ({len(self)},) or, as 0/1, {self.scores.shape}, not {self.labels.shape}"
            )
        views = self.view_scores
        if views is None:
            return
        if views.ndim != 3 or views.shape[2] != self.num_classes:
            raise ValueError(f"view_scores must have the shape (videos, views, {self.num_classes}), not {views.shape}")
        if self.num_crops is not None and (self.num_crops < 1 or views.shape[1] % self.num_crops):
            raise ValueError(f"num_crops={self.num_crops} does not divide the {views.shape[1]} views of each video")
