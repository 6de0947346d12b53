"""A note in an output folder of the settings its contents were made with, so that a resumed run cannot mix two."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tsn_plugin.preparation.partial import partial_path


def claim_folder(folder: str | Path, settings: dict[str, Any], *, note: str) -> None:
    """Create ``folder`` and note ``settings`` in its file ``note``; settings noted by earlier runs must agree.

    Args:
        folder: the output folder.
        settings: JSON values. Settings that an earlier run did not name are added to the note.
        note: file name of the note.

    Raises:
        ValueError: if an earlier run noted another value.
    """
    path = Path(folder) / note
    settings = json.loads(json.dumps(settings))  # as they come back: lists for tuples
    noted = json.loads(path.read_text("utf-8")) if path.exists() else {}
    differing = [name for name in settings if name in noted and noted[name] != settings[name]]
    if differing:
        changes = ", ".join(f"{name}={noted[name]!r} (now {settings[name]!r})" for name in differing)
        raise ValueError(
            f"{folder} was made with {changes}: choose another folder, delete it, or use the same settings; "
            f"they are noted in {path}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({**noted, **settings}, indent=1).encode())


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a file that never exists in part.

    Raises:
        OSError: naming the file, if it cannot be written.
    """
    partial = partial_path(path)
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
