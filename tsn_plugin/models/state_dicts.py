"""Pure functions that fit a foreign state dict to a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

StateDict = dict[str, Tensor]

WRAPPER_PREFIXES = ("module.", "backbone.", "base_model.")
CLASSIFIERS = ("fc.", "new_fc.", "top_cls_fc.", "cls_head.", "head.", "classifier.")
# torchvision's names of residual networks, and what they are called where a block is mmcv's ConvModule
CONV_MODULE_NAMES = (
    (re.compile(r"\bconv(\d+)\.(weight|bias)$"), r"conv\1.conv.\2"),
    (re.compile(r"\bbn(\d+)\."), r"conv\1.bn."),
    (re.compile(r"\bdownsample\.0\."), "downsample.conv."),
    (re.compile(r"\bdownsample\.1\."), "downsample.bn."),
)


def convolutions(module: nn.Module) -> Iterator[tuple[str, _ConvNd]]:
    """Names and layers of all convolutions, in the order in which the module made them."""
    for name, layer in module.named_modules():
        if isinstance(layer, _ConvNd):
            yield name, layer


def strip_wrappers(state_dict: Mapping[str, Tensor]) -> StateDict:
    """The state dict of a backbone, without the names of what it was wrapped in.

    >>> list(strip_wrappers({"module.base_model.conv1.weight": 0, "new_fc.weight": 1}))
    ['conv1.weight', 'new_fc.weight']
    """
    wrapper = re.compile("^(?:" + "|".join(map(re.escape, WRAPPER_PREFIXES)) + ")+")
    return {wrapper.sub("", name): value for name, value in state_dict.items()}


def rename_layers(state_dict: Mapping[str, Tensor], names: Mapping[str, str]) -> StateDict:
    """Rename the entries of the layers in ``names``, which leads from the file's names to the model's.

    >>> list(rename_layers({"features.0.weight": 0, "features.0.bias": 1}, {"features.0": "conv1_1"}))
    ['conv1_1.weight', 'conv1_1.bias']
    """
    renamed = {}
    for name, value in state_dict.items():
        layer, _, kind = name.rpartition(".")
        renamed[f"{names[layer]}.{kind}" if layer in names else name] = value
    return renamed


def match_names(state_dict: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> StateDict:
    """Rename torchvision's entries to those of mmcv's ``ConvModule`` where the model ``own`` has only the latter."""
    matched = {}
    for name, value in state_dict.items():
        renamed = name
        for pattern, replacement in CONV_MODULE_NAMES:
            renamed = pattern.sub(replacement, renamed)
        matched[renamed if name not in own and renamed in own else name] = value
    return matched


def drop_classifiers(state_dict: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> StateDict:
    """Leave out the layers that classify the classes of another data set, unless the model ``own`` has them."""
    return {name: value for name, value in state_dict.items() if name in own or not name.startswith(CLASSIFIERS)}


def squeeze_bn_tensors(state_dict: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> StateDict:
    """Give tensors of shape ``(1, C)``, as converted from Caffe's BN blobs, the shape ``(C,)`` of the model ``own``."""
    return {
        name: value[0] if name in own and own[name].dim() == 1 and tuple(value.shape) == (1, len(own[name])) else value
        for name, value in state_dict.items()
    }


def repeat_mean_over_input(weight: Tensor, in_channels: int) -> Tensor:
    """A convolution's weight ``(O, I, ...)`` as its mean over ``I``, repeated to ``(O, in_channels, ...)``.

    There is no division by ``in_channels / I``: the sum over the channels grows, and the following batch
    normalisation, which stays trainable, absorbs it.

    Source: Wang et al. 2016, section 3.2 (cross-modality pre-training); tsn-pytorch ``models.py``.
    """
    return weight.mean(dim=1, keepdim=True).repeat_interleave(in_channels, dim=1)
