"""Directories of the user's tree that are in no commit and that checks need all the same: installed dependencies."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

_ENVIRONMENTS: Final = (".venv", "venv", "env", ".env")
_DEPTH: Final = 4
"""How deep packages of one repository with `node_modules` of their own are looked for."""
_SKIPPED: Final = frozenset({"node_modules", "target", "dist", "build", "__pycache__"})


def borrowed(top: Path, *, submodules: Collection[str] = ()) -> list[str]:
    """List such directories as paths from `top`: virtual environments, `node_modules`, checked-out submodules.

    They are shown to checks read-only, in the places where they are in the user's tree.
    """
    found = [path for path in submodules if (top / path / ".git").exists()]
    pending = [(top, 0)]
    while pending:
        directory, depth = pending.pop()
        try:
            below = [entry for entry in os.scandir(directory) if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        for entry in below:
            path = Path(entry.path)
            is_environment = entry.name in _ENVIRONMENTS and (path / "pyvenv.cfg").is_file()
            if is_environment or entry.name == "node_modules":
                found.append(path.relative_to(top).as_posix())
            elif depth < _DEPTH and not entry.name.startswith(".") and entry.name not in _SKIPPED:
                pending.append((path, depth + 1))
    return sorted(found)
