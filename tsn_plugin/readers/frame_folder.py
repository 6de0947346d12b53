"""Reads folders of JPEGs, or archives of them: images, or flow as one grey picture each for x and y."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from tsn_plugin.modality import Modality
from tsn_plugin.readers.base import MAX_PIXELS, FrameReader, VideoReadError, in_order
from tsn_plugin.readers.frame_archive import FrameArchive, archive_of
from tsn_plugin.readers.image_size import image_size
from tsn_plugin.readers.jpeg_damage import is_cut_off, is_damaged
from tsn_plugin.readers.local_files import read_file

ImageDecoder = Callable[[bytes, bool], np.ndarray]
#: decodes to RGB without a pass over the pixels to swap channels; OpenCV before 4.11 may lack it
READ_RGB = getattr(cv2, "IMREAD_COLOR_RGB", None)


class FolderStorage:
    """The files of a folder.

    Args:
        path: the folder.
        read_bytes: reads a file that is not on a local disk.
    """

    def __init__(self, path: str, read_bytes: Callable[[str], bytes] | None = None) -> None:
        self.path, self._read_bytes = path, read_bytes or read_file

    def __contains__(self, name: str) -> bool:
        return os.path.isfile(os.path.join(self.path, name))

    def names(self) -> list[str]:
        """The names of all files, sorted.

        Raises:
            FileNotFoundError: if there is no such folder.
        """
        return sorted(os.listdir(self.path))

    def read(self, name: str) -> bytes:
        """The bytes of one file.

        Raises:
            FileNotFoundError: if there is none of that name.
        """
        return self._read_bytes(os.path.join(self.path, name))


class FrameFolder(FrameReader):
    """Frames of one folder, by the number in their file name.

    The folder may be packed: where ``<folder>.zip`` stands in its place, or is named itself, frames are read from that
    (:mod:`tsn_plugin.readers.frame_archive`), unless ``read_bytes`` is given.

    Args:
        folder: the folder.
        modality: decides between images ``(H, W, 3)`` RGB and flow ``(H, W, 2)``, x and y.
        template: file name with a place for the number, and for flow one for ``x`` / ``y`` before it.
        start: number of the first file, which is index 0 of :meth:`read`.
        num_frames: how many there are; default: counted when it matters.
        read_bytes: reads a file that is not on a local disk.
        decode_image: makes pixels of a file's bytes: grey ``(H, W)`` if its second argument is true, else RGB; default
            OpenCV.
        strict: a JPEG with damage that can be seen is an error; see :mod:`tsn_plugin.readers.jpeg_damage`.

    Raises:
        ValueError: if the template has no place for the number, or for x and y of flow.
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
        decode_image: ImageDecoder | None = None,
        strict: bool = False,
    ) -> None:
        self.name = os.fspath(folder)
        self.modality, self.start, self._strict = modality, start, strict
        self.template = template or modality.filename_tmpl
        self._num_frames = num_frames
        self._decode_image = decode_image or decode_with_opencv
        archive = archive_of(self.name) if read_bytes is None else None
        self._storage = FolderStorage(self.name, read_bytes) if archive is None else FrameArchive(archive)
        self._check_template()

    @property
    def num_frames(self) -> int:
        """Number of frames, counted in the folder unless it was given.

        Raises:
            FileNotFoundError: if there is no such folder, or no frame in it.
        """
        if self._num_frames is None:
            self._num_frames = self._count()
            if not self._num_frames:
                raise FileNotFoundError(self._missing(self._files(self.start)[0]))
        return self._num_frames

    def read_numbers(self, numbers: Sequence[int]) -> list[np.ndarray]:
        """Frames by the numbers in their file names; otherwise as :meth:`read`.

        Raises:
            FileNotFoundError: if there is no such file; tells how many there are.
            VideoReadError: if a file is no image, or one of more than :data:`MAX_PIXELS`.
        """
        numbers = [int(number) for number in numbers]
        return in_order({number: self._load(number) for number in sorted(set(numbers))}, numbers)

    def _read_sorted(self, indices: Sequence[int]) -> dict[int, np.ndarray]:
        return {index: self._load(index + self.start) for index in indices}

    def _check_template(self) -> None:
        try:
            names = {self._files(number)[-1] for number in (1, 2)}
        except (IndexError, KeyError, ValueError):
            names = set()
        if len(names) < 2 or (self.modality.is_flow and len(set(self._files(1))) < 2):
            raise ValueError(
                f"template={self.template!r} does not name the files of modality={self.modality.name!r}; one that does "
                f"is {self.modality.filename_tmpl!r}"
            )

    def _files(self, number: int) -> list[str]:
        """Names of the files of one frame: the image, or x and y of flow."""
        axes = [("x",), ("y",)] if self.modality.is_flow else [()]
        return [self.template.format(*axis, number) for axis in axes]

    def _load(self, number: int) -> np.ndarray:
        planes = [self._load_image(file) for file in self._files(number)]
        if len(planes) == 1:
            return planes[0]
        if planes[0].shape != planes[1].shape:
            raise VideoReadError(f"{self.name}: x and y of flow {number} differ in size; extract the flow again")
        return cv2.merge(planes)

    def _load_image(self, file: str) -> np.ndarray:
        try:
            data = self._storage.read(file)
        except FileNotFoundError:
            raise FileNotFoundError(self._missing(file)) from None
        image = self._decode_image(data, self.modality.is_flow) if self._may_be_decoded(data, file) else None
        if image is None:
            raise VideoReadError(f"{self._path(file)} is no image that can be decoded; extract this video again")
        if is_cut_off(data) or (self._strict and is_damaged(data)):
            raise VideoReadError(f"{self._path(file)} is damaged or cut off; extract this video again")
        return image

    def _may_be_decoded(self, data: bytes, file: str) -> bool:
        """Whether these are bytes of an image; of an unknown kind only for a decoder that the user chose.

        Raises:
            VideoReadError: if its header tells of too many pixels, before memory is taken for them.
        """
        size = image_size(data)
        if size is None:
            return bool(data) and self._decode_image is not decode_with_opencv
        if size[0] * size[1] > MAX_PIXELS:
            raise VideoReadError(
                f"{self._path(file)} has {size[0]}x{size[1]} pixels, more than {MAX_PIXELS}; extract this video again"
            )
        return True

    def _count(self) -> int:
        number = self.start
        while all(file in self._storage for file in self._files(number)):  # a template may name subfolders
            number += 1
        return number - self.start

    def _path(self, file: str) -> str:
        return os.path.join(self._storage.path, file)

    def _missing(self, file: str) -> str:
        try:
            names = self._storage.names()
        except (FileNotFoundError, NotADirectoryError):
            return f"frame folder {self.name} does not exist; extract the frames, or mend the list or its prefix"
        hint = " (N frames have N - 1 flow fields)" if self.modality.is_flow else ""
        kind = "folder" if isinstance(self._storage, FolderStorage) else "archive"
        held = f"; its first file is {names[0]!r}" if names else ", and no file at all"
        return (
            f"{self._path(file)} does not exist: the {kind} holds {self._count()} frames named {self.template!r} from "
            f"number {self.start} on{held}. Mend the number of frames in the list{hint}, filename_tmpl or start_index"
        )


def decode_with_opencv(data: bytes, grey: bool) -> np.ndarray | None:
    """Pixels uint8 of an encoded image, ``(H, W)`` or RGB ``(H, W, 3)``; None if it is none."""
    flag = cv2.IMREAD_GRAYSCALE if grey else READ_RGB or cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:  # such as a side of more than a million pixels
        return None
    return image if grey or READ_RGB or image is None else cv2.cvtColor(image, cv2.COLOR_BGR2RGB, image)
