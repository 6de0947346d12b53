"""Which checkpoint an interrupted training goes on from."""

from __future__ import annotations

import re
import warnings
import zipfile
from pathlib import Path

from tsn_plugin.structures.torch_files import UNREADABLE, check_torch_file

_NUMBERED = re.compile(r"(?:epoch|iter)_(\d+)\.pth")
_NOTE = "last_checkpoint"  # MMEngine writes the path of the last checkpoint into it
_LONGEST_PATH = 4096


def latest_checkpoint(work_dir: str | Path) -> str | None:
    """The last whole checkpoint of a training, or None; rests of checkpoints that were not finished are removed.

    That of MMEngine's note ``last_checkpoint`` comes first, then ``epoch_*.pth`` and ``iter_*.pth``, the highest number
    first: a kill may leave the note empty, and other tools half a checkpoint.
    """
    work_dir = Path(work_dir)
    for rest in work_dir.glob("*.pth.partial-*"):
        rest.unlink(missing_ok=True)
    numbered = {path: _NUMBERED.fullmatch(path.name) for path in work_dir.glob("*.pth")}
    candidates = sorted((path for path, match in numbered.items() if match), key=lambda path: -int(numbered[path][1]))
    note = work_dir / _NOTE
    if note.is_file():
        with note.open(errors="replace") as file:
            noted = Path(file.read(_LONGEST_PATH).strip())
        # a work_dir that was moved has a note of its old place
        candidates = [path for path in (noted, work_dir / noted.name) if _is_file(path)] + candidates
    for path in candidates:
        if is_whole(path):
            return str(path)
        warnings.warn(f"checkpoint {path} is damaged; the one before it is taken", stacklevel=2)
    return None


def is_whole(path: str | Path) -> bool:
    """Whether a checkpoint is all there, by the checksums of its zip archive."""
    try:
        check_torch_file(path)
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except UNREADABLE:
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a damaged note may hold a name that no file system takes
        return False
