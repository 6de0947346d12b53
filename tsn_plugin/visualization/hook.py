"""Pictures of tested videos with their predictions."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor

from tsn_plugin.modality import Modality, get_modality
from tsn_plugin.registry import HOOKS
from tsn_plugin.structures.output_names import shortened
from tsn_plugin.visualization.stream_report import RIGHT, WRONG, save_figure

MAX_FRAMES = 8


@HOOKS.register_module()
class VisualizationHook(Hook):
    """Writes one picture per tested video: its sampled frames, the true class and the predicted one.

    Upstream fault: MMAction2's hook of this name fails for every 2D recognizer, since it takes the views for time and
    passes its visualizer a keyword that it does not know (its issues 2824 and 2738).

    Args:
        enable: write pictures at all.
        interval: of every n-th video.
        show: also show them in a window.
        wait_time: seconds that a window stays.
        out_dir: folder; default: ``pictures`` in the run's own log folder.
    """

    def __init__(
        self,
        enable: bool = False,
        interval: int = 5000,
        show: bool = False,
        wait_time: float = 2,
        out_dir: str | None = None,
    ) -> None:
        if interval < 1:
            raise ValueError(f"interval={interval} must be at least 1")
        self.enable, self.interval, self.show = enable, interval, show
        self.wait_time = wait_time
        self.out_dir = out_dir
        self._count = 0

    def before_test_epoch(self, runner: Any) -> None:
        """Start counting videos anew."""
        self._count = 0

    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: dict, outputs: list) -> None:
        """Write the pictures of one batch."""
        if not self.enable:
            return
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        modality = getattr(model.data_preprocessor, "modality", None) or get_modality("RGB")
        classes = (runner.test_dataloader.dataset.metainfo or {}).get("classes")
        for snippets, sample in zip(data_batch["inputs"], outputs):
            if self._count % self.interval == 0:
                self._write(
                    runner, sample_figure(snippets.cpu().numpy(), sample, modality=modality, classes=classes), sample
                )
            self._count += 1

    def _write(self, runner: Any, figure: Figure, sample: Any) -> None:
        name = re.sub(r"[^\w.-]+", "_", str(sample.metainfo.get("video_name", "video"))).strip("_")
        folder = Path(self.out_dir) if self.out_dir else Path(runner.log_dir, "pictures")
        path = folder / f"{shortened(name, max_bytes=100)}_{runner.rank}_{self._count:06d}.png"
        save_figure(figure, path)
        if self.show:
            cv2.imshow("prediction", cv2.imread(str(path)))
            cv2.waitKey(int(self.wait_time * 1000))


def sample_figure(snippets: np.ndarray, sample: Any, *, modality: Modality, classes: list[str] | None) -> Figure:
    """Figure of up to eight snippets, with true and predicted class.

    Args:
        snippets: uint8 ``(M, C, H, W)``, or ``(M, C, T, H, W)`` of a 3D recognizer, all of whose frames count.
        sample: the tested video with its prediction.
        modality: what the channels are.
        classes: names of the classes; default their numbers.
    """
    if snippets.ndim == 5:
        snippets = snippets.swapaxes(1, 2).reshape(-1, snippets.shape[1], *snippets.shape[3:])
    chosen = snippets[np.linspace(0, len(snippets) - 1, min(MAX_FRAMES, len(snippets))).round().astype(int)]
    pictures = [snippet_picture(snippet, modality) for snippet in chosen]
    figure = Figure(figsize=(2.2 * len(pictures), 2.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axis, picture in zip(figure.subplots(1, len(pictures), squeeze=False)[0], pictures):
        axis.imshow(picture)
        axis.set_axis_off()
    names = classes or [str(number) for number in range(len(sample.pred_score))]
    predicted = int(sample.pred_score.argmax())
    truth = [label for label in _true_classes(sample.gt_label.reshape(-1)) if 0 <= label < len(names)]
    color = "black" if not truth else RIGHT if predicted in truth else WRONG
    lines = [
        *textwrap.wrap(str(sample.metainfo.get("video_name", "")), 30 * len(pictures)),
        f"predicted: {names[predicted]} ({sample.pred_score[predicted]:.2f})",
        *textwrap.wrap("true: " + (", ".join(names[label] for label in truth) or "unknown"), 30 * len(pictures)),
    ]
    figure.set_figheight(2 + 0.2 * len(lines))
    figure.suptitle("\n".join(lines), fontsize=9, color=color)
    return figure


def _true_classes(label: Tensor) -> list[int]:
    """Classes of a label ``(1,)``, or of 0/1 for each class ``(K,)``."""
    return label.tolist() if len(label) == 1 else label.nonzero().flatten().tolist()


def snippet_picture(snippet: np.ndarray, modality: Modality) -> np.ndarray:
    """The first frame ``(H, W, 3)`` of a snippet ``(C, H, W)``; flow with its direction as hue."""
    frame = snippet[: modality.channels_per_frame].transpose(1, 2, 0)
    if not modality.is_flow:
        return frame
    flow = frame.astype(np.float32) - 128
    strength, angle = cv2.cartToPolar(flow[..., 0], flow[..., 1], angleInDegrees=True)
    value = np.clip(strength * 8, 0, 255)
    hsv = np.stack([angle / 2, np.full_like(value, 255), value], axis=-1).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
