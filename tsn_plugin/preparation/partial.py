"""Names of what is not complete yet, which tell who writes it: what a killed process left can be found and removed."""

from __future__ import annotations

import os
import socket
from pathlib import Path

#: in the name of what is being written right now, or was when the machine went down
PARTIAL_MARK = ".partial-"
#: in the name of what was put aside to be replaced
ASIDE = "old-"
_HOST = f"{socket.gethostname()}-"


def partial_path(path: str | Path, *, aside: bool = False) -> Path:
    """Where this process writes what becomes ``path``, or puts what stands there aside."""
    return Path(f"{path}{PARTIAL_MARK}{ASIDE if aside else ''}{_HOST}{os.getpid()}")


def abandoned(parent: Path) -> list[tuple[Path, Path, bool]]:
    """Path, what it would have become, and whether it was put aside, for each rest of a killed process of this host.

    Of this process too: call it before anything is written. In containers all runs may have the same number.
    """
    found = []
    for path in sorted(parent.glob(f"*{PARTIAL_MARK}*")):
        name, _, owner = path.name.rpartition(PARTIAL_MARK)
        aside, _, process = owner.rpartition(_HOST)
        if aside in ("", ASIDE) and process.isdecimal() and not _is_running_elsewhere(int(process)):
            found.append((path, path.with_name(name), bool(aside)))
    return found


def _is_running_elsewhere(process: int) -> bool:
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True  # for another user
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """Whether a process has ended, and nobody asks how: in many a container nobody asks for orphans."""
    try:
        facts = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:  # elsewhere than on Linux
        return False
    return facts.rpartition(b")")[2].split()[:1] == [b"Z"]
