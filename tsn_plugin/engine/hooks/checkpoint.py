"""Checkpoints of which there is always a whole one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from mmengine.hooks import CheckpointHook as _CheckpointHook

from tsn_plugin.registry import HOOKS


@HOOKS.register_module()
class CheckpointHook(_CheckpointHook):
    """MMEngine's ``CheckpointHook``, which removes a checkpoint only when the next one is written.

    Upstream the oldest of ``max_keep_ckpts`` goes first: with ``max_keep_ckpts=1`` a full disk, or a kill while the new
    one is written, leaves none.
    """

    def _save_checkpoint_with_step(self, runner: Any, step: int, meta: dict) -> None:
        backend = self.file_backend
        self.file_backend = waiting = _RemovesLater(backend)
        try:
            super()._save_checkpoint_with_step(runner, step, meta)
        finally:
            self.file_backend = backend
        waiting.finish()


class _RemovesLater:
    """A file backend that only notes what is to be removed."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._removals: list[Callable[[], None]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        """Note a file."""
        self._removals.append(partial(self._backend.remove, path))

    def rmtree(self, path: str) -> None:
        """Note a folder."""
        self._removals.append(partial(self._backend.rmtree, path))

    def finish(self) -> None:
        """Remove what was noted."""
        for removal in self._removals:
            removal()
