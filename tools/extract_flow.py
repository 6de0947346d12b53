"""Extract frames and optical flow: ``python tools/extract_flow.py data/ucf101/videos data/ucf101/rawframes``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import fields

from tsn_plugin.ops.optical_flow import FLOW_METHODS
from tsn_plugin.preparation.extraction import plan_extraction, run_extraction, summary
from tsn_plugin.preparation.extraction_options import LAYOUTS, ExtractionOptions, parse_size


def main(argv: Sequence[str] | None = None) -> None:
    """Extract images and optical flow of videos: OUT/<video>/img_00001.jpg, flow_x_00001.jpg, flow_y_00001.jpg."""
    add = (parser := argparse.ArgumentParser(description=main.__doc__)).add_argument
    add("src", help="folder of videos (class sub-folders are kept), one video, or a .txt list of videos")
    add("out", help="output folder; videos that are in it already are skipped")
    add("--method", choices=FLOW_METHODS, default="tvl1", help="tvl1 as in the paper (default), dis for speed")
    add("--bound", type=float, default=20, help="flow beyond this many pixels is clipped (default: 20)")
    add("--step", type=int, default=1, help="use every n-th frame (default: 1)")
    size_help = "resize to this before the flow is computed; the original takes 340x256"
    add("--size", type=parse_size, metavar="WxH", help=size_help)
    add("--short-side", type=int, help="resize the shorter side to this length, keeping the aspect")
    add("--quality", type=int, default=95, help="of the JPEGs, 1 to 100 (default: 95)")
    add("--rgb-only", dest="flow", action="store_false", help="write no flow")
    add("--flow-only", dest="rgb", action="store_false", help="write no images")
    add(
        "--layout",
        choices=LAYOUTS,
        default="tsn",
        help="numbers of the files: the original's (default), or denseflow's",
    )
    add("--pack", action="store_true", help="write one uncompressed archive per video, OUT/<video>.zip")
    add("--device", help="torch device for tvl1 and raft, such as cuda (default: the CPU)")
    add("--weights", help="raft: file of the weights (default: torchvision's, which are downloaded)")
    add("--workers", type=int, help="processes (default: one per core); 0: work in this one")
    add("--dask", metavar="ADDRESS", help="work on this Dask cluster, such as tcp://host:8786, instead")
    add("--ext", nargs="+", default=(), help="take only these extensions in a folder (default: the usual video ones)")
    add("--flat", action="store_true", help="leave class sub-folders out of OUT")
    add("--root", help="what the paths of a list are relative to (default: the folder of the list)")
    args = parser.parse_args(argv)
    options = ExtractionOptions(**{field.name: getattr(args, field.name) for field in fields(ExtractionOptions)})
    jobs = plan_extraction(args.src, args.out, options, extensions=args.ext, flat=args.flat, list_root=args.root)
    report = run_extraction(jobs, args.out, workers=args.workers, dask=args.dask)
    print(summary(report, args.out))
    if report.failures:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
