"""Differences of neighbouring RGB frames, the input of the RGBDiff stream."""

from __future__ import annotations

import torch


def frame_differences(snippets: torch.Tensor, *, channels_per_frame: int = 3) -> torch.Tensor:
    """Each frame minus the one before it: ``(..., (T + 1) * C, H, W)`` to float ``(..., T * C, H, W)``.

    >>> frames = torch.tensor([10, 20, 30, 11, 18, 33], dtype=torch.uint8).view(6, 1, 1)
    >>> frame_differences(frames).flatten().tolist()
    [1.0, -2.0, 3.0]

    Args:
        snippets: frames of a snippet one after the other on the channel axis, in any numeric type.
        channels_per_frame: ``C`` above.

    Raises:
        ValueError: if the channels are not those of two frames or more.

    Source: tsn-pytorch ``models.py`` (``_get_diff``).
    """
    num_channels = snippets.shape[-3]
    if num_channels % channels_per_frame or num_channels < 2 * channels_per_frame:
        raise ValueError(
            f"a snippet has {num_channels} channels; differences need two frames or more of {channels_per_frame} "
            "channels (SampleFrames reads one frame more than clip_len where the dataset has modality='RGBDiff')"
        )
    later, earlier = snippets[..., channels_per_frame:, :, :], snippets[..., :-channels_per_frame, :, :]
    # in place: a single float copy, and twice as fast as promoting bytes in a subtraction
    return later.to(torch.float32, copy=True).sub_(earlier)
