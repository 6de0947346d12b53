"""Sliding windows: the proposals that need no network."""

from __future__ import annotations

import numpy as np

MIN_INSIDE_S = 1.0


def sliding_windows(duration: float, *, num_levels: int = 8, overlap: float = 0.7) -> np.ndarray:
    """Windows in seconds, ``(P, 2)``, of 1, 2, 4, ... seconds; the last ones may end behind the video.

    Args:
        duration: of the video, in seconds.
        num_levels: lengths, each twice the one before; 8 end with 128 s.
        overlap: share of a window that the next one covers too.

    Raises:
        ValueError: if ``overlap`` is not in ``[0, 1)``.

    Source: SSN ``ops/sequence_funcs.py`` (``gen_prop_sliding_window``); a window has at least one second of video.
    """
    if not 0 <= overlap < 1:
        raise ValueError(f"overlap={overlap} must be at least 0 and below 1")
    windows = []
    for span in 2.0 ** np.arange(num_levels):
        starts = np.arange(0, duration, np.ceil(span * (1 - overlap)))
        windows.append(np.stack([starts, starts + span], axis=1))
    windows = np.concatenate(windows) if windows else np.zeros((0, 2))
    return windows[np.minimum(windows[:, 1], duration) - windows[:, 0] >= MIN_INSIDE_S]
