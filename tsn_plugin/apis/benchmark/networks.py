"""The same network as MMAction2 runs it and as this package does."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.model import BaseModel
from mmengine.runner import load_checkpoint

from tsn_plugin.apis.benchmark.timing import STOCK
from tsn_plugin.registry import MODELS

StateDict = dict[str, torch.Tensor]
NUM_CLASSES = 400
STATISTICS = dict(mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375])


@dataclass(frozen=True)
class Network:
    """A backbone and what its head expects.

    Attributes:
        backbone: config.
        channels: of its feature map.
    """

    backbone: dict
    channels: int


#: MMAction2 has no BN-Inception; there its recognizer and head run our backbone
NETWORKS = {
    "bninception": Network(dict(type="tsn_plugin.BNInception"), 1024),
    "resnet50": Network(dict(type="mmaction.ResNet", depth=50, norm_eval=False), 2048),
    "resnet18": Network(dict(type="mmaction.ResNet", depth=18, norm_eval=False), 512),
}


def build_model(network: Network, *, way: str, num_classes: int = NUM_CLASSES) -> BaseModel:
    """A recognizer with the stock recognizer, head and preprocessor, or with ours and channels-last weights."""
    own = "mmaction." if way == STOCK else "tsn_plugin."
    config = dict(
        type=f"{own}Recognizer2D",
        data_preprocessor=dict(type=f"{own}ActionDataPreprocessor", **STATISTICS),
        backbone=copy.deepcopy(network.backbone),
        cls_head=dict(
            type=f"{own}TSNHead", num_classes=num_classes, in_channels=network.channels, average_clips="score"
        ),
        **({} if way == STOCK else dict(channels_last=True)),
    )
    return MODELS.build(config)


def initial_weights(network: Network, *, checkpoint: str | None = None, num_classes: int = NUM_CLASSES) -> StateDict:
    """Weights for both sides: those of a file, or always the same random ones with plausible batch statistics."""
    torch.manual_seed(0)
    model = build_model(network, way=STOCK, num_classes=num_classes)
    if checkpoint is None:
        _spread_batch_statistics(model)
    else:
        load_checkpoint(model, checkpoint, map_location="cpu", strict=True)
    return model.state_dict()


def ready_to_test(model: BaseModel, *, device: str, way: str, compiled: bool) -> BaseModel:
    """The model in evaluation mode on the device; ours with batch normalisation folded into its convolutions."""
    model = model.to(device).eval()
    if way != STOCK:
        model.backbone = fuse_conv_bn(model.backbone)
        model.backbone.to(memory_format=torch.channels_last)
        if compiled:
            model.backbone = torch.compile(model.backbone)
    return model


def synchronizer(device: str) -> Callable[[], None]:
    """Waits until the device has done what it was told to."""
    return torch.cuda.synchronize if device.startswith("cuda") else _nothing


def _nothing() -> None:
    return


def _spread_batch_statistics(model: BaseModel) -> None:
    """Let one batch of noise set mean and variance, so that random networks tell their inputs apart."""
    layers = [layer for layer in model.backbone.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for layer in layers:
        layer.momentum = 1.0
    model.backbone.train()
    with torch.no_grad():
        model.backbone(torch.randn(4, 3, 224, 224))
    for layer in layers:
        layer.momentum = 0.1
