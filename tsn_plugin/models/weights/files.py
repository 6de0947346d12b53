"""Files of weights, Caffe's or PyTorch's, as tensors by name."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from tsn_plugin.models.state_dicts import StateDict
from tsn_plugin.models.weights.caffe import read_caffemodel
from tsn_plugin.models.weights.caffe_layers import caffe_entries
from tsn_plugin.structures.torch_files import load_torch_file

#: how the files that torch writes begin: a zip archive, or before torch 1.6 a pickle
_TORCH = (b"PK", b"\x80")
#: entries beside the model's weights: the preprocessor's statistics, and the averages that mmcv 1's EMAHook kept
_NO_WEIGHTS = ("data_preprocessor.", "ema_")


@dataclass(frozen=True)
class WeightFile:
    """The content of a file.

    Attributes:
        path: where it came from.
        entries: tensors by the file's own names, in its order.
        left_out: names of entries that are no weights of the model.
        is_caffe: whether it is a ``.caffemodel``.
    """

    path: Path
    entries: StateDict
    left_out: tuple[str, ...] = ()
    is_caffe: bool = False


def read_weights(path: str | Path, *, inverse_std: bool = False) -> WeightFile:
    """Read a ``.caffemodel`` or a PyTorch file, which is told from its first bytes.

    Nothing in PyTorch files is run (:func:`~tsn_plugin.structures.torch_files.load_torch_file`). Of a training
    checkpoint only the model's weights are taken.

    Args:
        path: the file.
        inverse_std: see :func:`caffe_entries`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it cannot be read or holds no tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; give the path of the weights")
    with path.open("rb") as file:
        is_torch = file.read(2).startswith(_TORCH)
    if not is_torch:
        layers = read_caffemodel(path)
        try:
            return WeightFile(path, caffe_entries(layers, inverse_std=inverse_std), is_caffe=True)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    found = _state_dict(_load(path))
    entries = {name: value for name, value in found.items() if not name.startswith(_NO_WEIGHTS)}
    if not entries:
        raise ValueError(f"{path} holds no tensors by name; give a checkpoint, or a file written by torch.save(state)")
    return WeightFile(path, entries, tuple(name for name in found if name not in entries))


def _load(path: Path) -> object:
    try:
        return load_torch_file(path)
    except pickle.UnpicklingError as error:
        raise ValueError(str(error)) from error


def _state_dict(checkpoint: object) -> StateDict:
    content = checkpoint.get("state_dict", checkpoint) if isinstance(checkpoint, dict) else {}
    if not isinstance(content, dict):
        return {}
    return {str(name): value.detach() for name, value in content.items() if isinstance(value, Tensor)}
