"""Measure this package beside MMAction2: ``python tools/benchmark.py pipeline VIDEO... --phase train``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.apis.benchmark.commands import BENCHMARKS, run_benchmark
from tsn_plugin.apis.benchmark.networks import NETWORKS
from tsn_plugin.apis.benchmark.pipelines import PHASES
from tsn_plugin.ops.optical_flow import FLOW_METHODS


def main(argv: Sequence[str] | None = None) -> None:
    """Measure this package beside MMAction2's components, in one process, taking turns."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "what",
        choices=BENCHMARKS,
        help="data loader's side, test of whole videos, training step, optical flow, detection but for its network",
    )
    parser.add_argument("inputs", nargs="*", help="video files or folders of extracted frames")
    parser.add_argument("--rounds", type=int, default=7, help="how often each way is timed (default: %(default)s)")
    parser.add_argument("--phase", choices=PHASES, default="train", help="pipeline: 3 snippets, or 25 and ten crops")
    parser.add_argument("--modality", default="RGB", help="pipeline: what folders hold (default: %(default)s)")
    parser.add_argument("--profile", action="store_true", help="pipeline: the time of every transform")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["bninception", "resnet50"])
    parser.add_argument("--checkpoint", help="inference: weights instead of random ones")
    parser.add_argument("--num-classes", type=int, default=400, help="inference: of the checkpoint")
    parser.add_argument("--snippets", type=int, default=25, help="inference: of ten views each (default: %(default)s)")
    parser.add_argument("--videos", type=int, default=8, help="train: videos in a batch (default: %(default)s)")
    parser.add_argument("--methods", nargs="+", choices=FLOW_METHODS, default=["tvl1", "dis", "farneback"], help="flow")
    parser.add_argument("--size", nargs=2, type=int, default=(340, 256), metavar=("W", "H"), help="flow: of the frames")
    parser.add_argument("--pairs", type=int, default=8, help="flow: frame pairs per video (default: %(default)s)")
    parser.add_argument("--batch-sizes", nargs="+", type=int, default=(), help="flow: also TV-L1 on --device, batched")
    parser.add_argument("--device", default="cpu", help="all but pipeline: cpu or cuda (default: %(default)s)")
    parser.add_argument("--compile", action="store_true", help="compile our backbone; flow: TV-L1 on --device")
    parser.add_argument("--json", metavar="FILE", help="write the numbers to this file too")
    run_benchmark(parser.parse_args(argv))


if __name__ == "__main__":
    main()
