"""Parameter groups with the learning-rate and decay multipliers of the original solvers."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from mmengine.logging import print_log
from mmengine.optim import DefaultOptimWrapperConstructor
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from tsn_plugin.models.state_dicts import convolutions
from tsn_plugin.registry import OPTIM_WRAPPER_CONSTRUCTORS

NORMALIZATIONS = (_NormBase, nn.GroupNorm, nn.LayerNorm)
DEFAULT_MULTIPLIERS = dict(
    first_conv_lr_mult=1.0,
    new_layer_lr_mult=1.0,
    bias_lr_mult=2.0,
    bias_decay_mult=0.0,
    norm_lr_mult=1.0,
    norm_decay_mult=0.0,
)
GROUPS = (
    "first_conv_weight",
    "first_conv_bias",
    "normal_weight",
    "normal_bias",
    "new_layer_weight",
    "new_layer_bias",
    "bn",
)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class TSNOptimWrapperConstructor(DefaultOptimWrapperConstructor):
    """Builds an optimizer with the parameter groups of the original solvers.

    ======================= ======================================= ============================ =================
    group                   parameters                              learning rate times          weight decay times
    ======================= ======================================= ============================ =================
    ``first_conv_weight``   the backbone's first convolution        ``first_conv_lr_mult`` (1)   1
    ``first_conv_bias``     its bias                                the same times bias (2)      ``bias_decay_mult``
    ``normal_weight``       all other weights                       1                            1
    ``normal_bias``         all other biases                        ``bias_lr_mult`` (2)         ``bias_decay_mult`` (0)
    ``new_layer_*``         what is not in the backbone, if         ``new_layer_lr_mult`` (1),   as above
                            ``new_layer_lr_mult`` is not 1          bias times 2
    ``bn``                  scale and shift of normalisations       ``norm_lr_mult`` (1)         ``norm_decay_mult`` (0)
    ======================= ======================================= ============================ =================

    The released flow solvers have ``paramwise_cfg=dict(first_conv_lr_mult=5)``, all others the defaults. Parameters of
    layers of an unknown kind count as biases when their name is ``bias``, otherwise as weights. Those with
    ``requires_grad=False`` are left out; :class:`PartialBNHook` takes out what it freezes.

    With ``clip_grad`` MMEngine clips before the optimizer adds the weight decay, as Caffe does. Caffe keeps the
    learning rate inside the momentum buffer and torch outside: the two are equal as long as the rate is constant.

    Args:
        optim_wrapper_cfg: config of the optimizer wrapper with the config of its ``optimizer``.
        paramwise_cfg: any of the multipliers named above.

    Raises:
        ValueError: for an unknown multiplier, or an optimizer without ``lr`` or ``weight_decay``.

    Source: the ``lr_mult`` and ``decay_mult`` of the Caffe train_val files; tsn-pytorch ``models.py``
        (``get_optim_policies``).
    """

    def __init__(self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None) -> None:
        unknown = sorted(set(paramwise_cfg or {}) - set(DEFAULT_MULTIPLIERS))
        if unknown:
            raise ValueError(f"paramwise_cfg has unknown keys {unknown}; known: {', '.join(DEFAULT_MULTIPLIERS)}")
        for name in ("lr", "weight_decay"):
            if optim_wrapper_cfg["optimizer"].get(name) is None:
                raise ValueError(f"optimizer has no {name}: multipliers need it (weight_decay=0 for none)")
        super().__init__(optim_wrapper_cfg, {**DEFAULT_MULTIPLIERS, **(paramwise_cfg or {})})

    def add_params(self, params: list[dict], module: nn.Module) -> None:
        """Append the groups of ``module``, the whole model, to ``params``; empty groups are left out."""
        members: dict[str, list[nn.Parameter]] = {name: [] for name in GROUPS}
        for group, parameter in self._assign(module):
            members[group].append(parameter)
        for name, parameters in members.items():
            if parameters:
                params.append(self._group(name, parameters))

    def _assign(self, model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
        """Each trainable parameter, once, with the name of its group."""
        backbone = getattr(model, "backbone", model)
        in_backbone = {id(parameter) for parameter in backbone.parameters()}
        first = next((layer for _, layer in convolutions(backbone)), None)
        seen: set[int] = set()
        for layer in model.modules():
            for name, parameter in layer.named_parameters(recurse=False):
                if id(parameter) in seen or not parameter.requires_grad:
                    continue
                seen.add(id(parameter))
                new = self.paramwise_cfg["new_layer_lr_mult"] != 1 and id(parameter) not in in_backbone
                part = "first_conv" if layer is first else "new_layer" if new else "normal"
                kind = "bias" if name == "bias" else "weight"
                yield "bn" if isinstance(layer, NORMALIZATIONS) else f"{part}_{kind}", parameter

    def _group(self, name: str, parameters: list[nn.Parameter]) -> dict:
        lr_mult, decay_mult = self._multipliers(name)
        print_log(
            f"{name}: {len(parameters)} parameters, lr x {lr_mult:g}, decay x {decay_mult:g}", "current", logging.INFO
        )
        return dict(
            params=parameters,
            name=name,
            lr=self.base_lr * lr_mult,
            weight_decay=self.base_wd * decay_mult,
            lr_mult=lr_mult,
            decay_mult=decay_mult,
        )

    def _multipliers(self, name: str) -> tuple[float, float]:
        """Multipliers of the learning rate and of the weight decay of one group."""
        cfg = self.paramwise_cfg
        if name == "bn":
            return cfg["norm_lr_mult"], cfg["norm_decay_mult"]
        part, kind = name.rsplit("_", 1)
        lr_mult = cfg.get(f"{part}_lr_mult", 1.0)
        return (lr_mult, 1.0) if kind == "weight" else (lr_mult * cfg["bias_lr_mult"], cfg["bias_decay_mult"])
