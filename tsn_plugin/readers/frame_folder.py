"""Reads folders of JPEGs: images, or flow as one grey picture each for x and y."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from tsn_plugin.modality import Modality
from tsn_plugin.readers.base import FrameReader, VideoReadError


class FrameFolder(FrameReader):
    """Frames of one folder, by the number in their file name.

    Args:
        folder: the folder.
        modality: decides between images ``(H, W, 3)`` RGB and flow ``(H, W, 2)``, x and y.
        template: file name with a place for the number; for flow one for ``x`` / ``y`` before it.
        start: number of the first file; index 0 of :meth:`read`.
        num_frames: how many there are; default: counted.
        read_bytes: reads a file that is not on a local disk.

    Raises:
        FileNotFoundError: if frames are to be counted and the folder does not exist.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        *,
        modality: Modality,
        template: str | None = None,
        start: int = 1,
        num_frames: int | None = None,
        read_bytes: Callable[[str], bytes] | None = None,
    ) -> None:
        self.name = os.fspath(folder)
        self.modality, self.start = modality, start
        self.template = template or modality.filename_tmpl
        self._read_bytes = read_bytes
        self.num_frames = self._count() if num_frames is None else num_frames

    def read_numbers(self, numbers: Sequence[int]) -> list[np.ndarray]:
        """Frames by the numbers in their file names; as :meth:`read` without the check of the range."""
        frames: dict[int, np.ndarray] = {}
        images = []
        for number in (int(number) for number in numbers):
            known = frames.get(number)
            images.append(self._load(number) if known is None else known.copy())
            frames.setdefault(number, images[-1])
        return images

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        return {index: self._load(index + self.start) for index in indices}

    def _load(self, number: int) -> np.ndarray:
        if not self.modality.is_flow:
            return self._decode(self.template.format(number), cv2.IMREAD_COLOR_RGB)
        planes = [self._decode(self.template.format(axis, number), cv2.IMREAD_GRAYSCALE) for axis in ("x", "y")]
        if planes[0].shape != planes[1].shape:
            raise VideoReadError(f"{self.name}: x and y of flow {number} differ in size; extract the flow again")
        return np.stack(planes, axis=-1)

    def _decode(self, file_name: str, flag: int) -> np.ndarray:
        path = os.path.join(self.name, file_name)
        if self._read_bytes is not None:
            data = np.frombuffer(self._read_bytes(path), np.uint8)
        else:
            try:
                data = np.fromfile(path, np.uint8)
            except FileNotFoundError:
                raise FileNotFoundError(self._missing(path)) from None
        image = cv2.imdecode(data, flag) if data.size else None
        if image is None:
            raise VideoReadError(f"{path} is no image that can be decoded; extract this video again")
        return image

    def _count(self) -> int:
        if not os.path.isdir(self.name):
            raise FileNotFoundError(f"frame folder {self.name} does not exist; extract the frames or mend the list")
        axis = ("x",) if self.modality.is_flow else ()
        number = self.start
        files = set(os.listdir(self.name))
        while self.template.format(*axis, number) in files:
            number += 1
        return number - self.start

    def _missing(self, path: str) -> str:
        if not os.path.isdir(self.name):
            return f"frame folder {self.name} does not exist; extract the frames or mend the list and its prefix"
        held = self._count()
        hint = " (N frames have N - 1 flow fields)" if self.modality.is_flow else ""
        return (
            f"{path} does not exist: the folder holds {held} frames of the name {self.template!r}, numbered from "
            f"{self.start}; count them again for the list{hint}, or mend filename_tmpl or start_index"
        )
