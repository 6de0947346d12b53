"""Optical flow without the camera's motion, for the paper's "warped flow" modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from tsn_plugin.ops.camera_motion import (
    KeyPoints,
    estimate_homography,
    find_key_points,
    match_key_points,
    moved_features,
    stabilised,
)
from tsn_plugin.ops.flow_method import FlowMethod


@dataclass(frozen=True)
class _Prepared:
    frame: np.ndarray
    grey: np.ndarray
    key_points: KeyPoints
    base: Any


class WarpedFlow(FlowMethod):
    """Flow from a frame to the next one after the camera's motion has been taken out of that.

    The camera's motion is the homography that agrees best with the matches of key points and with good features moved
    by the plain flow. The flow is then computed anew. It costs two flows and some milliseconds per pair.

    Args:
        base: the method that computes both flows.

    Source: Wang and Schmid (ICCV 2013); see :mod:`tsn_plugin.ops.camera_motion`.
    """

    def __init__(self, base: FlowMethod) -> None:
        self.base, self.batch_size = base, base.batch_size

    def prepare(self, frame: np.ndarray) -> _Prepared:
        """The frame, its grey image and key points, and what the base method needs of it."""
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
        return _Prepared(frame, grey, find_key_points(grey), self.base.prepare(frame))

    def flows(self, pairs: Sequence[tuple[_Prepared, _Prepared]]) -> list[np.ndarray]:
        """The flow of each pair of prepared frames."""
        flows = self.base.flows([(previous.base, current.base) for previous, current in pairs])
        homographies = [_camera_motion(*pair, flow) for pair, flow in zip(pairs, flows)]
        moved = [index for index, homography in enumerate(homographies) if not np.array_equal(homography, np.eye(3))]
        steady = [self.base.prepare(_without_motion(*pairs[index], homographies[index])) for index in moved]
        anew = self.base.flows([(pairs[index][0].base, frame) for index, frame in zip(moved, steady)]) if moved else []
        for index, flow in zip(moved, anew):
            flows[index] = flow
        return flows


def _camera_motion(previous: _Prepared, current: _Prepared, flow: np.ndarray) -> np.ndarray:
    matches = match_key_points(previous.key_points, current.key_points), moved_features(previous.grey, flow)
    return estimate_homography(*map(np.concatenate, zip(*matches)))


def _without_motion(previous: _Prepared, current: _Prepared, homography: np.ndarray) -> np.ndarray:
    channels = zip(cv2.split(current.frame), cv2.split(previous.frame))
    return cv2.merge([stabilised(*pair, homography) for pair in channels])
