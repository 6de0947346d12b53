"""VGG networks with their fully connected layers."""

from __future__ import annotations

import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from tsn_plugin.registry import MODELS

#: convolutions of the five stages, by depth
STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
CHANNELS = (64, 128, 256, 512, 512)
FEATURES = 4096


@MODELS.register_module()
class VGG(BaseModule):
    """VGG (Simonyan & Zisserman 2015) up to ``fc7``: ``(N, in_channels, H, W)`` to ``(N, width, 1, 1)``.

    Layers have Caffe's names (``conv1_1`` ... ``fc7``); torchvision's files (``features.0`` ..., ``classifier.3``) load
    through ``CrossModalityPretrained``. Maps of another size than the 7x7 of 224x224 images are averaged to it, as in
    torchvision. Dropout follows ``fc6``; the one after ``fc7`` is the head's.

    Args:
        depth: 11, 13, 16 or 19 layers with weights.
        in_channels: 3 for RGB, 10 for five flow fields, 15 for five RGB differences.
        width: features of ``fc6`` and ``fc7``.
        dropout_ratio: after ``fc6``; the two-stream networks have 0.9 or 0.8 there, ImageNet's 0.5.
        init_cfg: MMEngine's initialisation config; default He's normal distribution.

    Raises:
        ValueError: for another depth.
    """

    def __init__(
        self,
        depth: int = 16,
        in_channels: int = 3,
        *,
        width: int = FEATURES,
        dropout_ratio: float = 0.5,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if depth not in STAGES:
            raise ValueError(f"depth={depth} is unknown; known: {', '.join(map(str, STAGES))}")
        super().__init__(dict(type="Kaiming", layer=["Conv2d", "Linear"]) if init_cfg is None else init_cfg)
        self.stages = tuple(
            tuple(f"conv{stage}_{number}" for number in range(1, count + 1))
            for stage, count in enumerate(STAGES[depth], start=1)
        )
        channels = in_channels
        for names, out_channels in zip(self.stages, CHANNELS):
            for name in names:
                self.add_module(name, nn.Conv2d(channels, out_channels, 3, padding=1))
                channels = out_channels
        self.fc6 = nn.Linear(channels * 7 * 7, width)
        self.fc7 = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout_ratio)
        self.out_channels = width

    @property
    def checkpoint_names(self) -> dict[str, str]:
        """Names of the layers by those in torchvision's files.

        >>> list(VGG(11, width=1).checkpoint_names.items())[:2]
        [('features.0', 'conv1_1'), ('features.3', 'conv2_1')]
        """
        names, place = {"classifier.0": "fc6", "classifier.3": "fc7"}, 0
        convolutions = {}
        for stage in self.stages:
            for name in stage:
                convolutions[f"features.{place}"] = name
                place += 2  # its ReLU counts
            place += 1  # so does the pool
        return {**convolutions, **names}

    def forward(self, images: Tensor) -> Tensor:
        """Images ``(N, in_channels, H, W)`` to features ``(N, width, 1, 1)``."""
        x = images
        for names in self.stages:
            for name in names:
                x = F.relu(getattr(self, name)(x), inplace=True)
            x = F.max_pool2d(x, 2)
        x = F.adaptive_avg_pool2d(x, 7).flatten(1)
        x = self.dropout(F.relu(self.fc6(x)))
        return F.relu(self.fc7(x))[..., None, None]
