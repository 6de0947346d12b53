"""Runs scripts, each in a process of its own that has imported the published stack, but not the plugin.

Reads a line of JSON for each, ``{"argv": [...], "cwd": ..., "stdout": file, "stderr": file}``, and answers with its
exit status.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path

import av  # noqa: F401
import cv2  # noqa: F401
import decord  # noqa: F401
import mmaction  # noqa: F401
import mmengine.runner  # noqa: F401  what is here need not be imported for each script
import torch  # noqa: F401


def run(argv: list[str]) -> None:
    """What ``python argv...`` does: a script, or ``-c`` and code."""
    if argv[0] == "-c":
        sys.argv, sys.path[0] = ["-c", *argv[2:]], ""
        exec(compile(argv[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv, sys.path[0] = argv, str(Path(argv[0]).parent)
        runpy.run_path(argv[0], run_name="__main__")


def start(job: dict) -> None:
    """Run a job in this process, which ends with it."""
    os.chdir(job["cwd"])
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT, 0o600), number)
    run(job["argv"])


def main() -> None:
    """Serve until the input ends."""
    if "tsn_plugin" in sys.modules:
        raise SystemExit("the plugin is there already")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            start(json.loads(line))
            return
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(status, flush=True)


if __name__ == "__main__":
    main()
