"""Backbones of other packages, which MMAction2's recognizers build by prefix (``timm.NAME``)."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

TORCHVISION = (
    f"install the release that belongs to your torch {torch.__version__} from the same index as that; a CUDA build of "
    "torchvision cannot be imported beside a CPU build of torch"
)
#: by package: how to install it, and what to avoid
ADVICE = {
    "torchvision": f"pip install torchvision: {TORCHVISION}",
    "timm": f"pip install 'timm>=0.9'. It needs torchvision: {TORCHVISION}",
    "mmpretrain": (
        "pip install mmpretrain (not mim install, nor mmpretrain[mim], which put mmcv over mmcv-lite), or take "
        f"timm.resnext101_32x4d for ResNeXt-101 32x4d. It needs torchvision: {TORCHVISION}"
    ),
    "mmcls": "its successor is mmpretrain and has the same backbones: write mmpretrain in the place of mmcls",
}


def require_package(backbone_type: Any) -> None:
    """Import the package that the prefix of a backbone's ``type`` names; other types pass.

    Raises:
        ImportError: if it cannot be imported; the message says how to install it.
    """
    package = backbone_type.partition(".")[0] if isinstance(backbone_type, str) else ""
    if package not in ADVICE:
        return
    try:
        importlib.import_module(f"{package}.models")
    except (ImportError, RuntimeError, AssertionError) as error:  # built for another torch; mmcv of another version
        raise ImportError(
            f"backbone.type={backbone_type!r} needs the package {package}, which cannot be imported ({error}): "
            f"{ADVICE[package]}"
        ) from error


def declared_feature_shape(backbone: nn.Module) -> str | None:
    """``'NHWC'`` for a network of timm that declares channels-last features; ``None`` leaves it to MMAction2.

    MMAction2 takes every 4-dimensional map for ``NCHW`` unless the config says ``feature_shape='NHWC'``; of Swin in
    timm 0.9 and newer it then averages over columns and channels.
    """
    return "NHWC" if str(getattr(backbone, "output_fmt", "")).endswith("NHWC") else None
