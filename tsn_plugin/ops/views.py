"""Test views (snippet x crop) cut on the model's device, a few at a time, so that only the snippets travel to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Callable

import torch

TensorFunction = Callable[[torch.Tensor], torch.Tensor]


class SnippetViews:
    """The views of a batch of videos: raw snippets and boxes; pixels are cropped and converted when they are asked for.

    The views of a video are crop-major: view ``crop * S + snippet``, as MMAction2 orders them. Videos may differ in
    image size, number of snippets and number of boxes.

    Args:
        videos: raw snippets ``(S, C, H, W)`` (uint8) of each video, on the model's device.
        boxes: view boxes of each video, shape ``(crops, 5)``: x, y, width, height, mirror (0 or 1).
        prepare: turns raw crops ``(n, C, h, w)`` into network input, float ``(n, C', h, w)``; it may change the size.
        mirror: mirrors raw crops ``(n, C, h, w)``.

    Raises:
        ValueError: if the videos and boxes do not belong together, or a box leaves its image.
    """

    def __init__(
        self,
        videos: Sequence[torch.Tensor],
        boxes: Sequence[Sequence[Sequence[int]]],
        *,
        prepare: TensorFunction,
        mirror: TensorFunction,
    ) -> None:
        if len(videos) != len(boxes):
            raise ValueError(f"got {len(videos)} videos, but view boxes of {len(boxes)}")
        self.videos = list(videos)
        self.boxes = [[tuple(int(value) for value in box) for box in video_boxes] for video_boxes in boxes]
        self.prepare = prepare
        self.mirror = mirror
        for video, video_boxes in zip(self.videos, self.boxes):
            _check_boxes(video, video_boxes)

    def __len__(self) -> int:
        return len(self.videos)

    @property
    def num_views(self) -> list[int]:
        """Number of views of each video."""
        return [len(video) * len(boxes) for video, boxes in zip(self.videos, self.boxes)]

    def chunks(self, max_views: int) -> Iterator[torch.Tensor]:
        """Network input ``(n, C', h, w)``, ``n <= max_views``: view after view, video after video.

        A chunk ends early only where the size of the crops changes; it may hold views of several videos. No more than
        ``max_views`` views exist as floats at a time.

        Raises:
            ValueError: if ``max_views`` is not positive.
        """
        if max_views < 1:
            raise ValueError(f"max_views={max_views} must be positive")
        for crops in self._raw_chunks(max_views):
            yield self.prepare(torch.cat(crops))

    def materialize(self) -> torch.Tensor:
        """All views at once, ``(B, V, C', h, w)``.

        Raises:
            ValueError: if the videos differ in the number or the size of their views.
        """
        chunks = list(self.chunks(sum(self.num_views)))
        if len(set(self.num_views)) != 1 or len({chunk.shape[1:] for chunk in chunks}) != 1:
            raise ValueError(
                f"videos with {self.num_views} views, or views of several sizes, do not fit into one tensor: "
                "use chunks(), or test with batch_size=1"
            )
        views = chunks[0] if len(chunks) == 1 else torch.cat(chunks)
        return views.unflatten(0, (len(self.videos), -1))

    def _raw_crops(self) -> Iterator[tuple[torch.Tensor, bool]]:
        """All snippets of a video in one box, ``(S, C, h, w)`` without copying, and whether to mirror them."""
        for video, boxes in zip(self.videos, self.boxes):
            for x, y, width, height, mirrored in boxes:
                yield video[..., y : y + height, x : x + width], bool(mirrored)

    def _raw_chunks(self, max_views: int) -> Iterator[list[torch.Tensor]]:
        """Raw crops of one size, mirrored where asked for, with ``max_views`` views together."""
        pending: list[torch.Tensor] = []
        room = max_views
        for crops, mirrored in self._raw_crops():
            while len(crops):
                if pending and (room == 0 or pending[0].shape[1:] != crops.shape[1:]):
                    yield pending
                    pending, room = [], max_views
                taken, crops = crops[:room], crops[room:]
                pending.append(self.mirror(taken) if mirrored else taken)
                room -= len(taken)
        if pending:
            yield pending


def _check_boxes(video: torch.Tensor, boxes: Sequence[tuple[int, ...]]) -> None:
    height, width = video.shape[-2:]
    for x, y, box_width, box_height, _ in boxes:
        inside = 0 <= x < x + box_width <= width and 0 <= y < y + box_height <= height
        if not inside:
            raise ValueError(
                f"view box (x, y, width, height) = {(x, y, box_width, box_height)} leaves its image of "
                f"{width}x{height}: after TenCrop, ThreeCrop or CenterCrop with on_device=True nothing may change the "
                "images' size"
            )
