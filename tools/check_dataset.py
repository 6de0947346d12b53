"""Check lists against the files: ``python tools/check_dataset.py train.txt val.txt --root DIR --kind flow``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tsn_plugin.preparation.dataset_check import check_lists, default_journal, summary, write_report
from tsn_plugin.preparation.line_check import DECODING, KINDS, CheckOptions


def main(argv: Sequence[str] | None = None) -> None:
    """Check every line of a data set's lists; an interrupted one goes on; exit status 1 if there are errors."""
    add = (parser := argparse.ArgumentParser(description=main.__doc__)).add_argument
    add("lists", nargs="+", help="all lists of one kind, so that videos in two of them are found")
    add("--kind", choices=KINDS, required=True, help="what the lists are of")
    add("--root", default=".", help="folder that the lists' paths are relative to (default: the current one)")
    add("--num-classes", type=int, help="labels must be below it, and each should occur")
    add("--decode", choices=DECODING, default="full", help="what to decode of each (default: %(default)s)")
    add("--template", help="of the frames' file names, such as img_{:05d}.jpg or flow_{}_{:05d}.jpg")
    add("--start-index", type=int, default=1, help="number of the first frame (default: %(default)s)")
    add("--report", metavar="FILE", help="write all problems to this JSON file")
    add("--with-offset", action="store_true", help="lists of intervals: <path> <offset> <count> <label>")
    add("--strict", action="store_true", help="warnings count as errors")
    add("--workers", type=int, help="processes (default: one per core); 0: work in this one")
    args = vars(parser.parse_args(argv))
    lists, path, is_strict, workers = (args.pop(name) for name in ("lists", "report", "strict", "workers"))
    options = CheckOptions(**args)
    journal = default_journal(lists, options) if path is None else f"{path}.partial"
    report = check_lists(lists, options, workers=workers, journal=journal)
    print(summary(report))
    if path is not None:
        write_report(report, path)
    if report.num_errors or (is_strict and report.problems):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
