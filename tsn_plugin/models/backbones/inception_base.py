"""The form that the Inception networks share: a tree of convolutions and pools over flatly named layers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn


@dataclass(frozen=True)
class Conv:
    """A convolution (with bias), its batch normalisation if the network has any, and a ReLU.

    Attributes:
        name: prefix of the layers' names in the checkpoint.
        out_channels: channels of the output.
        kernel: height and width of the kernel.
        stride: the same for both axes.
        padding: ``None`` keeps the size at stride 1 (half the kernel).
    """

    name: str
    out_channels: int
    kernel: tuple[int, int] = (1, 1)
    stride: int = 1
    padding: tuple[int, int] | None = None

    def build(self, in_channels: int) -> nn.Conv2d:
        """The convolution for this many input channels."""
        padding = (self.kernel[0] // 2, self.kernel[1] // 2) if self.padding is None else self.padding
        return nn.Conv2d(in_channels, self.out_channels, self.kernel, self.stride, padding)


@dataclass(frozen=True)
class Pool:
    """A 3x3 pool.

    Attributes:
        kind: ``'max'``, or ``'avg'`` whose divisor counts the padding.
        stride: the same for both axes.
        padding: pixels on each side.
        ceil_mode: whether a last, incomplete window counts.
    """

    kind: str
    stride: int = 1
    padding: int = 1
    ceil_mode: bool = False

    def __call__(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to the pooled map."""
        pool = F.max_pool2d if self.kind == "max" else F.avg_pool2d
        return pool(x, 3, self.stride, self.padding, ceil_mode=self.ceil_mode)


@dataclass(frozen=True)
class Concat:
    """Branches that read the same map and whose outputs are concatenated over the channels."""

    name: str
    branches: tuple[tuple[Node, ...], ...]


#: or another function of a map
Node = Union[Conv, Pool, Concat, Callable[[Tensor], Tensor]]


class InceptionBase(BaseModule):
    """Backbone given as a sequence of nodes; all its layers are direct children, named as in the checkpoint.

    Args:
        nodes: the network, first layer first.
        in_channels: channels of the input images.
        conv_suffix: what follows a :class:`Conv`'s name in the name of its convolution.
        bn_suffix: the same for its batch normalisation; None for a network without.
        bn_eps: epsilon of all batch normalisations.
        init_cfg: MMEngine's initialisation config; by default He's normal initialisation.
    """

    def __init__(
        self,
        nodes: tuple[Node, ...],
        *,
        in_channels: int,
        conv_suffix: str,
        bn_suffix: str | None,
        bn_eps: float = 1e-5,
        init_cfg: dict | list[dict] | None,
    ) -> None:
        default_init = [
            dict(type="Kaiming", layer="Conv2d", mode="fan_in"),
            dict(type="Constant", layer="BatchNorm2d", val=1.0),
        ]
        super().__init__(default_init if init_cfg is None else init_cfg)
        self.nodes = nodes
        self.in_channels = in_channels
        self.conv_suffix, self.bn_suffix, self.bn_eps = conv_suffix, bn_suffix, bn_eps
        self.out_channels = self._add_sequence(nodes, in_channels)

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(N, in_channels, H, W)`` to one feature map ``(N, out_channels, H', W')``."""
        return self._run_sequence(self.nodes, images)

    def _add_sequence(self, nodes: tuple[Node, ...], channels: int) -> int:
        """Register the layers of ``nodes`` and return the number of output channels."""
        for node in nodes:
            if isinstance(node, Conv):
                self.add_module(node.name + self.conv_suffix, node.build(channels))
                if self.bn_suffix is not None:
                    self.add_module(node.name + self.bn_suffix, nn.BatchNorm2d(node.out_channels, eps=self.bn_eps))
                channels = node.out_channels
            elif isinstance(node, Concat):
                channels = sum(self._add_sequence(branch, channels) for branch in node.branches)
        return channels

    def _run_sequence(self, nodes: tuple[Node, ...], x: Tensor) -> Tensor:
        for node in nodes:
            if isinstance(node, Conv):
                x = self._run_conv(node, x)
            elif isinstance(node, Concat):
                x = self._run_concat(node, x)
            else:
                x = node(x)
        return x

    def _run_conv(self, node: Conv, x: Tensor) -> Tensor:
        x = getattr(self, node.name + self.conv_suffix)(x)
        if self.bn_suffix is not None:
            x = getattr(self, node.name + self.bn_suffix)(x)
        return F.relu(x, inplace=True)

    def _run_concat(self, node: Concat, x: Tensor) -> Tensor:
        return torch.cat([self._run_sequence(branch, x) for branch in node.branches], dim=1)

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: object) -> None:
        """Give BN tensors of shape ``(1, C)`` their shape ``(C,)``; torch then hands them on to the layers.

        Source: the released files were converted from Caffe, whose BN blobs have two axes.
        """
        for name, own in self.state_dict().items():
            loaded = state_dict.get(prefix + name)
            if loaded is not None and own.dim() == 1 and tuple(loaded.shape) == (1, own.numel()):
                state_dict[prefix + name] = loaded.reshape(own.shape)
        super()._load_from_state_dict(state_dict, prefix, *args)
