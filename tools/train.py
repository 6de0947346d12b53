"""Train a recognizer: ``python tools/train.py configs/tsn_bninception_ucf101_flow.py``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.apis.options import add_common_options
from tsn_plugin.apis.training import train_from_arguments


def build_parser() -> argparse.ArgumentParser:
    """Options of MMAction2 1.x's train tool, and those of 0.x that stand in people's scripts."""
    parser = argparse.ArgumentParser(description="Train a recognizer from a config.")
    parser.add_argument("config", help="config file, or the name of a shipped config")
    add_common_options(parser)
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="CHECKPOINT",
        help="continue from CHECKPOINT, or without a value from the last one in the work dir",
    )
    parser.add_argument(
        "--resume-from", dest="resume", metavar="CHECKPOINT", help="0.x spelling of --resume CHECKPOINT"
    )
    parser.add_argument("--amp", action="store_true", help="mixed precision: float16 on a GPU, bfloat16 on the CPU")
    parser.add_argument("--no-validate", action="store_true", help="skip validation during training")
    parser.add_argument("--validate", action="store_true", help="0.x option; validation is on by default")
    parser.add_argument("--test-last", action="store_true", help="test the last weights after training (0.x)")
    parser.add_argument("--test-best", action="store_true", help="test the best weights after training (0.x)")
    for option, count in (("--gpus", None), ("--gpu-ids", "+"), ("--gpu-id", None)):
        parser.add_argument(option, type=int, nargs=count, help="0.x option without effect; a message names the remedy")
    parser.add_argument("--auto-scale-lr", action="store_true", help="scale the learning rate with the batch size")
    parser.add_argument("--seed", type=int, help="random seed")
    parser.add_argument("--diff-rank-seed", "--diff-seed", action="store_true", help="a seed of its own per process")
    parser.add_argument("--deterministic", action="store_true", help="deterministic cuDNN algorithms")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Train a recognizer from a config."""
    arguments = build_parser().parse_args(argv)
    if arguments.validate and arguments.no_validate:
        raise SystemExit("--validate and --no-validate contradict each other")
    train_from_arguments(arguments)


if __name__ == "__main__":
    main()
