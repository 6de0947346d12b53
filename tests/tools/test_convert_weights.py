from __future__ import annotations

import runpy
from pathlib import Path

import pytest
import torch

from tsn_plugin.__main__ import main as tsn
from tsn_plugin.models.weights.networks import NETWORKS

TOOL = Path(__file__).parents[2] / "tools" / "convert_weights.py"
convert = runpy.run_path(str(TOOL))["main"]


@pytest.fixture
def checkpoint(tmp_path):
    """A tsn-pytorch flow model of ResNet-18."""
    names = NETWORKS["resnet18"].entries(10)
    state = {}
    for name, value in names.items():
        name = name.replace("backbone.", "module.base_model.").replace("downsample.conv", "downsample.0")
        name = name.replace("downsample.bn", "downsample.1")
        for i in (1, 2):
            name = name.replace(f"conv{i}.conv.", f"conv{i}.").replace(f"conv{i}.bn.", f"bn{i}.")
        state[name] = torch.zeros(value.shape, dtype=value.dtype)
    state["module.new_fc.weight"] = torch.zeros(7, 512)
    torch.save({"state_dict": state, "epoch": 1, "arch": "resnet18", "best_prec1": 1.0}, tmp_path / "flow.pth.tar")
    return tmp_path / "flow.pth.tar"


@pytest.mark.parametrize("main", [convert, lambda args: tsn(["convert-weights", *args])], ids=["script", "tsn"])
def test_the_table_says_what_was_done(main, checkpoint, tmp_path, capsys):
    main([str(checkpoint), str(tmp_path / "new" / "ours.pth")])
    rows = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if not line.startswith("left"))
    # 20 convolutions, and 20 batch normalisations of five entries; with the classifier's weight 121
    assert rows == {
        "from": "tsn-pytorch (120 names begin with base_model.)",
        "to": "mmaction (MMAction2 and ours)",
        "backbone": "resnet18",
        "in_channels": "10 (Flow or WarpedFlow)",
        "classes": "7",
        "images": "RGB, ImageNet's mean and deviation (normalization='imagenet')",
        "converted": "121",
        "unused": "0",
        "missing": "1: cls_head.fc_cls.bias",
    }
    written = torch.load(tmp_path / "new" / "ours.pth", weights_only=True)
    assert "backbone.layer1.0.conv1.bn.weight" in written["state_dict"]


def test_options_reach_the_conversion(checkpoint, tmp_path):
    options = ["--from", "tsn-pytorch", "--to", "mmaction-0.1", "--backbone", "resnet18", "--allow-unused"]
    convert([str(checkpoint), str(tmp_path / "theirs.pth"), *options])
    state = torch.load(tmp_path / "theirs.pth", weights_only=True)["state_dict"]
    assert "backbone.layer1.0.bn1.weight" in state
    assert "cls_head.fc_cls.weight" in state


def test_unknown_formats_are_refused_with_the_known_ones(checkpoint, capsys):
    with pytest.raises(SystemExit):
        convert([str(checkpoint), "x", "--from", "onnx"])
    assert "tsn-pytorch" in capsys.readouterr().err


def test_the_tool_is_short():
    assert len(TOOL.read_text().splitlines()) < 40
