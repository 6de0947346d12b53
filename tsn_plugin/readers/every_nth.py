"""Every n-th frame of another reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from tsn_plugin.readers.base import FrameReader


class EveryNthReader(FrameReader):
    """The frames ``0, step, 2 * step, ...`` of ``reader``, numbered ``0, 1, 2, ...``; closes it when it is closed.

    Args:
        reader: of the whole video.
        step: keep every ``step``-th frame.

    Raises:
        ValueError: if ``step`` is below 1.
    """

    def __init__(self, reader: FrameReader, step: int) -> None:
        if step < 1:
            raise ValueError(f"step={step} must be at least 1")
        self._reader, self._step = reader, step
        self.name, self.num_frames = reader.name, -(-reader.num_frames // step)
        self.fps = None if reader.fps is None else reader.fps / step

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        return dict(zip(indices, self._reader.read([index * self._step for index in indices])))

    def iter_frames(self) -> Iterator[np.ndarray]:
        """All of its frames in order; what lies between is decoded once."""
        return islice(self._reader.iter_frames(), 0, None, self._step)

    def close(self) -> None:
        """Close the reader of the whole video."""
        self._reader.close()
