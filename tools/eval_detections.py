"""Detections of one or several streams: ``python tools/eval_detections.py LIST rgb.npz --protocol thumos14``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.apis.detections import DetectionEvaluation, evaluate_detections
from tsn_plugin.evaluation.detection import NMS_KINDS, SOFTMAX_KINDS
from tsn_plugin.visualization.stream_report import save_figure
from tsn_plugin.visualization.timeline import plot_precision


def main(argv: Sequence[str] | None = None) -> None:
    """Fuse streams, detect, and tell the mean average precision; unset options are those of the protocol."""
    add = (parser := argparse.ArgumentParser(description=main.__doc__)).add_argument
    add("list", help="proposal list that was tested, with its ground truth")
    add("scores", nargs="+", help="score files of tools/test.py --out, one per stream; or the original's pickles")
    add("--protocol", default="thumos14", help="thumos14 (default), activitynet1.2 or activitynet1.3")
    add("--weights", nargs="+", type=float, help="of the streams (default: equal)")
    add("--softmax", choices=SOFTMAX_KINDS, help="of activity (default: as the original, differs with --video-scores)")
    add("--completeness-exponent", type=float, help="0 leaves completeness out")
    add("--top-k", type=int, help="(proposal, class) pairs of a video; 0: all")
    add("--nms", choices=NMS_KINDS, help="hard or soft suppression")
    add("--nms-threshold", type=float, help="IoU that detections of a class may have")
    add("--sigma", type=float, help="of the Gaussian soft suppression")
    add("--no-regression", dest="with_regression", action="store_false", default=None)
    add("--regression-first", action="store_true", default=None, help="move proposals before suppression")
    add("--video-scores", metavar="FILE", help="scores of whole videos (tools/test.py --out of a TSN): choose classes")
    add("--video-top-k", type=int, help="classes of a video that these choose (default: 1)")
    add("--thresholds", nargs="+", type=float, help="of the IoU")
    add("--database", metavar="JSON", help="annotations with durations and class names, for --out")
    add("--out", metavar="JSON", help="detections in seconds, in ActivityNet's format")
    add("--plot", metavar="PNG", help="picture of the precision over the IoU")
    args = vars(parser.parse_args(argv))
    plot = args.pop("plot")
    result: DetectionEvaluation = evaluate_detections(args.pop("list"), args.pop("scores"), **args)
    print(result.text())
    if plot:
        save_figure(plot_precision(result.thresholds, {"mAP": result.values}), plot)


if __name__ == "__main__":
    main()
