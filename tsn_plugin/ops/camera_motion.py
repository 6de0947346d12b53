"""The camera's motion between two frames as a homography, and a frame without it.

Source: Wang and Schmid, "Action Recognition with Improved Trajectories" (ICCV 2013), section 3; window, numbers of
points and thresholds of dense_flow ``warp_flow.h`` and ``dense_warp_flow_gpu.cpp``. Their faults are not copied: there
the y flow is read at a wrong place, the previous frame's key points are never renewed, and the good features are those
of the current frame though the flow starts in the previous one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

#: key points match within this many pixels along each axis
WINDOW = 12.5
#: a homography is estimated from more than so many matches, and kept with more than so many inliers
MIN_MATCHES, MIN_INLIERS = 50, 25
_REPROJECTION_ERROR = 1.0
_MARGIN = 5  # pixels next to the border of the moved frame that are not taken from it
_FEATURES = dict(maxCorners=1000, qualityLevel=0.001, minDistance=3)


@dataclass(frozen=True)
class KeyPoints:
    """Places ``(N, 2)`` (x, y) and descriptors ``(N, 128)`` of the SIFT key points of a frame, both float32."""

    places: np.ndarray
    descriptors: np.ndarray


def find_key_points(grey: np.ndarray) -> KeyPoints:
    """SIFT key points of an image uint8 ``(H, W)``; SURF, which the original takes, is not in OpenCV's wheels."""
    points, descriptors = cv2.SIFT_create().detectAndCompute(grey, None)
    if descriptors is None:
        return KeyPoints(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    return KeyPoints(np.float32([point.pt for point in points]), descriptors)


def match_key_points(previous: KeyPoints, current: KeyPoints) -> tuple[np.ndarray, np.ndarray]:
    """Places ``(M, 2)`` in both frames of key points that are each other's nearest within the window."""
    if not len(previous.places) or not len(current.places):
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    offsets = np.abs(previous.places[:, None] - current.places).max(-1)
    allowed = (offsets <= WINDOW).astype(np.uint8)
    matches = cv2.BFMatcher(cv2.NORM_L2).match(previous.descriptors, current.descriptors, allowed)
    back = cv2.BFMatcher(cv2.NORM_L2).match(current.descriptors, previous.descriptors, allowed.T.copy())
    nearest = {match.queryIdx: match.trainIdx for match in back}
    pairs = [(match.queryIdx, match.trainIdx) for match in matches if nearest.get(match.trainIdx) == match.queryIdx]
    first, second = np.array(pairs, int).reshape(-1, 2).T
    return previous.places[first], current.places[second]


def moved_features(grey: np.ndarray, flow: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places ``(M, 2)`` of good features of the previous frame, and to where the flow moves them.

    Args:
        grey: the previous frame, uint8 ``(H, W)``.
        flow: from it to the current frame, ``(H, W, 2)``.
    """
    corners = cv2.goodFeaturesToTrack(grey, **_FEATURES)
    if corners is None:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    places = corners.reshape(-1, 2)
    columns, rows = places.round().astype(int).T
    return places, places + flow[rows, columns]


def estimate_homography(previous: np.ndarray, current: np.ndarray) -> np.ndarray:
    """Homography ``(3, 3)`` that takes places ``(M, 2)`` of the previous frame to those of the current one, by RANSAC.

    The identity, if there are too few matches or inliers, or no camera moves like that.
    """
    if len(previous) <= MIN_MATCHES:
        return np.eye(3)
    cv2.setRNGSeed(0)
    homography, inliers = cv2.findHomography(previous, current, cv2.RANSAC, _REPROJECTION_ERROR)
    if homography is None or inliers.sum() <= MIN_INLIERS or not _is_plausible(homography):
        return np.eye(3)
    return homography


def stabilised(current: np.ndarray, previous: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """The current frame as the camera would have seen it from its previous place.

    Where the current frame shows nothing, the previous one's pixels stand, so that there is no flow.
    """
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP  # the homography says where in the current frame a pixel lies
    size = current.shape[::-1]
    inside = np.zeros_like(current)
    inside[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN] = 255
    seen = cv2.warpPerspective(inside, homography, size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
    return np.where(seen > 0, cv2.warpPerspective(current, homography, size, flags=flags), previous)


def _is_plausible(homography: np.ndarray) -> bool:
    """Neither singular nor mirrored, and no scale beyond 2."""
    scale = np.linalg.det(homography[:2, :2] / homography[2, 2])
    return bool(np.isfinite(homography).all() and 0.25 < scale < 4)
