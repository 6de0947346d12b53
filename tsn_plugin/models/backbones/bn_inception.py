"""BN-Inception, the network of the TSN paper, with Caffe's arithmetic and the reference checkpoint's names."""

from __future__ import annotations

from torch import Tensor

from tsn_plugin.models.backbones.inception_base import Concat, Conv, InceptionBase, Node, Pool
from tsn_plugin.registry import MODELS

# name, 1x1, 3x3 (reduce, out), double 3x3 (reduce, out), pool, projection after the pool, stride; 0 = absent
BLOCKS = (
    ("3a", 64, (64, 64), (64, 96), "avg", 32, 1),
    ("3b", 64, (64, 96), (64, 96), "avg", 64, 1),
    ("3c", 0, (128, 160), (64, 96), "max", 0, 2),
    ("4a", 224, (64, 96), (96, 128), "avg", 128, 1),
    ("4b", 192, (96, 128), (96, 128), "avg", 128, 1),
    ("4c", 160, (128, 160), (128, 160), "avg", 128, 1),
    ("4d", 96, (128, 192), (160, 192), "avg", 128, 1),
    ("4e", 0, (128, 192), (192, 256), "max", 0, 2),
    ("5a", 352, (192, 320), (160, 224), "avg", 128, 1),
    ("5b", 352, (192, 320), (192, 224), "max", 128, 1),
)
# Caffe rounds the size of a pooled map up; without padding that shows whenever the side is even
HALVING_POOL = Pool("max", stride=2, padding=0, ceil_mode=True)
STEM = (
    Conv("conv1_7x7_s2", 64, (7, 7), stride=2),
    HALVING_POOL,
    Conv("conv2_3x3_reduce", 64),
    Conv("conv2_3x3", 192, (3, 3)),
    HALVING_POOL,
)


def _block(
    name: str, conv1: int, conv3: tuple[int, int], double3: tuple[int, int], pool: str, projection: int, stride: int
) -> Concat:
    """One row of :data:`BLOCKS` as branches, in the order of their concatenation."""
    prefix = f"inception_{name}"
    branches: list[tuple[Node, ...]] = [
        (Conv(f"{prefix}_3x3_reduce", conv3[0]), Conv(f"{prefix}_3x3", conv3[1], (3, 3), stride)),
        (
            Conv(f"{prefix}_double_3x3_reduce", double3[0]),
            Conv(f"{prefix}_double_3x3_1", double3[1], (3, 3)),
            Conv(f"{prefix}_double_3x3_2", double3[1], (3, 3), stride),
        ),
        (Pool(pool), Conv(f"{prefix}_pool_proj", projection)) if projection else (HALVING_POOL,),
    ]
    if conv1:
        branches.insert(0, (Conv(f"{prefix}_1x1", conv1),))
    return Concat(prefix, tuple(branches))


@MODELS.register_module()
class BNInception(InceptionBase):
    """BN-Inception (Ioffe & Szegedy 2015): ``(N, in_channels, H, W)`` to ``(N, 1024, H/32, W/32)``.

    The names of its layers are those of the released ImageNet checkpoint (``open-mmlab://bninception_caffe``), which
    expects images in BGR order, 0 to 255, minus the mean (104, 117, 123). Average pools divide by the window
    with its padding, and the pool of the last block takes the maximum, as in the Caffe prototxt.

    Args:
        in_channels: 3 for RGB, 10 for five flow fields, 15 for five RGB differences.
        init_cfg: MMEngine's initialisation config. The default draws from He's normal distribution where
            the prototxt has Xavier's with biases of 0.2: batch normalisation makes both alike, and He's
            keeps the scale of the signal while :class:`PartialBNHook` holds the statistics at their start.

    Source: ``models/ucf101/tsn_bn_inception_rgb_train_val.prototxt`` of the Caffe release.
    """

    def __init__(self, in_channels: int = 3, init_cfg: dict | list[dict] | None = None) -> None:
        nodes = (*STEM, *(_block(*row) for row in BLOCKS))
        super().__init__(
            nodes, in_channels=in_channels, conv_suffix="", bn_suffix="_bn", bn_eps=1e-5, init_cfg=init_cfg
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(N, in_channels, H, W)`` to features ``(N, 1024, H/32, W/32)``.

        Raises:
            ValueError: if a side is no multiple of 32: Caffe's rounding then differs between convolution and pool.
        """
        height, width = images.shape[-2:]
        if height % 32 or width % 32:
            raise ValueError(
                f"BNInception got images of {height}x{width}; both sides must be multiples of 32 "
                "(224 in the original): resize or crop to such a size in the pipeline"
            )
        return super().forward(images)
