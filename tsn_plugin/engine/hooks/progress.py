"""A progress bar for training, validation and testing."""

from __future__ import annotations

import atexit
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tsn_plugin.registry import HOOKS


@HOOKS.register_module()
class ProgressHook(Hook):
    """Shows one bar with the remaining time over all training iterations, and one over each test.

    The bar of the training carries the smoothed loss and the last validation accuracy. Only the first process draws.

    Args:
        title: what the bar stands for, such as ``'RGB'``.
        metric: name of the validation metric that is shown, such as ``'acc/top1'``.
    """

    priority = "VERY_LOW"

    def __init__(self, title: str = "", metric: str = "acc/top1") -> None:
        self.title = title
        self.metric = metric
        self._progress: Progress | None = None
        self._tasks: dict[str, Any] = {}
        self._accuracy = ""

    @master_only
    def before_train(self, runner: Any) -> None:
        """Open the bar; a resumed run starts where it stopped."""
        self._start("train", runner.max_iters, completed=runner.iter)

    @master_only
    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Advance by one iteration and show the loss."""
        loss = outputs.get("loss") if isinstance(outputs, dict) else None
        shown = f"loss {float(loss.detach()):.3f}" if loss is not None else ""
        self._progress.update(self._tasks["train"], advance=1, status=f"{shown} {self._accuracy}".strip())

    @master_only
    def after_train(self, runner: Any) -> None:
        """Close the bar."""
        self._stop("train")

    @master_only
    def before_test(self, runner: Any) -> None:
        """Open the bar of the test."""
        self._start("test", len(runner.test_dataloader))

    @master_only
    def after_test_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Advance by one batch."""
        self._progress.update(self._tasks["test"], advance=1)

    @master_only
    def after_test(self, runner: Any) -> None:
        """Close the bar."""
        self._stop("test")

    def after_val_epoch(self, runner: Any, metrics: dict[str, float] | None = None) -> None:
        """Remember the validation accuracy for the training bar."""
        if metrics and self.metric in metrics:
            self._accuracy = f"{self.metric} {metrics[self.metric]:.3f}"

    def _start(self, phase: str, total: int, completed: int = 0) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[status]}"),
        )
        self._progress = Progress(*columns)
        self._progress.start()
        atexit.register(self._progress.stop)  # an interrupted run gives the cursor back
        description = f"{self.title} {phase}".strip()
        self._tasks[phase] = self._progress.add_task(description, total=total, completed=completed, status="")

    def _stop(self, phase: str) -> None:
        self._progress.stop()
        self._progress = None
        del self._tasks[phase]
