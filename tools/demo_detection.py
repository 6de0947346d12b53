"""Detect actions in generated untrimmed videos, from nothing: ``python tools/demo_detection.py demo_detection_out``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tsn_plugin.apis.detection_demo import demo_timeline, run_detection_demo
from tsn_plugin.preparation.toy_untrimmed import CLASS_COLORS
from tsn_plugin.visualization.stream_report import save_figure
from tsn_plugin.visualization.timeline import Timeline, plot_precision, plot_timeline


def main(argv: Sequence[str] | None = None) -> None:
    """Generate untrimmed videos, find proposals, train an SSN, detect, and draw what was found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("out", nargs="?", default="demo_detection_out", help="output folder (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other videos and weights")
    parser.add_argument("--short", action="store_true", help="few videos and two epochs, to see that every part works")
    parser.add_argument("--workers", type=int, default=2, help="processes for generating, extracting and loading")
    arguments = parser.parse_args(argv)
    results = run_detection_demo(**vars(arguments))
    out = Path(arguments.out)
    lines = {name: result.values for name, result in results.items()}
    save_figure(plot_precision(next(iter(results.values())).thresholds, lines), out / "precision.png")
    name, classes, timeline = demo_timeline(out, next(iter(results.values())))
    picture = plot_timeline(Timeline(**timeline), classes, colors=CLASS_COLORS, title=name)
    save_figure(picture, out / "timeline.png")
    print(f"Precision over the IoU: {out / 'precision.png'}; one video along its time: {out / 'timeline.png'}")


if __name__ == "__main__":
    main()
