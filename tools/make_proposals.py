"""Write proposal lists: ``python tools/make_proposals.py tag DATABASE FRAMES OUT --scores rgb.npz flow.npz``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.apis.proposals import make_list


def main(argv: Sequence[str] | None = None) -> None:
    """Write a proposal list of annotated videos, of sliding windows or of actionness (TAG), and tell its recall."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    commands = parser.add_subparsers(dest="kind", required=True)
    windows = commands.add_parser("windows", help="sliding windows of 1, 2, 4, ... 128 s")
    windows.add_argument("--overlap", type=float, default=0.7, help="of neighbouring windows (default: %(default)s)")
    tag = commands.add_parser("tag", help="temporal actionness grouping of the scores of ticks")
    tag.add_argument("--scores", nargs="+", required=True, help="files of tools/test.py --out, one per stream")
    tag.add_argument("--weights", nargs="+", type=float, help="of the streams (default: 1 each)")
    tag.add_argument("--min-length", type=float, default=0, help="in seconds (default: 0)")
    for command in (windows, tag):
        command.add_argument("database", help="annotations: thumos14.json, activity_net.v1-2.min.json")
        command.add_argument("media", metavar="FRAMES_OR_VIDEOS", help="folder of extracted frames, or of video files")
        command.add_argument("out", help="proposal list in frames")
        command.add_argument("--subset", nargs="+", required=True, help="such as training, validation, testing")
        command.add_argument("--hold-out", type=int, default=0, metavar="N", help="keep back N, in OUT + '_heldout'")
        command.add_argument("--keep-unannotated", action="store_true", help="also videos without instances")
    print(make_list(**vars(parser.parse_args(argv))))


if __name__ == "__main__":
    main()
