"""A picture of what the network sees of a video in each modality, as Figure 2 of the TSN paper (ECCV 2016)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import matplotlib
import numpy as np

from tsn_plugin.ops.camera_motion import estimate_homography, find_key_points, match_key_points
from tsn_plugin.ops.flow_encoding import quantize_flow
from tsn_plugin.ops.optical_flow import make_flow_method
from tsn_plugin.readers import FrameReader, open_video

matplotlib.use("Agg")
from matplotlib import pyplot as plt

COLUMNS = ("RGB", "RGB difference", "flow x", "flow y", "warped flow x", "warped flow y")
_CANDIDATES = 24  # places of a video that are searched for camera motion


def write_modality_figure(
    video: str | Path,
    path: str | Path,
    *,
    frames: Sequence[int] = (),
    num_rows: int = 2,
    method: str = "tvl1",
    size: tuple[int, int] = (340, 256),
    bound: float = 20,
) -> list[int]:
    """Write the picture, a row for each frame and a column for each of :data:`COLUMNS`; the frames that it shows.

    Args:
        video: file.
        path: the picture, of any format that matplotlib writes.
        frames: 0-based numbers of the frames; each is shown with the motion to the next one. Default: those with the
            greatest camera motion.
        num_rows: how many frames are chosen, where none are given.
        method: of the flow, ``'tvl1'`` or ``'dis'``.
        size: ``(width, height)`` to which frames are resized.
        bound: flow of ``-bound`` to ``bound`` pixels is spread over the grey levels.

    Raises:
        ValueError: if a frame is the last one or beyond, or the video has a single frame.
    """
    with open_video(video) as reader:
        chosen = list(frames) or frames_with_camera_motion(reader, num_rows, size)
        _check_frames(chosen, reader)
        pairs = [[_resized(image, size) for image in reader.read([frame, frame + 1])] for frame in chosen]
    rows = [modality_images(previous, current, method=method, bound=bound) for previous, current in pairs]
    _draw(rows, [f"frame {frame}" for frame in chosen], path)
    return chosen


def modality_images(
    previous: np.ndarray, current: np.ndarray, *, method: str = "tvl1", bound: float = 20
) -> list[np.ndarray]:
    """The images of one row, each uint8: RGB and difference ``(H, W, 3)``, then four planes of flow ``(H, W)``.

    The difference is shown around grey 128, as flow is stored.
    """
    difference = np.clip(128 + (current.astype(int) - previous), 0, 255).astype(np.uint8)
    images = [previous, difference]
    for name in (method, f"warped_{method}"):
        flow_method = make_flow_method(name)
        prepared = flow_method.prepare(previous), flow_method.prepare(current)
        (flow,) = flow_method.flows([prepared])
        images += list(np.moveaxis(quantize_flow(flow, bound), -1, 0))
    return images


def frames_with_camera_motion(reader: FrameReader, count: int, size: tuple[int, int]) -> list[int]:
    """Numbers of ``count`` frames, ascending, between which and the next one the camera moves the most.

    Raises:
        ValueError: if the video has a single frame.
    """
    if reader.num_frames < 2:
        raise ValueError(f"{reader.name} has {reader.num_frames} frame: there is no motion to show")
    candidates = np.unique(np.linspace(0, reader.num_frames - 2, _CANDIDATES).astype(int)).tolist()
    motions = {frame: _camera_motion(reader.read([frame, frame + 1]), size) for frame in candidates}
    return sorted(sorted(candidates, key=motions.__getitem__)[-count:])


def _camera_motion(images: Sequence[np.ndarray], size: tuple[int, int]) -> float:
    """Pixels by which the homography between two frames moves the corners, on average."""
    greys = (cv2.cvtColor(_resized(image, size), cv2.COLOR_RGB2GRAY) for image in images)
    homography = estimate_homography(*match_key_points(*map(find_key_points, greys)))
    corners = np.float64([[[x, y] for x in (0, size[0]) for y in (0, size[1])]])
    return float(np.linalg.norm(cv2.perspectiveTransform(corners, homography) - corners, axis=-1).mean())


def _check_frames(frames: Sequence[int], reader: FrameReader) -> None:
    wrong = [frame for frame in frames if not 0 <= frame < reader.num_frames - 1]
    if wrong:
        raise ValueError(f"frames {wrong} have no next frame in {reader.name}, which has {reader.num_frames} frames")


def _resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)


def _draw(rows: Sequence[Sequence[np.ndarray]], names: Sequence[str], path: str | Path) -> None:
    height, width = rows[0][0].shape[:2]
    cell = 2.6
    figure, axes = plt.subplots(
        len(rows), len(COLUMNS), squeeze=False, figsize=(cell * len(COLUMNS), cell * len(rows) * height / width + 0.4)
    )
    for row, images in enumerate(rows):
        for axis, image in zip(axes[row], images):
            axis.imshow(image, cmap="gray", vmin=0, vmax=255)
            axis.set(xticks=[], yticks=[])
        axes[row][0].set_ylabel(names[row])
    for axis, column in zip(axes[0], COLUMNS):
        axis.set_title(column, fontsize=10)
    figure.tight_layout(pad=0.4)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    plt.close(figure)
