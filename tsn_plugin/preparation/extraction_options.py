"""How frames and flow of videos are made, and how their files are numbered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tsn_plugin.ops.flow_method import FlowMethod
from tsn_plugin.ops.frame_size import check_frame_size
from tsn_plugin.ops.optical_flow import FLOW_METHODS, make_flow_method


@dataclass(frozen=True)
class Layout:
    """How files are numbered.

    Attributes:
        first_image: number of the second frame's image.
        first_flow: number of the flow between the first two frames.
        has_first_frame: whether the first frame is stored, with the number before ``first_image``.
    """

    first_image: int
    first_flow: int
    has_first_frame: bool


#: ``tsn``: the original's, image t is the second frame of flow t. ``denseflow``: open-mmlab/denseflow's, all frames
#: and flow from 0, for configs with ``start_index=0`` (denseflow ``denseflow_gpu.cpp`` and ``common.cpp``; MMAction2's
#: folders of ActivityNet).
LAYOUTS = {"tsn": Layout(1, 1, False), "denseflow": Layout(1, 0, True)}


@dataclass(frozen=True)
class ExtractionOptions:
    """How frames and flow are made.

    Attributes:
        method: a key of :data:`~tsn_plugin.ops.optical_flow.FLOW_METHODS`.
        bound: flow of ``-bound`` to ``bound`` pixels is spread over the levels 0 to 255.
        step: use every ``step``-th frame.
        size: ``(width, height)`` to resize to before the flow is computed; the original's shell script takes 340x256.
        short_side: or the length of the shorter side, the aspect being kept.
        quality: of the JPEGs, 1 to 100.
        rgb: write images.
        flow: write flow.
        layout: a key of :data:`LAYOUTS`.
        pack: write one archive per video instead of a folder.
        device: torch device for the methods that can use one; default: the CPU.
        weights: file of the weights of a network.

    Raises:
        ValueError: for a value out of range, or both ``size`` and ``short_side``.
    """

    method: str = "tvl1"
    bound: float = 20
    step: int = 1
    size: tuple[int, int] | None = None
    short_side: int | None = None
    quality: int = 95
    rgb: bool = True
    flow: bool = True
    layout: str = "tsn"
    pack: bool = False
    device: str | None = None
    weights: str | None = None

    def __post_init__(self) -> None:
        if self.method not in FLOW_METHODS:
            raise ValueError(f"method={self.method!r} is unknown; known: {', '.join(FLOW_METHODS)}")
        for name, value in (("bound", self.bound), ("step", self.step)):
            if value <= 0:
                raise ValueError(f"{name}={value} must be positive")
        check_frame_size(self.size, self.short_side)
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout={self.layout!r} is unknown; known: {', '.join(LAYOUTS)}")
        if not 1 <= self.quality <= 100:
            raise ValueError(f"quality={self.quality} must be 1 to 100")
        if not (self.rgb or self.flow):
            raise ValueError("rgb=False and flow=False leave nothing to extract")

    def settings(self) -> dict[str, Any]:
        """What the files of one output folder must have in common."""
        names = ["step", "size", "short_side", "quality", "layout", *(["method", "bound"] if self.flow else [])]
        noted = {name: getattr(self, name) for name in names}
        return noted if self.weights is None else {**noted, "weights": Path(self.weights).name}

    def make_flow_method(self) -> FlowMethod:
        """The flow method; errors as :func:`~tsn_plugin.ops.optical_flow.make_flow_method`."""
        return make_flow_method(self.method, device=self.device, weights=self.weights)


def parse_size(text: str) -> tuple[int, int]:
    """``"340x256"`` as ``(340, 256)``: width and height.

    Raises:
        ValueError: for text of another form.
    """
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise ValueError(f"size {text!r} is not WIDTHxHEIGHT, such as 340x256")
    return int(match[1]), int(match[2])
