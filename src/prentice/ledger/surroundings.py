"""What the operating system tells of a SQLite file: on which kind of file system it lies, and who has it locked.

Linux tells both, in `/proc/self/mountinfo` and `/proc/locks` (proc(5)); elsewhere nothing is known.
"""

import os
from pathlib import Path
from typing import Final, Literal

MOUNTS: Final = Path("/proc/self/mountinfo")
_LOCKS: Final = Path("/proc/locks")
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "glusterfs", "fuse.glusterfs", "lustre"}
)


def journal_for(path: Path, *, mounts: Path = MOUNTS) -> Literal["WAL", "DELETE"]:
    """Give SQLite's journal mode for a file: a write-ahead log, but no network file system can share its memory."""
    return "DELETE" if _file_system(path.resolve(), mounts) in _NETWORK else "WAL"


def holder(path: Path) -> str:
    """Say which other process has a database locked, as far as that is known, with what to do; empty otherwise."""
    inodes = {_inode(path), _inode(path.with_name(f"{path.name}-shm"))} - {0}
    for line in _lines(_LOCKS):
        parts = line.split()  # 1: POSIX ADVISORY WRITE 4711 fd:00:1234 128 128
        if len(parts) < 8 or parts[3] != "WRITE" or not parts[4].isdigit() or int(parts[4]) == os.getpid():
            continue
        if int(parts[5].rpartition(":")[2]) in inodes:
            return _described(int(parts[4]))
    return ""


def _described(process: int) -> str:
    about = Path(f"/proc/{process}")
    name = "".join(_lines(about / "comm")).strip() or "?"
    if any(line.startswith("State:\tT") for line in _lines(about / "status")):
        return f"Process {process} ({name}) holds it and is suspended: `kill -CONT {process}` lets it go on."
    return f"Process {process} ({name}) holds it: let it finish, or end it, and try again."


def _file_system(path: Path, mounts: Path) -> str:
    """Give the kind of the file system that is mounted nearest above a path; of several at one place, the last."""
    best, kind = -1, ""
    for line in _lines(mounts):
        before, _, after = line.partition(" - ")
        fields = before.split()
        point = Path(fields[4].replace("\\040", " ")) if len(fields) > 4 else None
        if point is not None and after and path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split()[0]
    return kind


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
