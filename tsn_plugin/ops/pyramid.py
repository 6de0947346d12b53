"""Structured temporal pyramid pooling (STPP): features, or scores, of a proposal's stages and their parts.

A pyramid names for starting, course and ending the numbers of parts that the stage is cut into: ``(1, (1, 2), 1)``.
Training pools features and classifies them. In testing each tick is classified once, and the scores are pooled: the
same numbers, since all of it is linear.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Union

import torch
from torch import Tensor

Pyramid = Sequence[Union[int, Sequence[int]]]
NUM_STAGES = 3
_COURSE = 1


def stage_parts(pyramid: Pyramid) -> tuple[tuple[int, ...], ...]:
    """The numbers of parts of each of the three stages.

    >>> stage_parts((1, (1, 2), 1))
    ((1,), (1, 2), (1,))

    Raises:
        ValueError: if there are not three stages, or one has no positive number of parts.
    """
    stages = tuple((stage,) if isinstance(stage, int) else tuple(stage) for stage in pyramid)
    if len(stages) != NUM_STAGES or not all(stage and min(stage) > 0 for stage in stages):
        raise ValueError(f"pyramid={pyramid} must have three stages (starting, course, ending) with numbers of parts")
    return stages


def num_parts(pyramid: Pyramid) -> int:
    """The number ``M`` of parts of all stages: a proposal has ``M * D`` features."""
    return sum(sum(stage) for stage in stage_parts(pyramid))


def pyramid_features(
    features: Tensor, scales: Tensor, snippets: Sequence[int], pyramid: Pyramid
) -> tuple[Tensor, Tensor]:
    """Features of the course ``(P, D)``, and of all parts ``(P, M * D)``.

    A part is the mean of its snippets, divided by the number of parts of its stage; those of starting and ending are
    multiplied by the share of the stage that lies in the video.

    Args:
        features: of the snippets, ``(P, S, D)``.
        scales: of starting and ending, ``(P, 2)``.
        snippets: how many each stage has; their sum is ``S``.
        pyramid: the numbers of parts.

    Raises:
        ValueError: if the snippets of the stages are not those of ``features``.

    Source: Zhao et al. 2017, section 3.1; SSN ``ops/ssn_ops.py`` (``StructuredTemporalPyramidPooling``).
    """
    if sum(snippets) != features.shape[1]:
        raise ValueError(f"{features.shape[1]} snippets per proposal, but the stages have {tuple(snippets)}")
    stages = features.split(list(snippets), dim=1)
    factors = (scales[:, :1], None, scales[:, 1:])
    parts = []
    for stage, counts, factor in zip(stages, stage_parts(pyramid), factors):
        for count in counts:
            for number in range(count):
                first, last = (int(place * stage.shape[1] / count) for place in (number, number + 1))
                part = stage[:, first:last].mean(dim=1) / sum(counts)
                parts.append(part if factor is None else part * factor)
    return stages[_COURSE].mean(dim=1), torch.cat(parts, dim=1)


def course_scores(ticks: Tensor, marks: Tensor) -> Tensor:
    """Mean scores ``(P, X)`` of the course of each proposal.

    Args:
        ticks: scores, ``(T, X)``.
        marks: ticks where starting, course, its end and ending's end lie, ``(P, 4)``.
    """
    first = marks[:, 1].clamp(max=len(ticks) - 1)
    return _means(_sums(ticks), first, torch.maximum(first + 1, marks[:, 2]).clamp(max=len(ticks)))


def pyramid_scores(ticks: Tensor, marks: Tensor, scales: Tensor, pyramid: Pyramid, *, legacy: bool = False) -> Tensor:
    """Scores ``(P, X)`` of proposals, summed over the parts of their pyramid.

    A stage that begins behind the last tick, and a part without ticks, count nothing.

    Args:
        ticks: scores of each tick as each part would use them, ``(T, M, X)``.
        marks: as for :func:`course_scores`.
        scales: of starting and ending, ``(P, 2)``.
        pyramid: the numbers of parts.
        legacy: do not divide by a stage's number of parts, as the original; this differs from its training unless each
            stage has one part.

    Source: SSN ``ops/ssn_ops.py`` (``STPPReorgainzed``).
    """
    total = len(ticks)
    sums = _sums(ticks.flatten(1)).unflatten(1, ticks.shape[1:])
    ones = torch.ones(len(marks), dtype=sums.dtype, device=sums.device)
    factors = (scales[:, 0].to(sums), ones, scales[:, 1].to(sums))
    result, part = sums.new_zeros(len(marks), ticks.shape[2]), 0
    for stage, (counts, factor) in enumerate(zip(stage_parts(pyramid), factors)):
        left = marks[:, stage]
        right = torch.maximum(left + 1, marks[:, stage + 1])
        weight = factor * (left < total) / (1 if legacy else sum(counts))
        for count in counts:
            for number in range(count):
                edges = [_edge(left, right, place, count).clamp(max=total) for place in (number, number + 1)]
                result += _means(sums[:, part], *edges) * weight[:, None]
                part += 1
    return result.to(ticks.dtype)


def _edge(left: Tensor, right: Tensor, place: int, count: int) -> Tensor:
    """Where part ``place`` of ``count`` begins, cut down to a whole tick."""
    return (left.double() + (right - left).double() / count * place).long()


def _sums(ticks: Tensor) -> Tensor:
    """Running sums ``(T + 1, X)`` in double precision, so that their differences are exact enough."""
    sums = ticks.double().cumsum(dim=0)
    return torch.cat([sums.new_zeros(1, sums.shape[1]), sums])


def _means(sums: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """Means ``(P, X)`` of the ticks ``[first, last)``; 0 where there are none."""
    return (sums[last] - sums[first]) / (last - first).clamp(min=1)[:, None] * (last > first)[:, None]
