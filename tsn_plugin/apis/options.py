"""Command-line options shared by the train and test tools, and how they change a config."""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path

from mmengine.config import Config, DictAction

from tsn_plugin.apis.config_check import misspelt_settings, options_without_effect
from tsn_plugin.bundle import find_config

LAUNCHERS = ("none", "pytorch", "slurm", "mpi")


def add_common_options(parser: argparse.ArgumentParser) -> None:
    """Add what MMAction2's train and test tools share, and ``--data-root``."""
    parser.add_argument("--work-dir", help="where logs and checkpoints go (default: ./work_dirs/<config name>)")
    parser.add_argument("--data-root", help="root of the data set, set in the train, val and test data loaders at once")
    parser.add_argument(
        "--cfg-options", nargs="+", action=DictAction, metavar="KEY=VALUE", help="settings that override the config's"
    )
    parser.add_argument("--launcher", choices=LAUNCHERS, default="none", help="how several processes were started")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0, help=argparse.SUPPRESS)


def load_config(arguments: argparse.Namespace) -> Config:
    """The config named on the command line, with the common options applied; warns of misspelt settings.

    Raises:
        FileNotFoundError: if the config is neither a file nor a shipped one.
    """
    os.environ.setdefault("LOCAL_RANK", str(arguments.local_rank))
    path = find_config(arguments.config)
    config = Config.fromfile(path)
    config.launcher = arguments.launcher
    if arguments.data_root is not None:
        set_data_root(config, arguments.data_root)
    messages = options_without_effect(config, arguments.cfg_options or {})
    if arguments.cfg_options is not None:
        config.merge_from_dict(arguments.cfg_options)
    for message in dict.fromkeys([*messages, *misspelt_settings(config)]):
        warnings.warn(f"{path}: {message}", stacklevel=2)
    if arguments.work_dir is not None:
        config.work_dir = arguments.work_dir
    elif config.get("work_dir") is None:
        config.work_dir = str(Path("work_dirs") / Path(path).stem)
    return config


def set_data_root(config: Config, root: str) -> None:
    """Point the data sets of all three loaders to ``root``; relative paths in them start there.

    Raises:
        FileNotFoundError: if ``root`` is no folder.
    """
    if not Path(root).is_dir():
        raise FileNotFoundError(f"--data-root {root}: no such folder")
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        dataset = (config.get(name) or {}).get("dataset")
        while dataset is not None:  # also inside RepeatDataset and its like
            dataset["data_root"] = root
            dataset = dataset.get("dataset")
            if dataset is not None:
                config[name]["dataset"].pop("data_root", None)
