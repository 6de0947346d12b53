"""Conversion of a file of weights from one system's names to another's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from tsn_plugin import __version__
from tsn_plugin.modality import MODALITIES
from tsn_plugin.models.state_dicts import StateDict, squeeze_bn_tensors
from tsn_plugin.models.weights.files import WeightFile, read_weights
from tsn_plugin.models.weights.key_maps import SOURCES, TARGETS, detect
from tsn_plugin.models.weights.networks import HEAD, NETWORKS, Network, recognise

_IMAGES = {
    "caffe": "BGR, 0 to 255, minus the mean; flow minus 128 (normalization='caffe')",
    "imagenet": "RGB, ImageNet's mean and deviation (normalization='imagenet')",
    "inception_v3": "RGB from -1 to 1",
    None: "as in the config that the model was trained with",
}
_SHOWN = 12


@dataclass(frozen=True)
class Conversion:
    """What a conversion did.

    Attributes:
        source_format: a key of :data:`SOURCES`.
        reason: how the format was found.
        target_format: a key of :data:`TARGETS`.
        network: name of the backbone; ``None`` if it is not among :data:`NETWORKS`.
        in_channels: input channels of the first convolution; ``None`` if there is none.
        num_classes: rows of the classifier; ``None`` if there is none.
        images: what the network expects of its images.
        converted: number of entries written.
        left_out: names of entries that are no weights of the model (statistics of the preprocessor, averages).
        unused: names of entries, as in the source, that have no place in the model.
        missing: our names of entries that the model has and the file does not.
    """

    source_format: str
    reason: str
    target_format: str
    network: str | None
    in_channels: int | None
    num_classes: int | None
    images: str
    converted: int
    left_out: tuple[str, ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]

    def summary(self) -> str:
        """A table of two columns."""
        modalities = [record.name for record in MODALITIES.values() if record.in_channels == self.in_channels]
        rows = {
            "from": f"{self.source_format} ({self.reason})",
            "to": f"{self.target_format} ({TARGETS[self.target_format].description})",
            "backbone": self.network or "unknown, so that nothing is said of missing entries",
            "in_channels": f"{self.in_channels} ({' or '.join(modalities) or 'no modality of ours'})",
            "classes": self.num_classes or "no classifier",
            "images": self.images,
            "converted": self.converted,
            "left out": _listed(self.left_out),
            "unused": _listed(self.unused),
            "missing": _listed(self.missing),
        }
        return "\n".join(f"{heading:<12} {content}" for heading, content in rows.items())


def convert_file(
    source: str | Path,
    target: str | Path,
    *,
    source_format: str = "auto",
    target_format: str = "mmaction",
    backbone: str | None = None,
    inverse_std: bool = False,
    allow_unused: bool = False,
) -> Conversion:
    """Convert the weights in ``source`` and write ``target`` as ``{'state_dict': ..., 'meta': ...}``.

    The file appears complete or not at all, and ``torch.load(target, weights_only=True)`` reads it.

    Args:
        source: a ``.caffemodel``, or a PyTorch file.
        target: the file to write.
        source_format: a key of :data:`SOURCES`, or ``'auto'``.
        target_format: a key of :data:`TARGETS`.
        backbone: a key of :data:`NETWORKS`; by default it is recognised.
        inverse_std: see :func:`caffe_entries`.
        allow_unused: whether to drop entries that have no place in the model.

    Raises:
        FileNotFoundError: if there is no such source.
        ValueError: if the file, its format or its backbone cannot be read or told, an entry has no place or another
            shape, or ``source`` and ``target`` are the same file.
    """
    source, target = Path(source), Path(target)
    if target.exists() and target.samefile(source):
        raise ValueError(f"target {target} is the source itself; give another name")
    _check_name("source_format", source_format, ("auto", *SOURCES))
    _check_name("target_format", target_format, tuple(TARGETS))
    file = read_weights(source, inverse_std=inverse_std)
    source_format, reason = _format(file, source_format)
    any_network = source_format == target_format == "mmaction"  # names stay, so that any network passes
    network = _network(file, backbone, required=not any_network)
    entries, unused, own = _to_ours(file, source_format, network, any_network=any_network)
    if unused and not allow_unused:
        raise ValueError(
            f"{source} has {len(unused)} entries without a place in {network.name} with a TSNHead: {_listed(unused)}. "
            "Give another --backbone if this is another network, or drop them with --allow-unused"
        )
    renamed = TARGETS[target_format].from_ours(entries, network, own)
    conversion = Conversion(
        source_format=source_format,
        reason=reason,
        target_format=target_format,
        network=network.name if own else None,
        in_channels=_in_channels(entries),
        num_classes=len(entries[HEAD[0]]) if HEAD[0] in entries else None,
        images=_images(source_format, network),
        converted=len(renamed),
        left_out=file.left_out,
        unused=tuple(unused),
        missing=tuple(name for name in (*own, *HEAD) if name not in entries and _counts(name)) if own else (),
    )
    _write(target, _checkpoint(renamed, conversion, network, source.name))
    return conversion


def _format(file: WeightFile, wanted: str) -> tuple[str, str]:
    if file.is_caffe or wanted == "caffe":
        if not file.is_caffe or wanted not in ("auto", "caffe"):
            kind = "a .caffemodel" if file.is_caffe else "a PyTorch file"
            raise ValueError(f"source_format={wanted!r} does not fit {file.path}, which is {kind}; use 'auto'")
        return "caffe", "layers of a .caffemodel"
    if wanted != "auto":
        return wanted, "as told"
    try:
        return detect(list(file.entries))
    except ValueError as error:
        raise ValueError(f"{file.path}: {error}. Choose one with --from") from error


def _network(file: WeightFile, wanted: str | None, *, required: bool) -> Network | None:
    if wanted is not None:
        _check_name("backbone", wanted, tuple(NETWORKS))
        return NETWORKS[wanted]
    network = recognise(file.entries)
    if network is None and required:
        raise ValueError(
            f"the network in {file.path} is none of {', '.join(NETWORKS)} (its first entries: "
            f"{', '.join(list(file.entries)[:3])}); if it is one of them, name it with --backbone"
        )
    return network


def _to_ours(
    file: WeightFile, source: str, network: Network | None, *, any_network: bool
) -> tuple[StateDict, list[str], StateDict]:
    """The entries in our names, the file's names of those without a place, and the backbone's own entries."""
    own = {} if network is None else network.entries(_in_channels(file.entries) or 3)
    origin = SOURCES[source].to_ours({name: name for name in file.entries}, network, own)
    if any_network and not set(own) & set(origin):
        own = {}  # a network of the same layers under other names, such as MMPretrain's
    unused = [old for new, old in origin.items() if not (any_network or new in own or new in HEAD)]
    entries = {new: file.entries[old] for new, old in origin.items() if old not in unused}
    if source == "caffe":
        entries = _with_biases(entries, own)
    entries = squeeze_bn_tensors(entries, own)
    _check_shapes(entries, own, file.path)
    return entries, unused, own


def _with_biases(entries: StateDict, own: Mapping[str, Tensor]) -> StateDict:
    """Zeros for the biases that a Caffe layer does without (``bias_term: false``) and ours has."""
    completed: StateDict = {}
    for name, value in entries.items():
        completed[name] = value
        bias = f"{name[: -len('weight')]}bias"
        if name.endswith(".weight") and bias in own and bias not in entries:
            completed[bias] = torch.zeros(own[bias].shape)
    return completed


def _check_shapes(entries: Mapping[str, Tensor], own: Mapping[str, Tensor], path: Path) -> None:
    wrong = [name for name in entries if name in own and entries[name].shape != own[name].shape]
    if wrong:
        name = wrong[0]
        raise ValueError(
            f"{path} does not fit: {len(wrong)} entries have another shape, the first is {name!r} with "
            f"{tuple(entries[name].shape)} instead of {tuple(own[name].shape)}; name the network with --backbone"
        )
    if own and not any(name in own for name in entries):
        raise ValueError(
            f"{path} has no entry of the backbone (such as {next(iter(own))!r}): name the format with --from or "
            "the network with --backbone"
        )


def _in_channels(entries: Mapping[str, Tensor]) -> int | None:
    """Input channels of the first convolution: files keep the order of the layers."""
    return next((value.shape[1] for value in entries.values() if value.dim() == 4), None)


def _images(source: str, network: Network | None) -> str:
    if source == "caffe":
        return _IMAGES["caffe"]
    if source.startswith("mmaction") or network is None:
        return _IMAGES[None]
    if network.normalization == "caffe" and source == "tsn-pytorch":
        return f"{_IMAGES['caffe']}; tsn-pytorch subtracted 128 instead of 123 from red"
    return _IMAGES[network.normalization or network.name]


def _checkpoint(entries: StateDict, conversion: Conversion, network: Network | None, origin: str) -> dict:
    facts = ("source_format", "network", "in_channels", "num_classes", "images")
    meta = {fact: getattr(conversion, fact) for fact in facts}
    meta.update(converted_from=origin, tsn_plugin_version=__version__)
    checkpoint = {"state_dict": entries, "meta": meta}
    if conversion.target_format == "tsn-pytorch" and network is not None:
        checkpoint.update(epoch=0, arch=network.arch, best_prec1=0.0)  # its tools read these
    return checkpoint


def _write(path: Path, checkpoint: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        torch.save(checkpoint, partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _check_name(argument: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{argument}={value!r} is unknown; known: {', '.join(known)}")


def _counts(name: str) -> bool:
    """Whether an entry is missed: torch itself fills in the counter of batches, which old files do not have."""
    return not name.endswith("num_batches_tracked")


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{len(names)}: {', '.join(names[:_SHOWN])}{more}" if names else "0"
