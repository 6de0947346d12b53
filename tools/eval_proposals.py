"""Recall of proposal lists: ``python tools/eval_proposals.py LIST ... --plot recall.png``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tsn_plugin.evaluation.proposal_recall import AVERAGE_THRESHOLDS, RECALL_THRESHOLDS, average_recall, instance_recall
from tsn_plugin.proposals.proposal_files import read_proposals
from tsn_plugin.visualization.stream_report import save_figure
from tsn_plugin.visualization.timeline import plot_recall


def main(argv: Sequence[str] | None = None) -> None:
    """Tell how well the proposals of lists cover the instances: recall, and average recall by their number (AR@AN)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("lists", nargs="+", help="proposal lists, normalised or in frames")
    parser.add_argument("--thresholds", nargs="+", type=float, default=RECALL_THRESHOLDS, help="of the IoU")
    parser.add_argument("--max-proposals", type=int, default=100, help="per video, of AR@AN (default: %(default)s)")
    parser.add_argument("--plot", metavar="PNG", help="picture of average recall over the number of proposals")
    args = parser.parse_args(argv)
    lines = {}
    for path in args.lists:
        videos = read_proposals(path)
        counts, lines[Path(path).stem] = average_recall(videos, max_proposals=args.max_proposals)
        recalls = instance_recall(videos, args.thresholds)
        told = ", ".join(f"{100 * value:.2f} % > {limit:g}" for limit, value in zip(args.thresholds, recalls))
        print(f"{path}: {len(videos)} videos, {sum(len(video.proposals) for video in videos)} proposals; recall {told}")
        low, high = AVERAGE_THRESHOLDS[0], AVERAGE_THRESHOLDS[-1]
        print(f"  AR@{args.max_proposals} ({low:g} to {high:g}): {100 * lines[Path(path).stem][-1]:.2f} %")
    if args.plot:
        save_figure(plot_recall(counts, lines), args.plot)


if __name__ == "__main__":
    main()
