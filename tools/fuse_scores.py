"""Fuse the scores of several streams: ``python tools/fuse_scores.py rgb.npz flow.npz --weights 1 1.5``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console

from tsn_plugin.evaluation.aggregation import AGGREGATIONS
from tsn_plugin.evaluation.fusion import fuse_scores, load_streams
from tsn_plugin.evaluation.report import METRICS, accuracy_table
from tsn_plugin.evaluation.score_files import save_scores
from tsn_plugin.visualization.stream_report import write_stream_report


def main(argv: Sequence[str] | None = None) -> None:
    """Fuse the scores of several streams by the videos' names and report their accuracy."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("scores", nargs="+", help="score files written by the test tool, one per stream")
    parser.add_argument("--weights", nargs="+", type=float, help="one per score file (default: 1 each)")
    parser.add_argument("--out", help="file for the fused scores: .npz, .pkl or .json")
    parser.add_argument("--metrics", nargs="+", choices=METRICS, help="columns of the table (default: by the labels)")
    parser.add_argument("--plot", metavar="PNG", help="picture of accuracy per class and confusion matrices")
    parser.add_argument("--classes", metavar="FILE", help="class names for the picture, one per line, or classInd.txt")
    parser.add_argument("--names-from", metavar="LIST", help="list that was tested, for files without video names")
    parser.add_argument("--labels-from", metavar="LIST", help="list of the labels (default: those of the files)")
    parser.add_argument("--crop-agg", choices=AGGREGATIONS, help="aggregate kept view scores anew")
    parser.add_argument("--num-crops", type=int, help="crops per frame, for files that do not tell")
    parser.add_argument("--allow-probs", action="store_true", help="fuse files that all hold probabilities")
    args = parser.parse_args(argv)
    lists = dict(names_from=args.names_from, labels_from=args.labels_from)
    streams = load_streams(args.scores, **lists, crops=args.crop_agg, num_crops=args.num_crops)
    streams["fused"] = fuse_scores([*streams.values()], args.weights, allow_probabilities=args.allow_probs)
    Console().print(accuracy_table(streams, metrics=args.metrics))
    if args.out is not None:
        save_scores(args.out, streams["fused"])
    if args.plot is not None:
        write_stream_report(streams, args.plot, class_file=args.classes)


if __name__ == "__main__":
    main()
