"""Detect actions in one's own video: ``python tools/detect.py VIDEO CONFIG CHECKPOINT --plot timeline.png``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.apis.detection_inference import detect_in_video
from tsn_plugin.ops.optical_flow import FLOW_METHODS
from tsn_plugin.visualization.stream_report import save_figure
from tsn_plugin.visualization.timeline import Timeline, plot_timeline


def main(argv: Sequence[str] | None = None) -> None:
    """Tell when which action happens in a video; proposals are of actionness (TAG), or without it sliding windows."""
    add = (parser := argparse.ArgumentParser(description=main.__doc__)).add_argument
    add("video", help="video file, or folder of extracted frames (then --fps)")
    add("config", help="config of an SSN, or the name of a shipped one")
    add("checkpoint", help="its weights")
    add("--actionness", nargs=2, metavar=("CONFIG", "CHECKPOINT"), help="classifier of actionness, for the proposals")
    add("--classes", help="file of the classes' names, one per line")
    add("--fps", type=float, help="of a folder of frames")
    add("--top", type=int, default=10, help="detections to tell (default: %(default)s)")
    add("--device", default="cpu", help="such as cuda (default: %(default)s)")
    add("--flow-method", default="tvl1", choices=FLOW_METHODS, help="for flow of a video file (default: %(default)s)")
    add("--out", metavar="JSON", help="all detections, in ActivityNet's format")
    add("--plot", metavar="PNG", help="the video along its time")
    args = vars(parser.parse_args(argv))
    plot, top = args.pop("plot"), args.pop("top")
    result = detect_in_video(**args)
    for found in result.detections[:top]:
        start, end = found["segment"]
        print(f"{start:8.2f} s to {end:8.2f} s  {found['score']:.3f}  {found['label']}")
    if plot:
        save_figure(plot_timeline(Timeline(**result.timeline(top)), result.classes, title=args["video"]), plot)


if __name__ == "__main__":
    main()
