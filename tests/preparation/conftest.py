"""Small videos and frame folders for the tests of the preparation."""

import av
import numpy as np
import pytest


@pytest.fixture
def write_video():
    """Function that writes an MPEG-4 clip of a pattern that moves 2 pixels to the right per frame."""

    def write(path, num_frames, size=(64, 48)):
        width, height = size
        noise = np.random.default_rng(0).uniform(40, 215, (height // 4, width // 4)).repeat(4, 0).repeat(4, 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w", format="mp4" if path.suffix == ".mp4" else "avi") as container:
            stream = container.add_stream("mpeg4", rate=25, options={"qscale": "2"})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for time in range(num_frames):
                image = np.roll(noise, 2 * time, axis=1).astype(np.uint8)[..., None].repeat(3, -1)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            container.mux(stream.encode(None))
        return path

    return write


@pytest.fixture
def make_frames():
    """Function that makes a folder of empty files named as frames."""

    def make(folder, rgb=0, flow=0):
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, rgb + 1):
            (folder / f"img_{number:05d}.jpg").touch()
        for number in range(1, flow + 1):
            for axis in "xy":
                (folder / f"flow_{axis}_{number:05d}.jpg").touch()
        return folder

    return make
