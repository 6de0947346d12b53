"""Convert weights: ``python tools/convert_weights.py bn_inception_rgb.caffemodel bn_inception_rgb.pth``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.models.weights import NETWORKS, SOURCES, TARGETS, convert_file


def main(argv: Sequence[str] | None = None) -> None:
    """Convert weights of Caffe TSN, tsn-pytorch, mmaction 0.1 or MMAction2 into ours, or ours into theirs."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("source", help=".caffemodel, .pth or .pth.tar")
    parser.add_argument("target", help="file to write")
    parser.add_argument("--from", dest="source_format", default="auto", choices=("auto", *SOURCES), help="format read")
    parser.add_argument("--to", dest="target_format", default="mmaction", choices=TARGETS, help="format written")
    parser.add_argument("--backbone", choices=NETWORKS, help="the network (default: recognised from the names)")
    parser.add_argument(
        "--inverse-std", action="store_true", help=".caffemodel of before April 2016: BN layers hold 1 / deviation"
    )
    parser.add_argument("--allow-unused", action="store_true", help="drop entries that have no place in the model")
    args = parser.parse_args(argv)
    print(convert_file(**vars(args)).summary())


if __name__ == "__main__":
    main()
