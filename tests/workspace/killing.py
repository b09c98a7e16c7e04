"""Processes that are killed right before the n-th call by which they would change the disk."""

import os
import signal
import warnings
from collections.abc import Callable
from typing import Any

from prentice.store import atomic

_EFFECTS = (
    "write", "fsync", "truncate", "replace", "rename", "unlink", "chmod", "fchmod", "mkdir", "rmdir", "link", "open",
    "symlink",
)  # fmt: skip


def killed_at(number: int, act: Callable[[], object]) -> bool:
    """Do something in a process that is killed before its n-th call (from 1); False when it ended before."""
    with warnings.catch_warnings():
        # Other tests may have started threads in this process. The child uses files only, and never returns from here.
        warnings.simplefilter("ignore", DeprecationWarning)
        process = os.fork()
    if process == 0:
        status = 1
        try:
            _count(number)
            act()
            status = 0
        finally:
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in {0, -signal.SIGKILL}, f"the process failed ({status})"
    return status != 0


def _count(number: int) -> None:
    calls = 0

    def counted(do: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return do(*arguments, **options)

        return called

    for name in _EFFECTS:
        setattr(os, name, counted(getattr(os, name)))
    os.fsync = lambda fd: None  # noqa: ARG005 - the system lives on, so it changes nothing
    atomic.exchanged = counted(atomic.exchanged)
