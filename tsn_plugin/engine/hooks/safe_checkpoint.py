"""Checkpoints that hold tensors and plain values only."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer

from tsn_plugin.registry import HOOKS

_HISTORY_KEY = "log_history"


@HOOKS.register_module()
class SafeCheckpointHook(Hook):
    """Writes checkpoints that any MMEngine loads with ``weights_only=True``, and keeps the log history across resume.

    MMEngine 0.10.7 pickles the ``HistoryBuffer`` objects of its message hub into each checkpoint, which torch >= 2.6
    refuses to read back. Here they become pairs of tensors under ``log_history``; stock MMEngine resumes such a file
    too and merely starts with an empty history. NumPy scalars become Python numbers.
    """

    priority = "LOWEST"  # the last word on what is saved

    def before_save_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Replace the objects in ``checkpoint['message_hub']`` by tensors and plain values."""
        hub = checkpoint.get("message_hub")
        if not isinstance(hub, dict):
            return
        scalars, resumed = hub["log_scalars"], hub["resumed_keys"]
        checkpoint[_HISTORY_KEY] = {
            name: _pack(buffer) for name, buffer in scalars.items() if isinstance(buffer, HistoryBuffer)
        }
        checkpoint["message_hub"] = {
            "log_scalars": {},
            "runtime_info": {name: _plain(value) for name, value in hub["runtime_info"].items()},
            "resumed_keys": {name: flag for name, flag in resumed.items() if name in hub["runtime_info"]},
        }

    def after_load_checkpoint(self, runner: Any, checkpoint: dict) -> None:
        """Rebuild the histories, so that resuming continues the smoothed log."""
        hub = checkpoint.get("message_hub")
        for name, packed in checkpoint.get(_HISTORY_KEY, {}).items():
            hub["log_scalars"][name] = HistoryBuffer(
                packed["values"].numpy(), packed["counts"].numpy(), packed["max_length"]
            )
            hub["resumed_keys"][name] = True


def _pack(buffer: HistoryBuffer) -> dict:
    values, counts = buffer.data
    return {
        "values": torch.as_tensor(np.asarray(values, dtype=np.float64)),
        "counts": torch.as_tensor(np.asarray(counts, dtype=np.int64)),
        "max_length": int(buffer.max_length),
    }


def _plain(value: Any) -> Any:
    """``value`` with NumPy scalars and arrays turned into Python numbers and tensors, at any depth."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_plain(item) for item in value)
    return value
