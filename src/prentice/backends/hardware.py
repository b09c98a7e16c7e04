"""How much memory a model may take on this machine."""

import os
import sys
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")


def available_memory() -> int | None:
    """Give the bytes that a model may take before the machine swaps; None where the system does not say.

    Linux tells what is available now (`MemAvailable`). Elsewhere it is all the memory there is, since those systems
    count their file cache as used.
    """
    if sys.platform == "win32":
        return None
    try:
        for line in _MEMINFO.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
