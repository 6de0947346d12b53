"""Which videos a report shows, and what it shows of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from tsn_plugin.readers import open_frames
from tsn_plugin.structures.scores import ClassScores


def pick_samples(streams: Mapping[str, ClassScores], count: int = 6) -> list[str]:
    """Names of ``count`` videos, of as many classes and as many patterns of right and wrong streams as possible.

    Args:
        streams: labelled scores of the same videos; the order of the first stream decides between equals.
        count: how many at the most.
    """
    first = next(iter(streams.values()))
    aligned = [stream.ordered_as(first.names) for stream in streams.values()]
    right = np.stack([stream.scores.argmax(axis=1) == first.labels for stream in aligned], axis=1)
    patterns = [tuple(row) for row in right.tolist()]
    chosen: list[int] = []
    while len(chosen) < min(count, len(first)):
        used_patterns = [patterns[index] for index in chosen]
        used_labels = [first.labels[index] for index in chosen]
        rest = [index for index in range(len(first)) if index not in chosen]
        chosen.append(min(rest, key=lambda i: (used_patterns.count(patterns[i]), used_labels.count(first.labels[i]))))
    return [first.names[index] for index in chosen]


def frame_strip(folder: str | Path, *, num_frames: int = 4, height: int = 96) -> np.ndarray:
    """Evenly spread frames of one video side by side, uint8 ``(height, W, 3)`` RGB.

    Raises:
        FileNotFoundError: if there is no such folder of frames.
    """
    with open_frames(folder) as reader:
        images = reader.read(np.linspace(0, reader.num_frames - 1, num_frames).round().astype(int))
    width = round(images[0].shape[1] * height / images[0].shape[0])
    resized = [cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in images]
    gap = np.full((height, 3, 3), 255, np.uint8)
    return np.concatenate([part for image in resized for part in (image, gap)][:-1], axis=1)
