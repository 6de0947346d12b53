from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

import tsn_plugin  # noqa: F401  MMAction2 1.2 cannot be imported before it

GOLDEN = Path(__file__).parents[1] / "data" / "golden"


def formula_tensor(name, shape):
    """The golden cases' weight for a layer name, from its formula (golden README), seed 0."""
    x = np.random.RandomState(zlib.crc32(name.encode()) % 2**32).standard_normal(shape)
    if name.endswith("running_var"):
        x = 0.5 + abs(x)
    elif name.endswith(("running_mean", "bias")):
        x = 0.1 * x
    elif len(shape) == 1:
        x = 1 + 0.1 * x
    else:
        x = x * np.sqrt(2 / np.prod(shape[1:]))
    return torch.from_numpy(x.astype(np.float32))


@pytest.fixture
def mmaction_scope():
    """The default scope of all our configs."""
    with DefaultScope.overwrite_default_scope("mmaction"):
        yield


@pytest.fixture(scope="session")
def golden():
    return GOLDEN


@pytest.fixture(scope="session")
def formula_weights():
    """State dict by formula for a file of names and shapes; layers whose name starts with ``skip`` are left out."""

    def build(file_name, skip="fc"):
        shapes = json.loads((GOLDEN / file_name).read_text())
        return {name: formula_tensor(name, shape) for name, shape in shapes.items() if not name.startswith(skip)}

    return build


@pytest.fixture(scope="session")
def formula():
    return formula_tensor


@pytest.fixture
def record_concats():
    """Makes a backbone record mean and standard deviation of each concatenation's output."""

    def install(backbone):
        records, run = {}, backbone._run_concat

        def recording(node, x):
            output = run(node, x)
            records[node.name] = (float(output.mean()), float(output.std()))
            return output

        backbone._run_concat = recording
        return records

    return install
