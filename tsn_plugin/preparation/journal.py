"""What a long job has found so far, in a file that survives an interruption."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tsn_plugin.preparation.settings import write_atomically


class Journal:
    """Findings by key, appended to a file one by one and read again by the next run.

    The first line holds the settings: a journal made with others, or one that cannot be read, is begun anew.

    Args:
        path: the file.
        settings: plain values that decide whether earlier findings still hold.
    """

    def __init__(self, path: str | Path, settings: Mapping[str, Any]) -> None:
        self._path = Path(path)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        head = json.dumps(settings, sort_keys=True, default=str)
        whole = self._whole_lines()
        #: the findings of earlier runs
        self.found: dict[str, Any] = {}
        try:
            if whole[:1] != [head]:
                raise ValueError("other settings")
            self.found = dict(json.loads(line) for line in whole[1:])
        except (ValueError, TypeError, RecursionError):
            whole = [head]
        write_atomically(self._path, "".join(f"{line}\n" for line in whole).encode())  # without a torn last line
        self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115 closed by close() and remove()
        self._is_full = False

    def add(self, key: str, value: Any) -> None:
        """Keep one finding of plain values; where there is no room for it, the next run has to find it again."""
        line = (json.dumps([key, value], ensure_ascii=False) + "\n").encode()
        try:
            self._is_full = self._is_full or self._file.write(line) < len(line)
        except OSError:
            self._is_full = True  # no line behind a torn one

    def close(self) -> None:
        """Close the file and keep it."""
        self._file.close()

    def remove(self) -> None:
        """Close and delete the file: the job is complete."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _whole_lines(self) -> list[str]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            return []
        return [line for line in text.split("\n")[:-1] if line]
