"""Tiny data, the configs and tools of the installed MMAction2, and ways to run either side's tools."""

import argparse
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import mmaction
import pytest
from mmengine.config import Config, DictAction
from mmengine.registry import DefaultScope

from tsn_plugin.__main__ import main as tsn

MIM = Path(mmaction.__file__).parent / ".mim"
LABELS = (0, 1, 0)
#: ``--cfg-options`` of half a ResNet-18: small weights are written and read quickly
HALF_RESNET = (
    "model.backbone.depth=18",
    "model.backbone.num_stages=2",
    "model.backbone.strides=(1,2)",
    "model.backbone.dilations=(1,1)",
    "model.backbone.out_indices=[1]",
    "model.cls_head.in_channels=128",
)


@pytest.fixture(scope="session")
def half_resnet():
    """``--cfg-options`` that leave a ResNet's first half, of depth 18."""
    return HALF_RESNET


@pytest.fixture(scope="session")
def stock_config():
    """Path of a config of the installed MMAction2 by its name."""

    def find(name):
        (path,) = (MIM / "configs").rglob(f"{name}.py")
        return str(path)

    return find


@pytest.fixture(scope="session")
def video_root(tmp_path_factory, make_video):
    """Three videos in ``videos/``, with a list of files and labels."""
    root = tmp_path_factory.mktemp("videos")
    (root / "videos").mkdir()
    for number in range(len(LABELS)):
        make_video(root / "videos" / f"clip_{number}.mp4", num_frames=9 + number, size=(56, 40))
    (root / "list.txt").write_text("".join(f"clip_{number}.mp4 {label}\n" for number, label in enumerate(LABELS)))
    return root


@pytest.fixture(scope="session")
def flow_root(tmp_path_factory, make_frame_folder):
    """Three folders of flow pictures named as MMAction2 1.x expects them, with a list of folders, counts and labels."""
    root = tmp_path_factory.mktemp("flow")
    for number in range(len(LABELS)):
        folder = root / "flow" / f"clip_{number}"
        make_frame_folder(folder, num_frames=11, size=(56, 40), templates=("img_{:05d}.jpg", "{}_{:05d}.jpg"))
    (root / "list.txt").write_text("".join(f"clip_{number} 11 {label}\n" for number, label in enumerate(LABELS)))
    return root


@pytest.fixture(scope="session")
def run_stock(tmp_path_factory):
    """Run a script as a user without any of these tests' preparations does; returns what it printed."""
    logs, numbers = tmp_path_factory.mktemp("logs"), itertools.count()
    environment = dict(os.environ, OMP_NUM_THREADS="1")
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, str(Path(__file__).with_name("stock_process.py"))]
    pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with subprocess.Popen(command, text=True, env=environment, **pipes) as server:

        def run(*argv, cwd):
            printed, errors = (logs / f"{next(numbers)}.txt" for _ in range(2))
            job = dict(argv=[str(word) for word in argv], cwd=str(cwd), stdout=str(printed), stderr=str(errors))
            server.stdin.write(json.dumps(job) + "\n")
            server.stdin.flush()
            assert server.stdout.readline() == "0\n", errors.read_text()[-3000:]
            return printed.read_text()

        yield run


@pytest.fixture(scope="session")
def stock_tool():
    """Path of a tool of the installed MMAction2 by its name."""
    return lambda name: MIM / "tools" / f"{name}.py"


@pytest.fixture(scope="session")
def run_ours():
    """Run one of our tools in this process, as if it were the first."""

    def run(*argv):
        # MMEngine names a run by its config and second, and a second run of a name keeps the first one's scope
        DefaultScope._instance_dict.clear()
        tsn([str(word) for word in argv])

    return run


@pytest.fixture(scope="session")
def configured():
    """A config with the options applied that the ``tiny`` fixture gives."""

    def load(config, options):
        parser = argparse.ArgumentParser()
        parser.add_argument("--cfg-options", nargs="+", action=DictAction)
        loaded = Config.fromfile(config)
        loaded.merge_from_dict(parser.parse_args(options).cfg_options)
        return loaded

    return load


@pytest.fixture(scope="session")
def tiny():
    """``--cfg-options`` that point a config to tiny data, its network to half of ResNet-18, its crops to 32 px."""

    def options(config, root, **folder):
        parts = Config.fromfile(config)
        start = "pretrained" if "pretrained" in parts.model.backbone else "init_cfg"
        words = [
            f"model.backbone.{start}=None",
            "model.cls_head.num_classes=7",
            "train_cfg.max_epochs=1",
            "default_hooks.checkpoint.interval=1",
        ]
        if parts.model.backbone.type == "ResNetTSM":  # it shifts in four stages, and loads None unless told not to
            words += ["model.backbone.depth=18", "model.backbone.pretrained2d=False", "model.cls_head.in_channels=512"]
        else:
            words += HALF_RESNET
        for loader in ("train_dataloader", "val_dataloader", "test_dataloader"):
            words += _loader_options(loader, root, folder, parts[loader].dataset.pipeline)
        return ["--cfg-options", *words]

    return options


def _loader_options(loader, root, folder, pipeline):
    ((kind, name),) = folder.items()
    settings = {
        "batch_size": 1 if loader == "test_dataloader" else 2,
        "num_workers": 0,
        "persistent_workers": False,
        "dataset.data_root": root,
        "dataset.ann_file": "list.txt",
        f"dataset.data_prefix.{kind}": name,
    }
    for index, transform in enumerate(pipeline):
        if transform["type"].endswith("Resize"):
            scale = "(-1,40)" if transform["scale"][0] != transform["scale"][1] else "(32,32)"
            settings[f"dataset.pipeline.{index}.scale"] = scale
        for size in {"crop_size", "input_size"} & set(transform):
            settings[f"dataset.pipeline.{index}.{size}"] = 32
    return [f"{loader}.{key}={value}" for key, value in settings.items()]
