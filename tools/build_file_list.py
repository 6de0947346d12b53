"""Write file lists: ``python tools/build_file_list.py ucf101 data/ucf101/rawframes --annotations DIR --out data``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.preparation.annotations.datasets import DATASETS
from tsn_plugin.preparation.file_lists import build_official_lists, build_rawframe_lists, open_media, summary


def main(argv: Sequence[str] | None = None) -> None:
    """Write file lists in MMAction2's formats: those of a data set's own splits, or of the frames of a video list."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    commands = parser.add_subparsers(dest="kind", required=True)
    listed = commands.add_parser("list", help="raw frame lists of the videos of a list")
    listed.add_argument("video_list", help="lines '<path> <label>', such as toy_video_train.txt")
    official = {name: commands.add_parser(name, help=dataset.title) for name, dataset in DATASETS.items()}
    for command in (listed, *official.values()):
        command.add_argument("media", metavar="FRAMES_OR_VIDEOS", help="folder, with class sub-folders or without")
        command.add_argument("--prefixes", nargs=3, default=(), help="of the files: img_ flow_x_ flow_y_ (default)")
        command.add_argument("--out", default=".", help="folder for the lists (default: the current one)")
        command.add_argument("--allow-missing", action="store_true", help="leave out videos that are missing")
        command.add_argument("--shuffle", type=int, metavar="SEED", dest="shuffle_seed", help="shuffle by this seed")
    for name, command in official.items():
        dataset = DATASETS[name]
        splits = dict(choices=dataset.splits + dataset.unlabelled, default=dataset.splits)
        command.add_argument("--annotations", required=True, help="folder of the authors' files, or one of them")
        command.add_argument("--split", nargs="+", **splits, help="default: those with labels")
        command.add_argument("--classes", help="file of the classes to use and their order, such as classInd.txt")
        if dataset.forms:
            command.add_argument("--lists", nargs="+", dest="forms", choices=dataset.forms, default=())
    args = vars(parser.parse_args(argv))
    kind = args.pop("kind")
    media = open_media(args.pop("media"), dataset=kind, prefixes=args.pop("prefixes"))
    if kind == "list":
        print(summary(build_rawframe_lists(media=media, **args)))
    for split in args.pop("split", ()):
        print(summary(build_official_lists(kind, media, split=split, **args)))


if __name__ == "__main__":
    main()
