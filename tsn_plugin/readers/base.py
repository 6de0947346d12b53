"""The interface of all readers, and their error."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Union

import numpy as np

VideoSource = Union[str, Path, BinaryIO]
#: larger frames and images are refused before memory is taken for them; 8K has 33 million
MAX_PIXELS = 2**26


class VideoReadError(OSError):
    """A file that cannot be read as a video; the message names the file, the reason and the remedy."""


class DamagedFrameWarning(UserWarning):
    """The decoder gave a frame, but had to guess a part of it."""


class FrameReader(ABC):
    """Frames of one video, by index.

    Attributes:
        name: what error messages call the source.
        num_frames: number of frames ``T``.
        fps: frames per second on average, or None where unknown.
    """

    name: str
    num_frames: int
    fps: float | None = None

    def read(self, indices: Sequence[int]) -> list[np.ndarray]:
        """Frames uint8 ``(H, W, C)`` in the order of ``indices`` (0-based, any order, repetitions allowed).

        Ask for all frames that are needed in one call: what lies before them is decoded once then. A repeated frame is
        a copy of its own, so that changing one in place does not change the other.

        Raises:
            IndexError: for an index outside the video.
            VideoReadError: if a frame cannot be decoded.
        """
        indices = [int(index) for index in indices]
        for index in indices:
            if not 0 <= index < self.num_frames:
                raise IndexError(f"{self.name} has {self.num_frames} frames (0 to {self.num_frames - 1}), not {index}")
        frames = self._read_sorted(sorted(set(indices))) if indices else {}
        return in_order(frames, indices)

    @abstractmethod
    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        """Frames by index; ``indices`` are valid, ascending and distinct."""

    def iter_frames(self) -> Iterator[np.ndarray]:
        """All frames in order, one in memory at a time."""
        for index in range(self.num_frames):
            yield self._read_sorted([index])[index]

    def __len__(self) -> int:
        return self.num_frames

    def close(self) -> None:
        """Give files and decoders back."""
        return

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def ffmpeg_name(path: str | Path) -> str:
    """What FFmpeg takes for this path: a file's name that holds a colon would be taken for a protocol's address."""
    name = os.fspath(path)
    return os.path.abspath(name) if ":" in name and os.path.exists(name) else name


def in_order(frames: dict[int, np.ndarray], indices: Sequence[int]) -> list[np.ndarray]:
    """``frames[index]`` for each index, a copy from its second use on."""
    given: set[int] = set()
    images = []
    for index in indices:
        images.append(frames[index].copy() if index in given else frames[index])
        given.add(index)
    return images
