"""Decoded pictures as RGB arrays."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, VideoReformatter

#: pixel formats of which interlaced frames hold the chroma of the two fields in alternating lines
INTERLEAVED_CHROMA = ("yuv420p", "yuvj420p")
#: by quarters counter-clockwise
TURNS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


def _one_thread() -> dict[str, Any]:
    """The keyword that keeps a conversion in this thread, where PyAV has it; older PyAV never left the thread."""
    try:
        VideoReformatter().reformat(VideoFrame(16, 16, "yuv420p"), format="rgb24", threads=1)
    except TypeError:
        return {}
    return {"threads": 1}


ONE_THREAD = _one_thread()


class RGBConverter:
    """Converts the frames of one video, with one converter of FFmpeg's for all of them.

    By default PyAV makes a new one for each frame, with as many threads as the machine has cores: that takes five times
    as long for frames of 320x240, more on larger machines.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> np.ndarray:
        """RGB pixels uint8 ``(H, W, 3)``, turned as the file's rotation flag says.

        The chroma of interlaced frames is enlarged like that of others; FFmpeg 8 would do so field by field, unlike the
        one in decord and in older PyAV.
        """
        matrix, levels = int(frame.colorspace), int(frame.color_range)
        turn = TURNS.get(round(frame.rotation / 90) % 4)
        if frame.interlaced_frame and frame.format.name in INTERLEAVED_CHROMA:
            frame = VideoFrame.from_ndarray(frame.to_ndarray(), format=frame.format.name)
        image = self._reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=levels,
            # RGB has no range; but PyAV before 17 heeds the file's matrix only if this one differs from the source's
            dst_color_range=ColorRange.UNSPECIFIED if levels == ColorRange.JPEG else ColorRange.JPEG,
            **ONE_THREAD,
        ).to_ndarray()
        return image if turn is None else cv2.rotate(image, turn)
