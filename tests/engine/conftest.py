from __future__ import annotations

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.registry import DefaultScope
from torch import nn

import tsn_plugin.engine  # noqa: F401


class TinyNet(BaseModel):
    """Three convolutions with BN, and a classifier: the smallest model that partial BN means something for."""

    def __init__(self, norm=nn.BatchNorm2d):
        super().__init__()
        layers = []
        for channels in (3, 4, 4):
            layers += [nn.Conv2d(channels, 4, 3, padding=1), norm(4), nn.ReLU()]
        self.backbone = nn.Sequential(*layers)
        self.fc = nn.Linear(4, 2)

    def forward(self, inputs, labels=None, mode="tensor"):
        if not isinstance(inputs, torch.Tensor):
            inputs, labels = torch.stack(inputs), torch.stack(labels)
        scores = self.fc(self.backbone(inputs).mean((2, 3)))
        if mode == "loss":
            return dict(loss=nn.functional.cross_entropy(scores, labels))
        return [scores] if mode == "predict" else scores


@pytest.fixture
def tiny_net():
    def build(norm=nn.BatchNorm2d):
        torch.manual_seed(0)
        return TinyNet(norm)

    return build


@pytest.fixture
def tiny_batch():
    """Keyword arguments of the model's forward: four images and labels, other ones for each seed."""

    def build(seed=0):
        generator = torch.Generator().manual_seed(seed)
        return dict(inputs=torch.randn(4, 3, 6, 6, generator=generator), labels=torch.tensor([0, 1, 1, 0]))

    return build


@pytest.fixture
def restore_default_scope():
    """Runners leave their scope behind."""
    instances = dict(DefaultScope._instance_dict)
    yield
    DefaultScope._instance_dict.clear()
    DefaultScope._instance_dict.update(instances)
