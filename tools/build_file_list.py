"""Write file lists: ``python tools/build_file_list.py ucf101 data/ucf101/rawframes --annotations DIR --out data``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.preparation.file_lists import MediaIndex, build_official_lists, build_rawframe_lists, summary
from tsn_plugin.preparation.frame_folders import FramePrefixes
from tsn_plugin.preparation.official_splits import DATASETS, SPLITS


def main(argv: Sequence[str] | None = None) -> None:
    """Write file lists in MMAction2's formats: those of official splits, or of the frames of a video list."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    commands = parser.add_subparsers(dest="kind", required=True)
    listed = commands.add_parser("list", help="raw frame lists of the videos of a list")
    listed.add_argument("video_list", help="lines '<path> <label>', such as toy_video_train.txt")
    official = [commands.add_parser(dataset, help=f"the official splits of {dataset}") for dataset in DATASETS]
    for command in (listed, *official):
        command.add_argument("media", metavar="FRAMES_OR_VIDEOS", help="folder, with class sub-folders or without")
        command.add_argument("--prefixes", nargs=3, default=(), help="of the files: img_ flow_x_ flow_y_ (default)")
        command.add_argument("--out", default=".", help="folder for the lists (default: the current one)")
        command.add_argument("--allow-missing", action="store_true", help="leave out videos that are missing")
        command.add_argument("--shuffle", type=int, metavar="SEED", dest="shuffle_seed", help="shuffle by this seed")
    for command in official:
        command.add_argument("--annotations", required=True, help="folder of the official split files")
        command.add_argument("--split", type=int, nargs="+", choices=SPLITS, default=SPLITS, help="default: all")
        command.add_argument("--classes", help="file of the classes to use and their order, such as classInd.txt")
    args = vars(parser.parse_args(argv))
    kind, media = args.pop("kind"), MediaIndex(args.pop("media"), prefixes=FramePrefixes(*args.pop("prefixes")))
    if kind == "list":
        print(summary(build_rawframe_lists(media=media, **args)))
    for split in args.pop("split", ()):
        print(summary(build_official_lists(kind, media, split=split, **args)))


if __name__ == "__main__":
    main()
