"""How one of several processes ends when something breaks: the one that knows the reason first."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from torch.distributed.elastic.multiprocessing.errors import get_error_handler

#: Seconds that a process which lost another one leaves to the launcher, before it fails itself.
GRACE_SECONDS = 5.0
_LOST = (
    "Connection closed by peer",  # gloo
    "Connection reset by peer",
    "Broken pipe",
    "remote process exiting",  # NCCL
    "failed to recv, got 0 bytes",  # the store of the first process
    "Connection was likely closed",
)


def report_failure(function: Callable) -> Callable:
    """Let ``function``, the whole run of a process, fail so that the reason is found.

    The first exception gets into torchrun's summary, with its traceback. Processes that fail since another one is gone
    say so and wait :data:`GRACE_SECONDS`: meanwhile torchrun and ``srun --kill-on-bad-exit`` end them. Otherwise every
    process would print a traceback, and torchrun could take a follower for the root cause. A process alone is left as
    it is.
    """

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not _is_one_of_several():
            return function(*args, **kwargs)
        handler = get_error_handler()
        handler.initialize()  # a crash inside a library shows the Python line
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if lost_another_process(error):
                rank = os.environ.get("RANK", "?")
                print(f"[rank{rank}] another process is gone; its own message tells why", file=sys.stderr, flush=True)
                time.sleep(GRACE_SECONDS)
            else:
                handler.record_exception(error)
            raise

    return run


def lost_another_process(error: BaseException) -> bool:
    """Whether an exception only tells that the connection to another process broke."""
    text = str(error)
    return isinstance(error, RuntimeError) and any(phrase in text for phrase in _LOST)


def _is_one_of_several() -> bool:
    """Whether torchrun, Slurm or MPI started this process together with others."""
    counts = ("WORLD_SIZE", "SLURM_NTASKS", "OMPI_COMM_WORLD_SIZE")
    return any(int(os.environ.get(name, "1")) > 1 for name in counts)
