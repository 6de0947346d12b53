"""Maps between other systems' names of entries and ours, which are MMAction2's: ``backbone.*``, ``cls_head.fc_cls.*``.

A map takes and returns a dict by names; it leaves the values alone, whatever they are. Names without a counterpart
come out as names that no model of ours has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from tsn_plugin.models.state_dicts import StateDict, match_names, rename_layers
from tsn_plugin.models.weights.networks import HEAD_LAYER, Network

Value = TypeVar("Value")
#: a dict by the source's names to one by the target's
KeyMap = Callable[[Mapping[str, Value], Network, StateDict], dict[str, Value]]

#: Caffe's last layer: ``fc-action`` in the TSN release, ``fc8*`` in VGG; ``fc6`` and ``fc7`` belong to the backbone
_CAFFE_CLASSIFIER = re.compile(r"(?:fc(?![67])[\w-]*|loss3/classifier)\.(weight|bias)")
_TSN_PYTORCH_CLASSIFIER = re.compile(r"(?:new_fc|base_model\.(?:fc|classif|top_cls_fc))\.(weight|bias)")
_CONV_MODULE = (
    (re.compile(r"\bconv(\d+)\.conv\.(weight|bias)$"), r"conv\1.\2"),
    (re.compile(r"\bconv(\d+)\.bn\."), r"bn\1."),
    (re.compile(r"\bdownsample\.conv\."), "downsample.0."),
    (re.compile(r"\bdownsample\.bn\."), "downsample.1."),
)


@dataclass(frozen=True)
class Source:
    """A system whose files are read: what its names look like, and the map to ours."""

    description: str
    to_ours: KeyMap


@dataclass(frozen=True)
class Target:
    """A system whose files are written: what its names look like, and the map from ours."""

    description: str
    from_ours: KeyMap


def caffe_to_ours(named: Mapping[str, Value], network: Network, own: StateDict) -> dict[str, Value]:
    """``conv1/7x7_s2.weight`` to ``backbone.conv1_7x7_s2.weight``, ``fc-action.*`` to the head."""
    renamed = {}
    for name, value in named.items():
        classifier = _CAFFE_CLASSIFIER.fullmatch(name)
        new = f"{HEAD_LAYER}.{classifier[1]}" if classifier else f"backbone.{name.replace('/', '_')}"
        _add(renamed, new, value)
    return renamed


def bare_to_ours(named: Mapping[str, Value], network: Network, own: StateDict) -> dict[str, Value]:
    """A network on its own, as torchvision or the original's model zoo publish it: no prefix, ``fc.*``."""
    layers = {**network.layer_names(), network.classifier: HEAD_LAYER}
    renamed: dict[str, Value] = {}
    for name, value in rename_layers(_without(named, "module."), layers).items():
        _add(renamed, name if name.startswith(f"{HEAD_LAYER}.") else f"backbone.{name}", value)
    return match_names(renamed, own)


def tsn_pytorch_to_ours(named: Mapping[str, Value], network: Network, own: StateDict) -> dict[str, Value]:
    """``module.base_model.*`` and ``module.new_fc.*`` (``base_model.fc.*`` without dropout)."""
    renamed: dict[str, Value] = {}
    for name, value in _without(named, "module.").items():
        classifier = _TSN_PYTORCH_CLASSIFIER.fullmatch(name)
        new = f"{HEAD_LAYER}.{classifier[1]}" if classifier else re.sub(r"^base_model\.", "backbone.", name)
        _add(renamed, new, value)
    return match_names(renamed, own)


def mmaction01_to_ours(named: Mapping[str, Value], network: Network, own: StateDict) -> dict[str, Value]:
    """Our names from mmaction 0.1's: our prefixes, but torchvision's names of residual networks."""
    return match_names(_without(named, "module."), own)


def mmaction_to_ours(named: Mapping[str, Value], network: Network | None, own: StateDict) -> dict[str, Value]:
    """Our names from those of MMAction2 0.x and 1.x, which are the same."""
    return _without(named, "module.")


def ours_to_bare(named: Mapping[str, Value], network: Network, own: StateDict) -> dict[str, Value]:
    """The inverse of :func:`bare_to_ours`."""
    layers = {ours: theirs for theirs, ours in network.layer_names().items()}
    bare = {re.sub(r"^backbone\.", "", name): value for name, value in _with_torchvision_names(named).items()}
    return rename_layers(bare, {**layers, HEAD_LAYER: network.classifier})


def ours_to_tsn_pytorch(named: Mapping[str, Value], network: Network, own: StateDict) -> dict[str, Value]:
    """The inverse of :func:`tsn_pytorch_to_ours`, with dropout, in the names that ``DataParallel`` gives."""
    renamed = rename_layers(_with_torchvision_names(named), {HEAD_LAYER: "module.new_fc"})
    return {re.sub(r"^backbone\.", "module.base_model.", name): value for name, value in renamed.items()}


def ours_to_mmaction01(named: Mapping[str, Value], network: Network, own: StateDict) -> dict[str, Value]:
    """The inverse of :func:`mmaction01_to_ours`."""
    return _with_torchvision_names(named)


def ours_to_mmaction(named: Mapping[str, Value], network: Network | None, own: StateDict) -> dict[str, Value]:
    """Our names are MMAction2's."""
    return dict(named)


SOURCES = {
    "caffe": Source("a .caffemodel: conv1/7x7_s2, fc-action", caffe_to_ours),
    "bare": Source("a network on its own: conv1_7x7_s2.* or conv1.*, fc.*", bare_to_ours),
    "tsn-pytorch": Source("tsn-pytorch: base_model.*, new_fc.*", tsn_pytorch_to_ours),
    "mmaction-0.1": Source("mmaction 0.1: backbone.bn1.*, cls_head.fc_cls.*", mmaction01_to_ours),
    "mmaction": Source("MMAction2 or ours: backbone.*, cls_head.fc_cls.*", mmaction_to_ours),
}
TARGETS = {
    "mmaction": Target("MMAction2 and ours", ours_to_mmaction),
    "tsn-pytorch": Target("tsn-pytorch", ours_to_tsn_pytorch),
    "mmaction-0.1": Target("mmaction 0.1", ours_to_mmaction01),
    "bare": Target("a network on its own", ours_to_bare),
}


def detect(names: list[str]) -> tuple[str, str]:
    """The system (a key of :data:`SOURCES`) that gave the names in a PyTorch file, and what told it.

    Raises:
        ValueError: if the names are none that a system here gives.
    """
    stripped = list(_without(dict.fromkeys(names), "module."))
    counts = {prefix: sum(name.startswith(prefix) for name in stripped) for prefix in ("base_model.", "backbone.")}
    if counts["base_model."]:
        return "tsn-pytorch", f"{counts['base_model.']} names begin with base_model."
    if "backbone.bn1.weight" in stripped and "backbone.layer1.0.bn1.weight" in stripped:
        return "mmaction-0.1", "backbone. is followed by torchvision's names (bn1)"
    if counts["backbone."]:
        return "mmaction", f"{counts['backbone.']} names begin with backbone."
    roots = sorted({name.split(".")[0] for name in stripped})
    if {"conv1_7x7_s2", "conv1", "conv_Conv2D", "conv1_1", "features"}.intersection(roots):
        return "bare", f"the layers have no prefix ({', '.join(roots[:3])} ...)"
    raise ValueError(
        f"the names begin with {', '.join(roots[:8])}, which tells no format; known: "
        + "; ".join(f"{name} ({source.description})" for name, source in SOURCES.items())
    )


def _without(named: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    stripped: dict[str, Value] = {}
    for name, value in named.items():
        _add(stripped, name[len(prefix) :] if name.startswith(prefix) else name, value)
    return stripped


def _with_torchvision_names(named: Mapping[str, Value]) -> dict[str, Value]:
    renamed = {}
    for name, value in named.items():
        new = name
        for pattern, replacement in _CONV_MODULE:
            new = pattern.sub(replacement, new)
        renamed[new] = value
    return renamed


def _add(renamed: dict[str, Value], name: str, value: Value) -> None:
    if name in renamed:
        raise ValueError(f"two entries of the file become {name!r}: leave one of them out of it")
    renamed[name] = value
