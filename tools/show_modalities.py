"""Draw a video's modalities side by side: ``python tools/show_modalities.py VIDEO modalities.png``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.preparation.extraction_options import parse_size
from tsn_plugin.visualization.modality_figure import write_modality_figure


def main(argv: Sequence[str] | None = None) -> None:
    """Draw RGB, RGB difference, flow and warped flow of some frames of a video side by side."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("video")
    parser.add_argument("picture", help="file to write, such as modalities.png")
    parser.add_argument("--frames", nargs="+", type=int, default=(), help="default: those with most camera motion")
    parser.add_argument("--rows", type=int, default=2, help="how many frames to choose (default: %(default)s)")
    parser.add_argument("--method", choices=("tvl1", "dis"), default="tvl1", help="default: %(default)s")
    parser.add_argument("--size", type=parse_size, default=(340, 256), metavar="WxH", help="default: 340x256")
    args = parser.parse_args(argv)
    options = dict(frames=args.frames, num_rows=args.rows, method=args.method, size=args.size)
    frames = write_modality_figure(args.video, args.picture, **options)
    print(f"wrote {args.picture}: frames {', '.join(map(str, frames))}")


if __name__ == "__main__":
    main()
