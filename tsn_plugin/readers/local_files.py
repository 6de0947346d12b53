"""What must hold of a file before it is opened: a pipe without a writer, for one, would keep its reader for ever."""

from __future__ import annotations

import os
import stat

from tsn_plugin.readers.base import VideoReadError

#: a pipe is opened at once then, without waiting for its writer; elsewhere than on POSIX there is none
_AT_ONCE = getattr(os, "O_NONBLOCK", 0)
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


def refuse_irregular(path: str) -> None:
    """Let regular files pass, and what does not exist: whoever opens it tells so.

    Raises:
        VideoReadError: for folders, pipes and devices, which may be without an end; or if the system forbids to look.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, ValueError):
        return
    except OSError as error:
        raise VideoReadError(f"{path} cannot be opened ({error.strerror}); mend that or its path") from error
    _check(path, mode)


def read_file(path: str) -> bytes:
    """The bytes of a local file.

    Raises:
        FileNotFoundError: if there is no such file.
        VideoReadError: for folders, pipes and devices.
    """
    with open(path, "rb", buffering=0, opener=_open_at_once) as file:
        _check(path, os.fstat(file.fileno()).st_mode)
        return file.read()


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | _AT_ONCE)


def _check(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "a device")
        raise VideoReadError(f"{path} is {kind}, no file that can be read to its end; mend the path")
