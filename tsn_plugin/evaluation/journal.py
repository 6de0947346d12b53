"""What a test has found so far, on disk: an interrupted test goes on from there."""

from __future__ import annotations

import os
import pickle
import shutil
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import barrier
from mmengine.evaluator import BaseMetric

from tsn_plugin.registry import METRICS
from tsn_plugin.structures.torch_files import load_torch_file

_SUFFIX = ".pt"


@METRICS.register_module()
class ResultJournal(BaseMetric):
    """Keeps what the other metrics need of each video, in files of a few videos each; it measures nothing itself.

    Args:
        folder: of the files.
        interval: videos of a file.
        seconds: a file is also written when the last one is that old.
        collect_device: taken for the sake of MMEngine, which gives it to all metrics.
        prefix: taken for the sake of MMEngine.
    """

    default_prefix = "journal"

    def __init__(
        self,
        folder: str,
        *,
        interval: int = 64,
        seconds: float = 30.0,
        collect_device: str = "cpu",
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.folder, self.interval, self.seconds = Path(folder), interval, seconds
        self._waiting: list[dict] = []
        self._written = time.monotonic()

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Remember videos, and write them when there are enough."""
        self._waiting += [_plain(sample) for sample in data_samples]
        if len(self._waiting) >= self.interval or time.monotonic() - self._written > self.seconds:
            self.write()

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Nothing."""
        return {}

    def evaluate(self, size: int) -> dict[str, float]:
        """Write what is left, and wait until all processes have done so."""
        self.write()
        barrier()
        return {}

    def write(self) -> None:
        """Put what waits into a file."""
        if self._waiting:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{uuid.uuid4().hex}{_SUFFIX}"
            partial = path.with_suffix(".partial")
            torch.save(self._waiting, partial)
            os.replace(partial, path)
        self._waiting, self._written = [], time.monotonic()


def read_journal(folder: str | Path) -> list[dict]:
    """The samples of all files of a :class:`ResultJournal`, in which nothing is run.

    The folder may be missing. Several processes test some videos twice, to have equal shares.

    Raises:
        ValueError: if a file is damaged, or holds something else.
    """
    return [sample for path in sorted(Path(folder).glob(f"*{_SUFFIX}")) for sample in _samples(path)]


def read_in_order(folder: str | Path, names: Sequence[str]) -> list[dict]:
    """One sample for each of ``names``, in this order.

    Score files without names, such as ``.json``, rely on the order.

    Raises:
        RuntimeError: if there are too few.
    """
    samples: dict[str, deque[dict]] = defaultdict(deque)
    for sample in read_journal(folder):
        samples[sample["video_name"]].append(sample)
    lost = Counter(names) - Counter({name: len(found) for name, found in samples.items()})
    if lost:
        raise RuntimeError(
            f"{folder} lacks {sum(lost.values())} of {len(names)} videos, such as {next(iter(lost))}: can all machines "
            "write there, and see at once what the others write? The same command tests what is missing"
        )
    return [samples[name].popleft() for name in names]


def _samples(path: Path) -> list[dict]:
    try:
        samples = list(load_torch_file(path))
        if not all(isinstance(sample["video_name"], str) for sample in samples):
            raise TypeError("a video's name in it is no text")
        return samples
    except (pickle.UnpicklingError, LookupError, TypeError) as error:
        raise ValueError(
            f"{path} is no part of an interrupted test ({error}): delete it, and its videos are tested again"
        ) from error


def metrics_of(metrics: Sequence[BaseMetric], samples: Sequence[dict]) -> dict[str, float]:
    """What the metrics say of samples that one process has, under MMEngine's names."""
    values: dict[str, float] = {}
    for metric in metrics:
        metric.process(None, samples)
        found = metric.compute_metrics(metric.results)
        metric.results.clear()
        values.update({f"{metric.prefix}/{name}" if metric.prefix else name: value for name, value in found.items()})
    return values


def remove_journal(folder: str | Path) -> None:
    """Delete the files of a finished test, or of another one."""
    shutil.rmtree(folder, ignore_errors=True)


def _plain(value: Any) -> Any:
    """``value`` as tensors on the CPU, numbers, text and containers of them; other things are left out."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().clone()
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        return torch.from_numpy(value.copy())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        plain = {key: _plain(item) for key, item in value.items()}
        return {key: item for key, item in plain.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool)) else None
