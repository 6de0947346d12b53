"""Mixed precision on any device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from tsn_plugin.registry import OPTIM_WRAPPERS

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@OPTIM_WRAPPERS.register_module()
class AutocastOptimWrapper(OptimWrapper):
    """MMEngine's ``OptimWrapper`` whose forward passes run under autocast, on the CPU too.

    MMEngine's ``AmpOptimWrapper`` refuses to run without a GPU. Gradients are scaled only where they may vanish
    and a scaler exists: for float16 on CUDA. Optimizer states of ``OptimWrapper`` and ``AmpOptimWrapper`` can be
    loaded, and they can load those of this class.

    Args:
        optimizer: updates the parameters, which stay float32.
        dtype: ``'bfloat16'`` or ``'float16'``.
        accumulative_counts: batches whose gradients are accumulated for one update.
        clip_grad: arguments of ``torch.nn.utils.clip_grad_norm_``, such as ``dict(max_norm=40)``.

    Raises:
        ValueError: for an unknown ``dtype``.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        *,
        dtype: str = "bfloat16",
        accumulative_counts: int = 1,
        clip_grad: dict | None = None,
    ) -> None:
        if dtype not in DTYPES:
            raise ValueError(f"dtype={dtype!r} is unknown; known: {', '.join(DTYPES)}")
        super().__init__(optimizer, accumulative_counts=accumulative_counts, clip_grad=clip_grad)
        self.dtype = DTYPES[dtype]
        self.device_type = optimizer.param_groups[0]["params"][0].device.type
        # torch.amp has it from torch 2.3 on; a disabled scaler passes everything through
        grad_scaler = getattr(torch.amp, "GradScaler", torch.cuda.amp.GradScaler)
        self.scaler = grad_scaler(enabled=dtype == "float16" and self.device_type == "cuda")

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, without synchronising the processes while gradients are accumulated."""
        with super().optim_context(model), torch.autocast(self.device_type, dtype=self.dtype):
            yield

    def backward(self, loss: Tensor, **kwargs: Any) -> None:
        """Compute the gradients of the scaled ``loss``; keywords go to ``Tensor.backward``."""
        super().backward(self.scaler.scale(loss), **kwargs)

    def step(self, **kwargs: Any) -> None:
        """Clip the unscaled gradients and update the parameters; keywords go to ``Optimizer.step``."""
        if self.clip_grad_kwargs:
            self.scaler.unscale_(self.optimizer)
            self._clip_grad()
        self.scaler.step(self.optimizer, **kwargs)
        self.scaler.update()

    def state_dict(self) -> dict:
        """State of the optimizer, and of the scaler if there is one (key ``loss_scaler``)."""
        state = super().state_dict()
        if self.scaler.is_enabled():
            state["loss_scaler"] = self.scaler.state_dict()
        return state

    def load_state_dict(self, state_dict: dict) -> None:
        """Load what :meth:`state_dict` or MMEngine's wrappers returned."""
        state = dict(state_dict)
        scaler_state = state.pop("loss_scaler", None)
        if scaler_state and self.scaler.is_enabled():
            self.scaler.load_state_dict(scaler_state)
        super().load_state_dict(state)


def built_optim_wrappers(optim_wrapper: Any) -> list[OptimWrapper]:
    """The built optimizer wrappers of a runner; none when it only tests."""
    if isinstance(optim_wrapper, OptimWrapperDict):
        return list(optim_wrapper.values())
    return [optim_wrapper] if isinstance(optim_wrapper, OptimWrapper) else []
