"""Command line of the package: ``python -m tsn_plugin TOOL ARGUMENTS`` or ``tsn TOOL ARGUMENTS``."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tsn_plugin import __version__
from tsn_plugin.bundle import list_tools

#: Short names beside the file names.
ALIASES = {"fuse": "fuse-scores"}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one of the tools by its name, as a script of the same name under tools/ would."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    tools = list_tools()
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage(tools))
        return
    if arguments[0] == "--version":
        print(__version__)
        return
    name = ALIASES.get(arguments[0], arguments[0].replace("_", "-"))
    if name not in tools:
        sys.exit(f"unknown tool {arguments[0]!r}\n{_usage(tools)}")
    if tools[name].suffix == ".sh":
        os.environ.setdefault("PYTHON", sys.executable)
        os.execvp("bash", ["bash", str(tools[name]), *arguments[1:]])
    sys.argv[0] = f"tsn {name}"  # argparse shows it as the program's name
    _load(tools[name]).main(arguments[1:])


def _load(path: Path) -> object:
    spec = importlib.util.spec_from_file_location(f"tsn_plugin_tool_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # worker processes find the tool's functions by this name
    spec.loader.exec_module(module)
    return module


def _usage(tools: dict[str, Path]) -> str:
    short = ", ".join(f"{alias} = {name}" for alias, name in ALIASES.items())
    return f"usage: tsn TOOL [ARGUMENTS]\ntools: {', '.join(tools)} ({short})\n`tsn TOOL --help` explains each"


if __name__ == "__main__":
    main()
