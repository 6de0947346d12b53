"""What several transforms share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tsn_plugin.modality import MODALITIES, Modality


def facts_of(results: Mapping[str, Any]) -> Modality:
    """The record of ``results['modality']``.

    MMAction2's other modalities ('Pose', 'Audio') and results without the key are treated as RGB, that is plainly, so
    that the transforms serve MMAction2's pipelines too.
    """
    return MODALITIES.get(results.get("modality"), MODALITIES["RGB"])


def extended_repr(transform: object, base: str, defaults: Mapping[str, Any]) -> str:
    """MMAction2's ``repr`` string with the added keywords that differ from their defaults."""
    values = {name: getattr(transform, name) for name in defaults}
    added = "".join(f", {name}={value!r}" for name, value in values.items() if value != defaults[name])
    return f"{base[:-1]}{added})"


def leave_to_device(results: dict, boxes: np.ndarray) -> dict:
    """Record the view boxes for the data preprocessor; the pixels stay as they are.

    Raises:
        ValueError: if an earlier transform has already set view boxes.
    """
    if "view_boxes" in results:
        raise ValueError("view_boxes are already set: a pipeline can have one crop with on_device=True")
    results["view_boxes"] = boxes
    return results
