"""Inception v3 with the layer names of the TensorFlow graph that the original model zoo was converted from."""

from __future__ import annotations

from torch import Tensor

from tsn_plugin.models.backbones.inception_base import Concat, Conv, InceptionBase, Node, Pool
from tsn_plugin.registry import MODELS

VALID = (0, 0)
HALVING_POOL = Pool("max", stride=2, padding=0)
STEM = (
    Conv("conv", 32, (3, 3), 2, VALID),
    Conv("conv_1", 32, (3, 3), 1, VALID),
    Conv("conv_2", 64, (3, 3)),
    HALVING_POOL,
    Conv("conv_3", 80),
    Conv("conv_4", 192, (3, 3), 1, VALID),
    HALVING_POOL,
)
SMALLEST_SIDE = 75


def _chain(prefix: str, *layers: tuple) -> tuple[Conv, ...]:
    """Convolutions named ``{prefix}_conv``, ``{prefix}_conv_1``, ...; each layer is (channels, kernel, ...)."""
    names = [f"{prefix}_conv" if i == 0 else f"{prefix}_conv_{i}" for i in range(len(layers))]
    return tuple(Conv(name, *layer) for name, layer in zip(names, layers))


def _grid35(name: str, projection: int) -> Concat:
    return Concat(
        name,
        (
            _chain(name, (64,)),
            _chain(f"{name}_tower", (48,), (64, (5, 5))),
            _chain(f"{name}_tower_1", (64,), (96, (3, 3)), (96, (3, 3))),
            (Pool("avg"), *_chain(f"{name}_tower_2", (projection,))),
        ),
    )


def _grid35_to_17(name: str) -> Concat:
    return Concat(
        name,
        (
            _chain(name, (384, (3, 3), 2, VALID)),
            _chain(f"{name}_tower", (64,), (96, (3, 3)), (96, (3, 3), 2, VALID)),
            (HALVING_POOL,),
        ),
    )


def _grid17(name: str, width: int) -> Concat:
    tall, wide = (7, 1), (1, 7)
    return Concat(
        name,
        (
            _chain(name, (192,)),
            _chain(f"{name}_tower", (width,), (width, tall), (192, wide)),
            _chain(f"{name}_tower_1", (width,), (width, wide), (width, tall), (width, wide), (192, tall)),
            (Pool("avg"), *_chain(f"{name}_tower_2", (192,))),
        ),
    )


def _grid17_to_8(name: str) -> Concat:
    return Concat(
        name,
        (
            _chain(f"{name}_tower", (192,), (320, (3, 3), 2, VALID)),
            _chain(f"{name}_tower_1", (192,), (192, (7, 1)), (192, (1, 7)), (192, (3, 3), 2, VALID)),
            (HALVING_POOL,),
        ),
    )


def _grid8(name: str, pool: str) -> Concat:
    def fork(prefix: str) -> Concat:
        tall, wide = _chain(f"{prefix}_mixed", (384, (3, 1)), (384, (1, 3)))
        return Concat(f"{prefix}_mixed", ((tall,), (wide,)))

    tower, tower_1 = f"{name}_tower", f"{name}_tower_1"
    branches: tuple[tuple[Node, ...], ...] = (
        _chain(name, (320,)),
        (*_chain(tower, (384,)), fork(tower)),
        (*_chain(tower_1, (448,), (384, (3, 3))), fork(tower_1)),
        (Pool(pool), *_chain(f"{name}_tower_2", (192,))),
    )
    return Concat(name, branches)


BLOCKS = (
    _grid35("mixed", 32),
    _grid35("mixed_1", 64),
    _grid35("mixed_2", 64),
    _grid35_to_17("mixed_3"),
    _grid17("mixed_4", 128),
    _grid17("mixed_5", 160),
    _grid17("mixed_6", 160),
    _grid17("mixed_7", 192),
    _grid17_to_8("mixed_8"),
    _grid8("mixed_9", "avg"),
    _grid8("mixed_10", "max"),
)


@MODELS.register_module()
class InceptionV3(InceptionBase):
    """Inception v3 (Szegedy et al. 2016): ``(N, in_channels, H, W)`` to ``(N, 2048, H', W')``, 8x8 for 299x299.

    The names of its layers are those of the original's model zoo, whose images are RGB in ``[-1, 1]``. The sizes of
    halved maps are rounded down, as TensorFlow does without padding, so that any side from 75 pixels on fits.

    Args:
        in_channels: 3 for RGB, 10 for five flow fields, 15 for five RGB differences.
        init_cfg: MMEngine's initialisation config; by default He's normal initialisation.

    Source: the Inception graph of December 2015 in the model zoo of tsn-pytorch.
    """

    def __init__(self, in_channels: int = 3, init_cfg: dict | list[dict] | None = None) -> None:
        super().__init__(
            (*STEM, *BLOCKS),
            in_channels=in_channels,
            conv_suffix="_Conv2D",
            bn_suffix="_batchnorm",
            bn_eps=1e-5,
            init_cfg=init_cfg,
        )

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(N, in_channels, H, W)`` to features ``(N, 2048, H', W')``.

        Raises:
            ValueError: if a side is below 75 pixels: nothing would be left of the map.
        """
        if min(images.shape[-2:]) < SMALLEST_SIDE:
            height, width = images.shape[-2:]
            raise ValueError(
                f"InceptionV3 got images of {height}x{width}; both sides must be at least {SMALLEST_SIDE} pixels "
                "(299 in the original)"
            )
        return super().forward(images)
