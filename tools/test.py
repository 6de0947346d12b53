"""Test a checkpoint: ``python tools/test.py CONFIG CHECKPOINT --eval top_k_accuracy mean_class_accuracy``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmengine.config import DictAction

from tsn_plugin.apis.options import add_common_options
from tsn_plugin.apis.testing import EVAL_METRICS, run_test


def build_parser() -> argparse.ArgumentParser:
    """Options of MMAction2 1.x's test tool, and those of 0.x that stand in people's scripts."""
    parser = argparse.ArgumentParser(description="Test a checkpoint, print its metrics and keep its scores.")
    parser.add_argument("config", help="config file, or the name of a shipped config")
    parser.add_argument("checkpoint", help="weights written by the train tool")
    add_common_options(parser)
    parser.add_argument("--eval", nargs="+", choices=EVAL_METRICS, help="metrics to print instead of the config's")
    parser.add_argument(
        "--eval-options", "--options", nargs="+", action=DictAction, help="such as top_k_accuracy.topk=(1,3)"
    )
    parser.add_argument("--out", "--dump", dest="out", metavar="FILE", help="score file: .npz, .pkl or .json")
    parser.add_argument("--average-clips", choices=("score", "prob"), help="average views before or after softmax")
    parser.add_argument("--amp", action="store_true", help="mixed precision: float16 on a GPU, bfloat16 on the CPU")
    parser.add_argument("--show-dir", help="folder for pictures of the tested videos with their predictions")
    parser.add_argument("--show", action="store_true", help="show these pictures in a window")
    parser.add_argument("--interval", type=int, default=1, help="picture every n-th video")
    parser.add_argument("--wait-time", type=float, default=2, help="seconds a window stays")
    ignored = "accepted for 0.x scripts; has no effect any more"
    parser.add_argument("--gpu-collect", action="store_true", help=ignored)
    parser.add_argument("--tmpdir", help=ignored)
    parser.add_argument("--fuse-conv-bn", action="store_true", help="fold batch normalisation into the convolutions")
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    """Test a checkpoint, print its metrics and keep its scores."""
    run_test(build_parser().parse_args(argv))


if __name__ == "__main__":
    main()
