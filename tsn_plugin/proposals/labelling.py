"""What kind of proposal each one is: which instance it belongs to, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tsn_plugin.ops.intervals import iou_matrix, overlaps
from tsn_plugin.structures.proposals import VideoProposals


def labelled(
    name: str, length: float, instances: np.ndarray, instance_labels: np.ndarray, proposals: np.ndarray
) -> VideoProposals:
    """The record of a video whose proposals are yet to be named.

    A proposal gets the class of the instance with the highest IoU (the first of equals); one that touches none gets
    class 0.

    Args:
        name: of the video.
        length: in the unit of the intervals.
        instances: ``(G, 2)``.
        instance_labels: from 1 on, ``(G,)``.
        proposals: ``(P, 2)``.

    Source: SSN ``ops/detection_metrics.py`` (``name_proposal``).
    """
    proposals = np.asarray(proposals, dtype=np.float64).reshape(-1, 2)
    instances = np.asarray(instances, dtype=np.float64).reshape(-1, 2)
    instance_labels = np.asarray(instance_labels, dtype=np.int64).reshape(-1)
    if not len(instances) or not len(proposals):
        nothing = np.zeros(len(proposals))
        return VideoProposals(
            name, length, instances, instance_labels, proposals, nothing.astype(np.int64), nothing, nothing
        )
    iou = iou_matrix(proposals, instances)
    best = iou.argmax(axis=1)
    best_iou = iou[np.arange(len(proposals)), best]
    lengths = proposals[:, 1] - proposals[:, 0]
    shared = overlaps(proposals, instances[best])
    inside = np.divide(shared, lengths, out=np.zeros(len(proposals)), where=lengths > 0)
    labels = np.where(best_iou > 0, instance_labels[best], 0)
    return VideoProposals(name, length, instances, instance_labels, proposals, labels, best_iou, inside)


def merged(lists: Sequence[Sequence[VideoProposals]]) -> list[VideoProposals]:
    """The videos that are in all lists, each with the proposals of all of them and the first one's instances."""
    by_name = [{video.name: video for video in videos} for videos in lists]
    columns = ("proposals", "labels", "best_iou", "overlap_self")
    return [
        replace(
            video,
            **{column: np.concatenate([getattr(names[video.name], column) for names in by_name]) for column in columns},
        )
        for video in lists[0]
        if all(video.name in names for names in by_name)
    ]


def held_out(videos: Sequence[VideoProposals], count: int) -> tuple[list[VideoProposals], list[VideoProposals]]:
    """The videos to train on, and ``count`` annotated ones, evenly spread, to validate on.

    Raises:
        ValueError: if no annotated video would be left to train on, or to validate on.
    """
    annotated = [number for number, video in enumerate(videos) if len(video.instances)]
    if not 0 < count < len(annotated):
        raise ValueError(f"holding out {count} videos must leave some of the {len(annotated)} annotated ones")
    chosen = {annotated[place * len(annotated) // count] for place in range(count)}
    parts: tuple[list[VideoProposals], list[VideoProposals]] = ([], [])
    for number, video in enumerate(videos):
        parts[number in chosen].append(video)
    return parts
