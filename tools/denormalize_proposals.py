"""Turn a proposal list into frames: ``python tools/denormalize_proposals.py LIST FRAMES OUT``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.apis.proposals import denormalize_list


def main(argv: Sequence[str] | None = None) -> None:
    """Turn a normalised proposal list into frames, by the extracted frames or the video files that are there."""
    add = (parser := argparse.ArgumentParser(description=main.__doc__)).add_argument
    add("list", help="normalised proposal list, as published")
    add("media", metavar="FRAMES_OR_VIDEOS", help="folder of the extracted frames, or of the video files")
    add("out", help="proposal list in frames; names are relative to the folder")
    add("--strict", action="store_true", help="missing videos are an error (default: they are reported and left out)")
    add("--hold-out", type=int, default=0, metavar="N", help="also keep back N videos, in OUT with '_heldout' behind")
    args = parser.parse_args(argv)
    print(denormalize_list(args.list, args.media, args.out, strict=args.strict, hold_out=args.hold_out))


if __name__ == "__main__":
    main()
