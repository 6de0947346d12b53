"""Videos and frame folders whose pixels tell the number of the frame."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

import tsn_plugin  # noqa: F401  before mmaction, which 1.2.0 cannot be imported without


def frame_level(number):
    """Grey level of frame ``number``: far apart for neighbours, unique up to 60 frames."""
    return 8 + 4 * number % 240


def write_video(path, *, num_frames, size=(64, 48), fps=25, codec="mpeg4", gop=12, b_frames=0, pix_fmt="yuv420p"):
    """A video whose frame ``n`` is grey with level ``frame_level(n)``, with a brighter right half."""
    width, height = size
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        stream.codec_context.bit_rate = 2_000_000
        for number in range(num_frames):
            image = np.full((height, width, 3), frame_level(number), np.uint8)
            image[:, width // 2 :] += 4
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return Path(path)


@pytest.fixture(scope="session")
def make_video():
    """Factory of tiny videos; see :func:`write_video`."""
    return write_video


@pytest.fixture(scope="session")
def make_frame_folder():
    """Factory of folders with ``img_``, ``flow_x_`` and ``flow_y_`` pictures numbered from 1."""

    def make(folder, *, num_frames, size=(64, 48), templates=("img_{:05d}.jpg", "flow_{}_{:05d}.jpg")):
        folder = Path(folder)
        folder.mkdir(parents=True)
        width, height = size
        for number in range(1, num_frames + 1):
            level = frame_level(number)
            image = np.full((height, width, 3), (level, level // 2, 255 - level), np.uint8)
            cv2.imwrite(str(folder / templates[0].format(number)), image)
            for axis, value in (("x", level), ("y", 255 - level)):
                cv2.imwrite(str(folder / templates[1].format(axis, number)), np.full((height, width), value, np.uint8))
        return folder

    return make
