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
_MIN_WIDTH = 3.0  # pixels: points along a line say nothing about what lies beside it
_BLOCK = 64  # key points that are compared at a time
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
    there, back = _nearest(previous, current), _nearest(current, previous)
    first = np.flatnonzero(there >= 0)
    first = first[back[there[first]] == first]
    return previous.places[first], current.places[there[first]]


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
    homography, inliers = cv2.findHomography(previous, current, cv2.RANSAC, _REPROJECTION_ERROR)
    if homography is None or inliers.sum() <= MIN_INLIERS:
        return np.eye(3)
    spread_out = _width(previous[inliers.ravel() > 0]) >= _MIN_WIDTH
    return homography if spread_out and _is_plausible(homography, previous) else np.eye(3)


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


def _nearest(points: KeyPoints, others: KeyPoints) -> np.ndarray:
    """Index ``(N,)`` of each point's most similar one of ``others`` inside the window, -1 where that is empty.

    In blocks of neighbouring rows: all pairs of a frame of 1920x1080 would take gigabytes.
    """
    nearest = np.full(len(points.places), -1)
    order = others.places[:, 1].argsort(kind="stable")
    rows = others.places[order, 1]
    by_row = points.places[:, 1].argsort(kind="stable")
    for block in (by_row[start : start + _BLOCK] for start in range(0, len(by_row), _BLOCK)):
        top, bottom = points.places[block[[0, -1]], 1]
        near = order[rows.searchsorted(top - WINDOW) : rows.searchsorted(bottom + WINDOW, "right")]
        if len(near):
            distances = _distances(points, others, block, near)
            best = distances.argmin(1)
            nearest[block] = np.where(np.isfinite(distances.min(1)), near[best], -1)
    return nearest


def _distances(points: KeyPoints, others: KeyPoints, block: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Squared distances of descriptors, but for a term per row; infinite outside the window."""
    candidates = others.descriptors[near]
    # SIFT's integers below 256 keep this exact in float32
    distances = (candidates**2).sum(1) - 2 * points.descriptors[block] @ candidates.T
    distances[np.abs(points.places[block, None] - others.places[near]).max(-1) > WINDOW] = np.inf
    return distances


def _width(places: np.ndarray) -> float:
    """Standard deviation in pixels of places ``(M, 2)`` along the direction in which they vary least."""
    return float(np.sqrt(max(np.linalg.eigvalsh(np.cov(places.T))[0], 0)))


def _is_plausible(homography: np.ndarray, places: np.ndarray) -> bool:
    """Nowhere between ``places`` singular or mirrored, and no area there grows or shrinks to more than fourfold."""
    (left, top), (right, bottom) = places.min(0), places.max(0)
    corners = np.array([[x, y, 1] for x in (left, right) for y in (top, bottom)])
    with np.errstate(divide="ignore"):
        # the determinant of the map's derivative; it changes its sign where the depth does
        growth = np.linalg.det(homography) / (corners @ homography[2]) ** 3
    return bool((growth > 0.25).all() and (growth < 4).all())
