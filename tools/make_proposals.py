"""Write proposal lists: ``python tools/make_proposals.py tag DATABASE FRAMES OUT --scores rgb.npz flow.npz``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.apis.proposals import make_list, propose
from tsn_plugin.ops.optical_flow import FLOW_METHODS


def main(argv: Sequence[str] | None = None) -> None:
    """Write a proposal list, of sliding windows or of actionness (TAG), and tell its recall if it has instances."""
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
    own = commands.add_parser("videos", help="of one's own videos: TAG with --actionness, else sliding windows")
    own.add_argument("media", metavar="FRAMES_OR_VIDEOS", help="folder of extracted frames, or of video files")
    own.add_argument("out", help="proposal list in frames, without instances")
    own.add_argument("--actionness", nargs=2, metavar=("CONFIG", "CHECKPOINT"), help="classifier of actionness")
    own.add_argument("--fps", type=float, help="of extracted frames, for sliding windows")
    own.add_argument("--device", default="cpu", help="such as cuda (default: %(default)s)")
    own.add_argument("--flow-method", default="tvl1", choices=FLOW_METHODS, help="for flow of video files")
    args = vars(parser.parse_args(argv))
    is_own = args["kind"] == "videos" and args.pop("kind")
    print(propose(**args) if is_own else make_list(**args))


if __name__ == "__main__":
    main()
