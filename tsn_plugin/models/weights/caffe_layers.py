"""Caffe's layers as entries of a state dict, still under Caffe's names of the layers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tsn_plugin.models.state_dicts import StateDict
from tsn_plugin.models.weights.caffe import CaffeLayer

#: order of the blobs of yjxiong's ``BN`` layer
BN_BLOBS = ("weight", "bias", "running_mean", "running_var")
BN_EPS = 1e-5
_WEIGHTED = ("Convolution", "InnerProduct")


def caffe_entries(layers: Sequence[CaffeLayer], *, inverse_std: bool = False) -> StateDict:
    """Entries ``{layer}.weight``, ``.bias``, ``.running_mean`` and ``.running_var``, in the order of the layers.

    Vectors lose their leading axes of one, which differ between releases: ``(1, C)``, ``(1, C, 1, 1)`` or
    ``(1, 1, 1, C)``. The pair ``BatchNorm`` and ``Scale`` of standard Caffe becomes one normalisation ``{conv}_bn`` of
    the convolution that it follows.

    Args:
        layers: as :func:`read_caffemodel` gives them; those without arrays only connect others.
        inverse_std: whether the fourth blob of ``BN`` holds ``(variance + 1e-5) ** -0.5``, as yjxiong's Caffe wrote it
            until April 2016; the TSN release (August 2016) holds the variance.

    Raises:
        ValueError: for a layer of another type, with other arrays than its type has, or whose name comes twice.

    Source: yjxiong's Caffe, ``bn_layer.cpp`` and ``bn_convert_style.py``; Caffe's ``batch_norm_layer.cpp``.
    """
    entries: StateDict = {}
    owners: dict[str, str] = {}  # what is connected by a name to the layer whose entries come from it
    for layer in layers:
        if not layer.blobs:
            continue
        owner, found = _entries_of(layer, owners, inverse_std)
        names = {f"{owner}.{kind}": _tensor(array) for kind, array in found.items()}
        if layer.type != "Scale" and not entries.keys().isdisjoint(names):
            raise ValueError(f"two layers are called {owner!r}: rename one in the prototxt and save the network again")
        entries.update(names)
        owners.update(dict.fromkeys(layer.tops, owner))
    return entries


def _entries_of(layer: CaffeLayer, owners: dict[str, str], inverse_std: bool) -> tuple[str, dict[str, np.ndarray]]:
    """The name under which a layer's arrays are kept, and the arrays by the name of the parameter."""
    if layer.type in _WEIGHTED:
        return layer.name, _weights(layer)
    if layer.type == "BN":
        return layer.name, _batch_normalisation(layer, inverse_std)
    if layer.type == "BatchNorm":
        return f"{_owner(layer, owners)}_bn", _statistics(layer)
    if layer.type == "Scale":
        return _owner(layer, owners), _scale(layer)
    raise ValueError(
        f"layer {layer.name!r} of type {layer.type!r} has weights, but no TSN network has such a layer; known: "
        f"{', '.join((*_WEIGHTED, 'BN', 'BatchNorm', 'Scale'))}"
    )


def _owner(layer: CaffeLayer, owners: dict[str, str]) -> str:
    for bottom in layer.bottoms:
        if bottom in owners:
            return owners[bottom]
    raise ValueError(
        f"layer {layer.name!r} of type {layer.type} reads {', '.join(layer.bottoms) or 'nothing'}, which no layer "
        "with weights before it wrote: save the network together with its connections (bottom and top)"
    )


def _check_count(layer: CaffeLayer, *counts: int) -> None:
    if len(layer.blobs) not in counts:
        wanted = " or ".join(map(str, counts))
        raise ValueError(f"layer {layer.name!r} of type {layer.type} has {len(layer.blobs)} arrays instead of {wanted}")


def _weights(layer: CaffeLayer) -> dict[str, np.ndarray]:
    _check_count(layer, 1, 2)
    weight = layer.blobs[0]
    if layer.type == "InnerProduct":  # (1, 1, K, D) in old files
        weight = weight.reshape(weight.shape[-2:] if weight.ndim >= 2 else (1, -1))
    if len(layer.blobs) == 1:
        return {"weight": weight}
    return {"weight": weight, "bias": layer.blobs[1].reshape(-1)}


def _batch_normalisation(layer: CaffeLayer, inverse_std: bool) -> dict[str, np.ndarray]:
    _check_count(layer, 4)
    arrays = {kind: blob.reshape(-1) for kind, blob in zip(BN_BLOBS, layer.blobs)}
    spread = arrays["running_var"]
    if (spread < 0).any() or (inverse_std and not spread.all()):
        raise ValueError(
            f"layer {layer.name!r} of type BN: its fourth array holds {spread.min()}, which is no "
            f"{'inverse deviation' if inverse_std else 'variance'}: its arrays are not those of a BN layer"
        )
    if inverse_std:
        arrays["running_var"] = np.maximum(spread.astype(np.float64) ** -2 - BN_EPS, 0).astype(np.float32)
    return arrays


def _statistics(layer: CaffeLayer) -> dict[str, np.ndarray]:
    """Mean and variance are sums, to be divided by the third blob; gamma and beta stay neutral without a Scale."""
    _check_count(layer, 3)
    mean, variance = (blob.reshape(-1) for blob in layer.blobs[:2])
    if layer.blobs[2].size != 1:
        raise ValueError(f"layer {layer.name!r} of type BatchNorm has {layer.blobs[2].size} factors instead of 1")
    total = layer.blobs[2].reshape(())
    factor = np.float32(0) if total == 0 else np.float32(1) / total
    neutral = {"weight": np.ones_like(mean), "bias": np.zeros_like(mean)}
    return {**neutral, "running_mean": mean * factor, "running_var": variance * factor}


def _scale(layer: CaffeLayer) -> dict[str, np.ndarray]:
    _check_count(layer, 1, 2)
    weight = layer.blobs[0].reshape(-1)
    return {"weight": weight, "bias": layer.blobs[1].reshape(-1) if len(layer.blobs) == 2 else np.zeros_like(weight)}


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C"))
