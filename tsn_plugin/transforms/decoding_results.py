"""What the decoding transforms share: bytes out of a storage, a reader and pictures into ``results``."""

from __future__ import annotations

from typing import Callable

import numpy as np
from mmengine.fileio import get_file_backend

from tsn_plugin.readers import FrameReader, VideoReadError
from tsn_plugin.transforms.common import facts_of


def set_reader(results: dict, reader: FrameReader) -> None:
    """Store the reader of a video and what it knows: ``total_frames`` counts flow fields where flow is asked for.

    Raises:
        VideoReadError: if the video has a frame, but no second one for flow; training goes on without it.
    """
    facts = facts_of(results)
    count = facts.num_entries(reader.num_frames)
    if count == 0 < reader.num_frames:
        reader.close()
        raise VideoReadError(
            f"{reader.name} has {reader.num_frames} frame: modality={facts.name!r} needs at least 2, since flow lies "
            "between neighbouring frames; take the video out of the list"
        )
    results["video_reader"] = reader
    results["total_frames"] = count
    results["avg_fps"] = reader.fps


def set_images(results: dict, images: list[np.ndarray]) -> None:
    """Store the frames and their size, and scale boxes given in shares of the image to pixels."""
    height, width = images[0].shape[:2]
    results["imgs"] = images
    results["original_shape"] = results["img_shape"] = (height, width)
    if "gt_bboxes" not in results:
        return
    scale = np.array([width, height, width, height])
    for key in ("gt_bboxes", "proposals"):
        if results.get(key) is not None:
            results[key] = (results[key] * scale).astype(np.float32)


def storage_reader(io_backend: str, backend_args: dict | None) -> Callable[[str], bytes] | None:
    """Reads a file from MMEngine's storage of that name; None for local files, which need none."""
    if io_backend == "disk":
        return None
    return get_file_backend(backend_args={"backend": io_backend, **(backend_args or {})}, enable_singleton=True).get
