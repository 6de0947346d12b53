"""GoogLeNet without batch normalisation, with Caffe's arithmetic and names."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from tsn_plugin.models.backbones.inception_base import Concat, Conv, InceptionBase, Pool
from tsn_plugin.registry import MODELS

# name, 1x1, 3x3 (reduce, out), 5x5 (reduce, out), projection after the pool
BLOCKS = (
    ("3a", 64, (96, 128), (16, 32), 32),
    ("3b", 128, (128, 192), (32, 96), 64),
    ("4a", 192, (96, 208), (16, 48), 64),
    ("4b", 160, (112, 224), (24, 64), 64),
    ("4c", 128, (128, 256), (24, 64), 64),
    ("4d", 112, (144, 288), (32, 64), 64),
    ("4e", 256, (160, 320), (32, 128), 128),
    ("5a", 256, (160, 320), (32, 128), 128),
    ("5b", 384, (192, 384), (48, 128), 128),
)
HALVING_POOL = Pool("max", stride=2, padding=0, ceil_mode=True)


@dataclass(frozen=True)
class LocalResponseNorm:
    """Division by the activity of the neighbouring channels.

    Attributes:
        size: channels that count, with the channel itself in the middle.
        alpha: weight of their mean square.
        beta: exponent.
    """

    size: int = 5
    alpha: float = 1e-4
    beta: float = 0.75

    def __call__(self, x: Tensor) -> Tensor:
        """``(N, C, H, W)`` to the same shape."""
        return F.local_response_norm(x, self.size, alpha=self.alpha, beta=self.beta, k=1.0)


STEM = (
    Conv("conv1_7x7_s2", 64, (7, 7), stride=2),
    HALVING_POOL,
    LocalResponseNorm(),
    Conv("conv2_3x3_reduce", 64),
    Conv("conv2_3x3", 192, (3, 3)),
    LocalResponseNorm(),
    HALVING_POOL,
)


def _block(name: str, conv1: int, conv3: tuple[int, int], conv5: tuple[int, int], projection: int) -> Concat:
    """One row of :data:`BLOCKS` as branches, in the order of their concatenation."""
    prefix = f"inception_{name}"
    return Concat(
        prefix,
        (
            (Conv(f"{prefix}_1x1", conv1),),
            (Conv(f"{prefix}_3x3_reduce", conv3[0]), Conv(f"{prefix}_3x3", conv3[1], (3, 3))),
            (Conv(f"{prefix}_5x5_reduce", conv5[0]), Conv(f"{prefix}_5x5", conv5[1], (5, 5))),
            (Pool("max"), Conv(f"{prefix}_pool_proj", projection)),
        ),
    )


@MODELS.register_module()
class GoogLeNet(InceptionBase):
    """GoogLeNet (Szegedy et al. 2015): ``(N, in_channels, H, W)`` to ``(N, 1024, H/32, W/32)``.

    The network of the BVLC Caffe model zoo, without its two auxiliary classifiers; names are Caffe's, with ``_`` for
    ``/``. It expects images in BGR order, 0 to 255, minus the mean. torchvision's network of this name is another: it
    has batch normalisation, and 3x3 in the place of 5x5 convolutions.

    Args:
        in_channels: 3 for RGB, 10 for five flow fields, 15 for five RGB differences.
        init_cfg: MMEngine's initialisation config; default He's normal distribution.

    Source: ``models/bvlc_googlenet/train_val.prototxt`` of Caffe.
    """

    def __init__(self, in_channels: int = 3, init_cfg: dict | list[dict] | None = None) -> None:
        three, four, five = ([_block(*row) for row in BLOCKS if row[0].startswith(stage)] for stage in ("3", "4", "5"))
        nodes = (*STEM, *three, HALVING_POOL, *four, HALVING_POOL, *five)
        super().__init__(nodes, in_channels=in_channels, conv_suffix="", bn_suffix=None, init_cfg=init_cfg)
