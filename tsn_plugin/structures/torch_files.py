"""Files that torch wrote, such as checkpoints, read without running or unpacking what they may bring."""

from __future__ import annotations

import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import torch

REMEDY = (
    "If it is whole, it holds more than tensors and plain values: write those alone where you trust it, "
    "torch.save({'state_dict': checkpoint['state_dict']}, FILE)"
)
#: what reading a damaged or a hostile file may end in
UNREADABLE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,  # a place before the beginning of the file
    RuntimeError,
    TypeError,
    ValueError,
)


def load_torch_file(path: str | Path, map_location: Any = "cpu") -> Any:
    """The tensors and plain values in a file, by ``torch.load``, which refuses everything else.

    Args:
        path: the file.
        map_location: as ``torch.load`` takes it.

    Raises:
        OSError: if it cannot be opened.
        pickle.UnpicklingError: if it asks for anything else (none of its code is run), is damaged, or would take more
            memory than its own size; the message names the file.
    """
    try:
        check_torch_file(path)
        # weights_only is torch's default (>= 2.6), which TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD=1 turns off: not here
        return torch.load(path, map_location=map_location, weights_only=True)
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except UNREADABLE as error:
        raise pickle.UnpicklingError(f"{path} cannot be loaded ({_reason(error)}). {REMEDY}") from error


def check_torch_file(path: str | Path) -> None:
    """Check that a zip archive of torch's is not larger inside than outside: torch itself compresses nothing.

    Raises:
        ValueError: for compressed members, or members that share their bytes.
        OSError, RuntimeError, struct.error, zipfile.BadZipFile: if it is damaged.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    packed = [info.filename for info in members if info.compress_type != zipfile.ZIP_STORED]
    if packed:
        raise ValueError(f"{packed[0]} in it is compressed, which torch never does: unpack it, and zip it with -0")
    inside, outside = sum(info.file_size for info in members), os.path.getsize(path)
    if inside > outside:
        raise ValueError(f"it claims to hold {inside} bytes, in a file of {outside}")


def _reason(error: Exception) -> str:
    """What was wrong; around that, torch tells how to load the file without a check."""
    text = str(error)
    if text.startswith("Weights only load failed"):
        text = text.partition("WeightsUnpickler error:")[2] or text.partition("\n\n")[2]
    line = next((line.strip() for line in text.splitlines() if line.strip()), type(error).__name__)
    return line.partition(" Please use `torch")[0]
