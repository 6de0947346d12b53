"""Consensus modules of :class:`TSNHead`: view scores ``(B, V, K)`` to video scores ``(B, K)``."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tsn_plugin.ops.consensus import (
    WINDOW_SECONDS,
    average_consensus,
    max_consensus,
    sliding_window_consensus,
    top_k_consensus,
    weighted_consensus,
)
from tsn_plugin.registry import MODELS


class Consensus(nn.Module, ABC):
    """Base of all consensus modules; a subclass registered in ``MODELS`` can be named in a config.

    A constructor argument called ``in_channels`` is filled in by the head.
    """

    #: whether one score per video comes out; otherwise every view is a prediction of its own
    reduces_views = True

    @abstractmethod
    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)`` and features ``(B, V, D)`` to video scores ``(B, K)``."""


@MODELS.register_module()
class AvgConsensus(Consensus):
    """Mean of the view scores: the consensus of the published models.

    Args:
        dim: the axis of the views; MMAction2's argument, always 1.

    Raises:
        ValueError: if ``dim`` is not 1.
    """

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        if dim != 1:
            raise ValueError(f"AvgConsensus got dim={dim}; views are axis 1 of the scores (B, V, K)")
        self.dim = dim

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)`` to video scores ``(B, K)``; features are not used."""
        return average_consensus(scores)


@MODELS.register_module()
class MaxConsensus(Consensus):
    """Highest view score of each class."""

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)`` to video scores ``(B, K)``; features are not used."""
        return max_consensus(scores)


@MODELS.register_module()
class TopKConsensus(Consensus):
    """Mean of each class's ``k`` highest view scores.

    Args:
        k: at least 1, at most the number of views.

    Raises:
        ValueError: if ``k`` is below 1.
    """

    def __init__(self, k: int = 3) -> None:
        super().__init__()
        if k < 1:
            raise ValueError(f"TopKConsensus got k={k}; it must be at least 1")
        self.k = k

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)`` to video scores ``(B, K)``; features are not used."""
        return top_k_consensus(scores, self.k)


@MODELS.register_module()
class SlidingWindowConsensus(Consensus):
    """For untrimmed video: sliding windows in a test, the mean in training.

    Of each frame the highest score of its crops counts; then
    :func:`~tsn_plugin.ops.consensus.sliding_window_consensus`. The frames must be sampled at an even rate
    (``SampleFramesAtRate``).

    Args:
        num_crops: crops per frame of the test pipeline: 10 of ``TenCrop``, 3 of ``ThreeCrop``, 1 of ``CenterCrop``.
        fps: frames per second that the test pipeline takes.
        overlap: of neighbouring windows, as a share of their length.
        seconds: lengths of the windows.

    Raises:
        ValueError: for less than one crop, a window shorter than one frame, or an ``overlap`` outside ``[0, 1)``; in a
            test also for a number of views that is no multiple of ``num_crops``.
    """

    def __init__(
        self,
        num_crops: int = 10,
        *,
        fps: float = 1.0,
        overlap: float = 0.2,
        seconds: Sequence[float] = WINDOW_SECONDS,
    ) -> None:
        super().__init__()
        if num_crops < 1:
            raise ValueError(f"SlidingWindowConsensus got num_crops={num_crops}; it must be at least 1")
        self.num_crops = num_crops
        self.windows = dict(fps=fps, overlap=overlap, seconds=tuple(seconds))
        sliding_window_consensus(torch.zeros(1, 1, 1), **self.windows)  # refuses what does not fit together

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)``, crop after crop, to video scores ``(B, K)``; features are not used."""
        if self.training:
            return average_consensus(scores)
        if scores.shape[1] % self.num_crops:
            raise ValueError(
                f"{scores.shape[1]} views are no multiple of num_crops={self.num_crops}: give the number of crops of "
                "the test pipeline to SlidingWindowConsensus"
            )
        frames = scores.unflatten(1, (self.num_crops, -1)).amax(dim=1)
        return sliding_window_consensus(frames, **self.windows)


@MODELS.register_module()
class LinearConsensus(Consensus):
    """Weighted sum of the view scores with one learned weight per segment, at first ``1 / num_segments``.

    With another number of views than ``num_segments`` (25 snippets of ten crops in a test) the weights name no
    segment any more, and the mean is taken.

    Args:
        num_segments: snippets per video in training.
    """

    def __init__(self, num_segments: int = 3) -> None:
        super().__init__()
        self.num_segments = num_segments
        self.weight = nn.Parameter(torch.full((num_segments,), 1 / num_segments))

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)`` to video scores ``(B, K)``; features are not used."""
        if scores.shape[1] != self.num_segments:
            return average_consensus(scores)
        return weighted_consensus(scores, self.weight)


@MODELS.register_module()
class AttentionConsensus(Consensus):
    """Weighted sum of the view scores with weights from the views' features, softmax over the views.

    One vector, learned with the network, gives each view its attention. It starts at zero, where the consensus is
    the mean.

    Args:
        in_channels: length ``D`` of a view's feature; the head fills it in.

    Source: attention weighting of the journal version (TPAMI 2018, section 3.3).
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.attention = nn.Linear(in_channels, 1, bias=False)
        nn.init.zeros_(self.attention.weight)

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)`` and features ``(B, V, D)`` to video scores ``(B, K)``."""
        weights = self.attention(features).squeeze(-1).float().softmax(dim=1)
        return weighted_consensus(scores, weights)


@MODELS.register_module()
class IdentityConsensus(Consensus):
    """No consensus: in training every view is a prediction of its own, in a test the mean of all is taken."""

    reduces_views = False

    def forward(self, scores: Tensor, features: Tensor) -> Tensor:
        """View scores ``(B, V, K)`` to ``(B * V, K)``; features are not used."""
        return scores.flatten(0, 1)


def build_consensus(cfg: dict, *, in_channels: int) -> Consensus:
    """Build the consensus module named by ``cfg['type']``, a name with or without scope or a class.

    MMAction2's own ``AvgConsensus`` (a class without a registry) means ours.

    Raises:
        ValueError: if ``type`` is missing or unknown; the message lists the known names.
    """
    arguments = dict(cfg)
    consensus = _find(arguments.pop("type", None))
    if "in_channels" in inspect.signature(consensus).parameters:
        arguments.setdefault("in_channels", in_channels)
    return consensus(**arguments)


def _find(kind: str | type | None) -> type[Consensus]:
    if isinstance(kind, type) and issubclass(kind, Consensus):
        return kind
    known = {name: item for name, item in MODELS.module_dict.items() if _is_consensus(item)}
    name = kind.__name__ if isinstance(kind, type) else str(kind)
    name = name.rsplit(".", 1)[-1]
    if name not in known:
        raise ValueError(f"consensus type {kind!r} is unknown; known: {', '.join(sorted(known))}")
    return known[name]


def _is_consensus(item: object) -> bool:
    return isinstance(item, type) and issubclass(item, Consensus)
