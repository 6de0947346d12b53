"""List the published models and fetch their weights: ``python tools/model_zoo.py download NAME``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tsn_plugin.apis.model_zoo import LOCALIZATION, RECOGNITION, download_weights, read_index, write_table, zoo_table


def main(argv: Sequence[str] | None = None) -> None:
    """List the published models, write their table, or fetch the weights of one."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="names of the records, with weights marked *")
    listing.add_argument("words", nargs="*", help="only names that hold all of these")
    table = commands.add_parser("table", help="the records as Markdown, with the published numbers")
    table.add_argument("--into", metavar="README", help="write it between the markers of this file instead of printing")
    table.add_argument("--task", choices=[RECOGNITION, LOCALIZATION], default=RECOGNITION, help="default: %(default)s")
    download = commands.add_parser("download", help="fetch weights and print their path")
    download.add_argument("name", help="a record, as `list` names it, or the path of its config")
    download.add_argument("--folder", default="checkpoints", help="where the file goes (default: checkpoints)")
    args = parser.parse_args(argv)
    if args.command == "list":
        chosen = (record for record in read_index() if all(word in record.name for word in args.words))
        print("\n".join(f"{'*' if record.weights else ' '} {record.name}" for record in chosen))
    elif args.command == "table":
        text = zoo_table([record for record in read_index() if record.task == args.task])
        if args.into:
            write_table(args.into, text)
        else:
            print(text)
    else:
        try:
            print(download_weights(args.name, args.folder))
        except (KeyError, ValueError, ConnectionError) as error:
            sys.exit(str(error.args[0]))


if __name__ == "__main__":
    main()
