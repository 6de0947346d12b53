"""The facts of each modality, as frozen records: the only place where modalities are told apart."""

from __future__ import annotations

from dataclasses import dataclass

#: Pixel statistics by the framework whose ImageNet weights a backbone starts from (0-255 range).
#: ``caffe``: BGR, mean only (Caffe TSN prototxts); ``imagenet``: RGB, torchvision's mean and std times 255.
PIXEL_STATISTICS = {
    "caffe": ((104.0, 117.0, 123.0), (1.0, 1.0, 1.0), "bgr"),
    "imagenet": ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), "rgb"),
}
#: Flow is stored as ``128 + 127.5 * v / bound``; zero motion is level 128.
FLOW_STATISTICS = {"caffe": (128.0, 1.0), "imagenet": (128.0, 255 * 0.226)}


@dataclass(frozen=True)
class Modality:
    """What the pipeline and the model need to know of one input modality.

    Attributes:
        name: as written in configs (``modality='Flow'``).
        channels_per_frame: channels of one stored frame: 3 (RGB) or 2 (x and y flow).
        snippet_len: network frames per snippet in the original code (RGB 1, stacks 5).
        extra_frames: frames read beyond ``clip_len`` (RGB difference needs one more).
        is_flow: stored as x and y planes around 128, so that mirroring inverts x.
        is_difference: the model's input is the difference of neighbouring frames.
        filename_tmpl: the original's file names; flow has a place for ``x`` / ``y`` first.
        frame_folder: default folder of the extracted frames under the data root.
    """

    name: str
    channels_per_frame: int
    snippet_len: int
    extra_frames: int
    is_flow: bool
    is_difference: bool
    filename_tmpl: str
    frame_folder: str = "rawframes"

    @property
    def in_channels(self) -> int:
        """Input channels of the first convolution for the original's ``snippet_len``: 3, 15 or 10."""
        return self.channels_per_frame * self.snippet_len

    def num_entries(self, num_frames: int) -> int:
        """How many entries to sample from a video file of ``num_frames`` frames has: flow lies between its frames.

        >>> get_modality("RGB").num_entries(40), get_modality("Flow").num_entries(40)
        (40, 39)
        """
        return max(num_frames - 1, 0) if self.is_flow else num_frames

    def statistics(self, normalization: str) -> tuple[tuple[float, ...], tuple[float, ...], str]:
        """Mean and std for each channel of one frame (0-255 range), and the channel order ``'rgb'`` or ``'bgr'``.

        A difference has no mean (it cancels) and keeps the std of its frames.

        Raises:
            ValueError: for an unknown ``normalization``.
        """
        if normalization not in PIXEL_STATISTICS:
            raise ValueError(f"normalization={normalization!r} is unknown; known: {', '.join(PIXEL_STATISTICS)}")
        if self.is_flow:
            mean, std = FLOW_STATISTICS[normalization]
            return (mean,) * 2, (std,) * 2, "rgb"
        mean, std, order = PIXEL_STATISTICS[normalization]
        return ((0.0,) * 3 if self.is_difference else mean), std, order


_IMAGE, _FLOW = "img_{:05d}.jpg", "flow_{}_{:05d}.jpg"
MODALITIES = {
    "RGB": Modality("RGB", 3, 1, 0, False, False, _IMAGE),
    "RGBDiff": Modality("RGBDiff", 3, 5, 1, False, True, _IMAGE),
    "Flow": Modality("Flow", 2, 5, 0, True, False, _FLOW),
    "WarpedFlow": Modality("WarpedFlow", 2, 5, 0, True, False, _FLOW, frame_folder="rawframes_warped"),
}


def get_modality(name: str) -> Modality:
    """Return the record of the modality called ``name``.

    >>> get_modality("Flow").in_channels, get_modality("RGBDiff").in_channels
    (10, 15)

    Raises:
        ValueError: for an unknown name; the message lists the known ones.
    """
    if name not in MODALITIES:
        raise ValueError(f"modality={name!r} is unknown; known: {', '.join(MODALITIES)}")
    return MODALITIES[name]
