"""Whether git put a file's bytes where they are: a checkout, a merge or a reset, and no writer with an old copy."""

import hashlib
import subprocess
from pathlib import Path

from prentice.store.content import Content


def is_gits_version(content: Content, path: Path) -> bool:
    """Whether the bytes are those that git's index or its last commit has for the path; False without git."""
    try:
        found = subprocess.run(
            ["git", "ls-files", "--stage", "--", path.name],
            cwd=path.parent,
            capture_output=True,
            timeout=10,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    blob = b"blob %d\0" % len(content.data) + content.data
    names = {hashlib.sha1(blob, usedforsecurity=False).hexdigest(), hashlib.sha256(blob).hexdigest()}
    return any(len(fields) > 1 and fields[1].decode() in names for fields in map(bytes.split, found.splitlines()))
