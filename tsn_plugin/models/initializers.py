"""Cross-modality initialisation: weights learned on RGB images for networks that read anything else."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import mmengine
from mmengine.logging import print_log
from mmengine.model import update_init_info
from mmengine.registry import WEIGHT_INITIALIZERS as ROOT_WEIGHT_INITIALIZERS
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from tsn_plugin.models.state_dicts import (
    StateDict,
    convolutions,
    drop_classifiers,
    match_names,
    rename_layers,
    repeat_mean_over_input,
    squeeze_bn_tensors,
    strip_wrappers,
)
from tsn_plugin.registry import WEIGHT_INITIALIZERS

TORCHVISION = "torchvision://"


# also in MMEngine's own registry, so that the name without a prefix is found from every scope
@ROOT_WEIGHT_INITIALIZERS.register_module()
@WEIGHT_INITIALIZERS.register_module()
class CrossModalityPretrained:
    """Loads a checkpoint into any backbone, whatever the number of its input channels.

    Where the first convolution of checkpoint and model differ in their input channels, its weight is averaged over
    them and the mean repeated. A network for RGB gets the plain checkpoint. Where the model is MMAction2's
    ``ResNet``, torchvision's names are translated.

    In a list of ``init_cfg`` this one comes last. It overrides the ``init_weights`` of the modules that it fills, which
    MMEngine would otherwise call after it.

    Args:
        checkpoint: a local file, a URL, ``open-mmlab://bninception_caffe``, or ``torchvision://resnet50`` (its
            address is looked up in MMEngine's table; torchvision itself is not needed).
        map_location: device that the checkpoint is loaded to.

    Source: Wang et al. 2016, section 3.2.
    """

    def __init__(self, checkpoint: str, map_location: str = "cpu") -> None:
        self.checkpoint = checkpoint
        self.map_location = map_location

    def __call__(self, module: nn.Module) -> None:
        """Load the checkpoint into ``module``.

        Raises:
            OSError: if the checkpoint cannot be read or downloaded.
            ValueError: if no entry of the checkpoint belongs to the module, or one has another shape.
        """
        checkpoint = self._load()
        own = module.state_dict()
        state_dict = _fit(checkpoint.get("state_dict", checkpoint), module, own)
        loaded = {name: value for name, value in state_dict.items() if name in own}
        self._check(loaded, own, module)
        module.load_state_dict(loaded, strict=False)
        _protect_filled_modules(module, loaded)
        self._report(state_dict, own)
        if hasattr(module, "_params_init_info"):
            update_init_info(module, init_info=f"{type(self).__name__}: load from {self.checkpoint}")

    def _load(self) -> dict:
        try:
            return CheckpointLoader.load_checkpoint(resolve_address(self.checkpoint), self.map_location)
        except OSError as error:  # also what a download without a network raises
            raise OSError(
                f"checkpoint={self.checkpoint!r} cannot be loaded ({error}): give the path of a file that you have "
                "(model.backbone.init_cfg.checkpoint=FILE), or start from scratch (model.backbone.init_cfg=None)"
            ) from error

    def _check(self, loaded: StateDict, own: StateDict, module: nn.Module) -> None:
        if not loaded:
            raise ValueError(
                f"checkpoint={self.checkpoint!r} has no entry that {type(module).__name__} knows (such as "
                f"{next(iter(own))!r}): it belongs to another network"
            )
        wrong = [name for name, value in loaded.items() if value.shape != own[name].shape]
        if wrong:
            shapes = f"{tuple(loaded[wrong[0]].shape)} instead of {tuple(own[wrong[0]].shape)}"
            raise ValueError(
                f"checkpoint={self.checkpoint!r} does not fit {type(module).__name__}: {len(wrong)} entries have "
                f"another shape, the first is {wrong[0]!r} with {shapes}"
            )

    def _report(self, state_dict: StateDict, own: StateDict) -> None:
        missing = [name for name in own if name not in state_dict and not name.endswith("num_batches_tracked")]
        unexpected = [name for name in state_dict if name not in own]
        message = f"loaded {len(state_dict) - len(unexpected)} entries of {self.checkpoint}"
        if missing:
            message += f"; missing, so left at their initialisation: {', '.join(missing)}"
        if unexpected:
            message += f"; not used: {', '.join(unexpected)}"
        print_log(message, "current", logging.WARNING if missing or unexpected else logging.INFO)


def resolve_address(checkpoint: str) -> str:
    """The URL behind ``torchvision://NAME``; any other address unchanged.

    MMEngine resolves these names too, but imports torchvision for it.

    Raises:
        ValueError: for a name that is not in MMEngine's table; the message lists similar ones.
    """
    if not checkpoint.startswith(TORCHVISION):
        return checkpoint
    name = checkpoint[len(TORCHVISION) :]
    table = json.loads((Path(mmengine.__file__).parent / "hub" / "torchvision_0.12.json").read_text())
    if name not in table:
        similar = [known for known in table if known[:3] == name[:3]] or list(table)
        raise ValueError(f"checkpoint={checkpoint!r} is unknown; known: {', '.join(similar)}")
    return table[name]


def _fit(state_dict: Mapping[str, Tensor], module: nn.Module, own: StateDict) -> StateDict:
    """The checkpoint's entries with the model's names and shapes, and those that it does not know."""
    renamed = rename_layers(strip_wrappers(state_dict), getattr(module, "checkpoint_names", {}))
    fitted = match_names(renamed, own)
    fitted = squeeze_bn_tensors(drop_classifiers(fitted, own), own)
    for name, convolution in islice(convolutions(module), 1):
        weight, channels = fitted.get(f"{name}.weight"), convolution.weight.shape[1]
        if weight is not None and weight.shape[1] != channels:
            fitted[f"{name}.weight"] = repeat_mean_over_input(weight, channels)
    return fitted


def _protect_filled_modules(module: nn.Module, loaded: Iterable[str]) -> None:
    """Mark the modules whose parameters were all loaded, so that MMEngine does not initialise them again."""
    filled = set(loaded)
    for prefix, child in module.named_modules():
        names = [f"{prefix}.{name}" for name, _ in child.named_parameters()]
        if child is not module and hasattr(child, "init_weights") and names and filled.issuperset(names):
            child.is_init = True
