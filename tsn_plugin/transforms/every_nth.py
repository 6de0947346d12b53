"""A video with fewer frames per second."""

from __future__ import annotations

from mmcv.transforms import BaseTransform

from tsn_plugin.readers.every_nth import EveryNthReader
from tsn_plugin.registry import TRANSFORMS
from tsn_plugin.transforms.decoding_results import set_reader


@TRANSFORMS.register_module()
class KeepEveryNthFrame(BaseTransform):
    """Leaves out all but every ``step``-th frame of an opened video, as ``tools/extract_flow.py --step`` does.

    It stands behind ``DecordInit``. What follows sees a video of the frames ``0, step, 2 * step, ...``: flow lies
    between those, and ``total_frames`` counts what is left.

    Required Keys:

    - video_reader
    - modality (optional)

    Modified Keys:

    - video_reader
    - total_frames
    - avg_fps

    Args:
        step: keep every ``step``-th frame.

    Raises:
        ValueError: if ``step`` is below 1; when it runs, if a video is left with one frame and flow is wanted.
    """

    def __init__(self, step: int) -> None:
        if step < 1:
            raise ValueError(f"step={step} must be at least 1")
        self.step = step

    def transform(self, results: dict) -> dict:
        """Put a reader of fewer frames in the place of the video's."""
        set_reader(results, EveryNthReader(results["video_reader"], self.step))
        return results

    def __repr__(self) -> str:
        return f"{type(self).__name__}(step={self.step})"
