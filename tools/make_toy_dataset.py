"""Generate the toy data set: ``python tools/make_toy_dataset.py data/toy``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.preparation.toy_dataset import make_toy_dataset, stream_ceilings


def main(argv: Sequence[str] | None = None) -> None:
    """Generate short clips of eight classes that differ by colour only or by motion only."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", help="output folder; clips that are in it already are kept")
    parser.add_argument("--seed", type=int, default=0, help="random seed: another one, other clips (default: 0)")
    parser.add_argument("--train-per-class", type=int, default=30, help="clips per class to train on (default: 30)")
    parser.add_argument("--val-per-class", type=int, default=12, help="clips per class to validate on (default: 12)")
    parser.add_argument("--workers", type=int, help="processes (default: one per core); 0: work in this one")
    args = parser.parse_args(argv)
    make_toy_dataset(**vars(args))
    print(f"videos, classes.txt, toy_video_train.txt, toy_video_val.txt and overview.png are in {args.out}")
    print("accuracy of perfect classifiers: " + ", ".join(f"{k} {v:.0%}" for k, v in stream_ceilings().items()))


if __name__ == "__main__":
    main()
