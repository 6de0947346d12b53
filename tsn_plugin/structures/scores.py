"""Class scores of one stream: what testing writes, fusion combines and metrics read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassScores:
    """Scores of every video of a test, by name.

    Attributes:
        names: video names, unique.
        scores: ``(B, K)`` float, before softmax unless ``are_probabilities``.
        labels: ``(B,)`` class indices, or ``(B, K)`` 0/1 for several labels per video, or None where unknown.
        view_scores: ``(B, V, K)`` scores of each view, crop-major, or None.
        are_probabilities: the scores went through softmax, so that they must not be fused with others that did not.

    Raises:
        ValueError: if the parts do not belong together or a name occurs twice.
    """

    names: tuple[str, ...]
    scores: np.ndarray
    labels: np.ndarray | None = None
    view_scores: np.ndarray | None = None
    are_probabilities: bool = False

    def __post_init__(self) -> None:
        if self.scores.ndim != 2:
            raise ValueError(f"scores must have the shape (videos, classes), not {self.scores.shape}")
        for what in ("scores", "labels", "view_scores"):
            values = getattr(self, what)
            if values is not None and len(values) != len(self.names):
                raise ValueError(f"{what} belong to {len(values)} videos, but there are {len(self.names)} names")
        if len(set(self.names)) != len(self.names):
            seen: set[str] = set()
            twice = next(name for name in self.names if name in seen or seen.add(name))
            raise ValueError(f"video {twice!r} occurs twice")

    def __len__(self) -> int:
        return len(self.names)

    def ordered_as(self, names: tuple[str, ...]) -> ClassScores:
        """The same scores in the order of ``names``, which must be the same set."""
        place = {name: index for index, name in enumerate(self.names)}
        order = [place[name] for name in names]
        parts = (None if part is None else part[order] for part in (self.labels, self.view_scores))
        return ClassScores(names, self.scores[order], *parts, are_probabilities=self.are_probabilities)
