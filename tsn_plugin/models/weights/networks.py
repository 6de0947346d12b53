"""The networks whose weights are exchanged with other systems, and how to recognise them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from mmaction.models.backbones import ResNet
from torch import Tensor, nn

from tsn_plugin.models.backbones.bn_inception import BNInception
from tsn_plugin.models.backbones.googlenet import GoogLeNet
from tsn_plugin.models.backbones.inception_v3 import InceptionV3
from tsn_plugin.models.backbones.vgg import VGG
from tsn_plugin.models.state_dicts import StateDict, strip_wrappers

HEAD_LAYER = "cls_head.fc_cls"
HEAD = (f"{HEAD_LAYER}.weight", f"{HEAD_LAYER}.bias")
#: depth by the blocks of the four stages and whether they are bottlenecks
_RESNETS = {
    ((2, 2, 2, 2), False): 18,
    ((3, 4, 6, 3), False): 34,
    ((3, 4, 6, 3), True): 50,
    ((3, 4, 23, 3), True): 101,
    ((3, 8, 36, 3), True): 152,
}
_BLOCK = re.compile(r"layer([1-4])\.(\d+)\.conv(\d)(?:\.conv)?\.weight")
#: entries of deeper or batch-normalised VGGs, which have those of VGG-16 too
_NOT_VGG16 = ("conv5_4.weight", "features.34.weight")


@dataclass(frozen=True)
class Network:
    """A backbone that other systems have too.

    Attributes:
        name: as given to the converter.
        build: makes the backbone for ``in_channels``.
        arch: tsn-pytorch's name of it.
        marks: entries that only this network has; one is enough.
        classifier: name of the last layer in a file of the bare network.
        normalization: what its ImageNet file expects of images; a name of :data:`tsn_plugin.modality.PIXEL_STATISTICS`.
    """

    name: str
    build: Callable[..., nn.Module]
    arch: str
    marks: tuple[str, ...] = ()
    classifier: str = "fc"
    normalization: str | None = "imagenet"

    def layer_names(self) -> dict[str, str]:
        """Our names of the layers by those in the file of the bare network, where the backbone lists them."""
        return getattr(_skeleton(self.build, 3), "checkpoint_names", {})

    def entries(self, in_channels: int) -> StateDict:
        """The backbone's entries under ``backbone.``, without content (on torch's ``meta`` device)."""
        backbone = _skeleton(self.build, in_channels)
        return {f"backbone.{name}": value for name, value in backbone.state_dict().items()}


@lru_cache(maxsize=4)
def _skeleton(build: Callable[..., nn.Module], in_channels: int) -> nn.Module:
    with torch.device("meta"):
        return build(in_channels=in_channels)


NETWORKS = {
    network.name: network
    for network in (
        Network("bninception", BNInception, "BNInception", ("conv1_7x7_s2_bn.weight",), normalization="caffe"),
        Network("inception_v3", InceptionV3, "InceptionV3", ("conv_Conv2D.weight",), "top_cls_fc", normalization=None),
        Network("googlenet", GoogLeNet, "googlenet", ("inception_5b_5x5.weight",), normalization="caffe"),
        Network("vgg16", partial(VGG, 16), "vgg16", ("conv5_3.weight", "features.28.weight"), "classifier.6"),
        *(Network(f"resnet{depth}", partial(ResNet, depth), f"resnet{depth}") for depth in _RESNETS.values()),
    )
}


def recognise(entries: Mapping[str, Tensor]) -> Network | None:
    """The network of a file in any system's names; ``None`` for one that is not among :data:`NETWORKS`.

    >>> recognise({"module.base_model.conv1_7x7_s2_bn.weight": torch.zeros(1)}).name
    'bninception'
    """
    bare = {name.replace("/", "_"): value for name, value in strip_wrappers(entries).items()}
    for network in NETWORKS.values():
        if any(mark in bare for mark in network.marks):
            return None if any(mark in bare for mark in _NOT_VGG16) else network
    return _recognise_resnet(bare)


def _recognise_resnet(bare: Mapping[str, Tensor]) -> Network | None:
    blocks = [0, 0, 0, 0]
    convolutions = set()
    for match in filter(None, map(_BLOCK.fullmatch, bare)):
        stage, block, convolution = map(int, match.groups())
        blocks[stage - 1] = max(blocks[stage - 1], block + 1)
        convolutions.add(convolution)
        # networks of grouped or wider convolutions have the same names
        if (stage, block, convolution) == (1, 0, 2) and tuple(bare[match.string].shape) != (64, 64, 3, 3):
            return None
    depth = _RESNETS.get((tuple(blocks), 3 in convolutions))
    return None if depth is None else NETWORKS[f"resnet{depth}"]
