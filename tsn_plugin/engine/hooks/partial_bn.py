"""Partial batch normalisation: only the first layers keep learning from the batch."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapper
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from tsn_plugin.engine.optim_wrapper import built_optim_wrappers
from tsn_plugin.registry import HOOKS


@HOOKS.register_module()
class PartialBNHook(Hook):
    """Freezes all batch normalisations of a backbone but the first.

    Frozen means: mean and variance are those that were learned before, in training too, and do not change; with
    ``freeze_affine`` scale and shift do not change either.

    * The layers are put into evaluation mode before every training iteration: MMEngine calls ``model.train()`` at the
      start of an epoch, after this hook's ``before_train_epoch`` would have run, and again after a validation.
    * ``requires_grad`` is never touched: DistributedDataParallel, which has wrapped the model by then, would
      wait for gradients that never come. Scale and shift are taken out of the optimizer instead, so that they get
      no update, no decay and no share in the norm by which gradients are clipped; the original's norm holds
      the same parameters.
    * Parameter groups that are emptied stay, since learning-rate schedulers count them.

    Args:
        first_trainable: how many layers, in the order in which the backbone made them, stay as they are.
        freeze_affine: ``False`` leaves scale and shift of all layers trainable (the paper's words; the
            original code freezes them).
        module: dotted name of the part of the model that is meant.

    Raises:
        ValueError: if ``first_trainable`` is negative or ``module`` names nothing.

    Source: ``bn_layer.cpp`` of the Caffe fork (``frozen: true``), tsn-pytorch ``models.py`` (``train``).
    """

    def __init__(self, first_trainable: int = 1, *, freeze_affine: bool = True, module: str = "backbone") -> None:
        if first_trainable < 0:
            raise ValueError(f"first_trainable={first_trainable} must not be negative")
        self.first_trainable = first_trainable
        self.freeze_affine = freeze_affine
        self.module = module
        self._frozen: list[_BatchNorm] = []

    def before_run(self, runner: Any) -> None:
        """Find the layers and take their parameters out of the optimizer, before its state is resumed."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        self._frozen = self._find(model)[self.first_trainable :]
        if self.freeze_affine:
            for optim_wrapper in built_optim_wrappers(runner.optim_wrapper):
                self._remove_from(optim_wrapper)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Put the frozen layers into evaluation mode again."""
        for layer in self._frozen:
            if layer.training:
                layer.eval()
            if self.freeze_affine:
                _clear_gradients(layer)

    def _find(self, model: nn.Module) -> list[_BatchNorm]:
        try:
            part = model.get_submodule(self.module)
        except AttributeError as error:
            known = ", ".join(name for name, _ in model.named_children())
            raise ValueError(f"module={self.module!r} is no part of the model; its parts: {known}") from error
        layers = [layer for layer in part.modules() if isinstance(layer, _BatchNorm)]
        if len(layers) <= self.first_trainable:
            print_log(
                f"PartialBNHook freezes nothing: {self.module} has {len(layers)} batch normalisations",
                "current",
                logging.WARNING,
            )
        return layers

    def _remove_from(self, optim_wrapper: OptimWrapper) -> None:
        frozen = {id(parameter) for layer in self._frozen for parameter in layer.parameters()}
        for group in optim_wrapper.optimizer.param_groups:
            group["params"] = [parameter for parameter in group["params"] if id(parameter) not in frozen]


def _clear_gradients(layer: _BatchNorm) -> None:
    """Drop gradients that no optimizer uses and therefore none clears; they would add up without end."""
    for parameter in layer.parameters():
        parameter.grad = None
