"""A network namespace for the whole test run, in which nothing but this machine can be reached.

The process of the tests moves into it, and all that it starts is born there. Constants are those of Linux's sched.h,
if.h and sockios.h.
"""

import ctypes
import os
import socket
import struct
import sys
from pathlib import Path
from typing import Final

if sys.platform == "linux":
    import fcntl

_NEW_USER: Final = 0x10000000
_NEW_NET: Final = 0x40000000
_UP: Final = 1
_GET_FLAGS: Final = 0x8913
_SET_FLAGS: Final = 0x8914


def is_alone() -> bool:
    """Whether this process has no network device but loopback."""
    return [name for _, name in socket.if_nameindex()] == ["lo"]


def leave_the_network() -> str:
    """Move this process into a namespace with loopback alone; give why that could not be, or nothing."""
    if sys.platform != "linux":
        return f"{sys.platform} has no network namespaces"
    if is_alone():
        return ""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NET if user == 0 else _NEW_USER | _NEW_NET) != 0:
        return f"this system allows no network namespace: {os.strerror(ctypes.get_errno())}"
    if user != 0:  # the same user inside, so that what only root may do stays forbidden
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        answer = fcntl.ioctl(asking, _GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        name, flags = struct.unpack("16sh14x", answer)
        fcntl.ioctl(asking, _SET_FLAGS, struct.pack("16sh14x", name, flags | _UP))
    return ""
