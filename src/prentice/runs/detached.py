"""A worker as a process of its own, which outlives whoever starts it and ends when it is idle."""

import subprocess
import sys
from pathlib import Path
from typing import Final

_DETACHED_ON_WINDOWS: Final = 0x00000008 | 0x00000200
"""DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP, which `subprocess` names on Windows only."""


def start_worker(directory: Path) -> int:
    """Start a worker for a directory and give its process id; a terminal that closes does not end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "prentice", "--project", str(directory), "worker", "--until-idle"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        creationflags=_DETACHED_ON_WINDOWS if sys.platform == "win32" else 0,
    )
    process.returncode = 0  # nobody here waits for it: its end is not this process's to see
    return process.pid
