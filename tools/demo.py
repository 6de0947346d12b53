"""Train, test and fuse a two-stream TSN on generated videos: ``python tools/demo.py demo_out``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tsn_plugin.apis.demo import run_demo
from tsn_plugin.visualization.samples import frame_strip, pick_samples
from tsn_plugin.visualization.stream_report import plot_stream_report, save_figure


def main(argv: Sequence[str] | None = None) -> None:
    """Train, test and fuse a two-stream TSN on generated videos."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", nargs="?", default="demo_out", help="output folder (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other videos and weights")
    parser.add_argument("--short", action="store_true", help="few clips and two epochs, to see that every part works")
    parser.add_argument("--workers", type=int, default=2, help="processes for generating, extracting and loading")
    arguments = parser.parse_args(argv)
    scores = run_demo(arguments.out, seed=arguments.seed, short=arguments.short, workers=arguments.workers)
    data, picture = Path(arguments.out, "data"), Path(arguments.out, "report.png")
    strips = {name: frame_strip(data / "rawframes" / name) for name in pick_samples(scores)}
    classes = (data / "classes.txt").read_text().split()
    save_figure(plot_stream_report(scores, class_names=classes, frames=strips, title="Two-stream TSN, demo"), picture)
    print(f"Accuracy per class, confusion matrices and sample frames: {picture}")


if __name__ == "__main__":
    main()
