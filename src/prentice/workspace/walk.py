"""The files of a directory that no git repository lists."""

import os
from pathlib import Path
from typing import Final

from prentice.errors import WorktreeError

MAX_FILES: Final = 200_000
_SKIPPED: Final = frozenset({
    ".git", ".hg", ".svn", ".todo2", ".prentice", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".nox",
    ".mypy_cache", ".pytest_cache", ".ruff_cache", "target", ".gradle", "bower_components", "site-packages",
})  # fmt: skip
"""What tools fetch or build, and can again; dependencies are shown to checks where they are."""


def walked(root: Path) -> list[str]:
    """List files and links below a directory, with `/`; links are not followed, what tools fetched is left out.

    Raises:
        WorktreeError: there are more than MAX_FILES.
    """
    found: list[str] = []
    for directory, below, names in os.walk(root):
        here = Path(directory)
        names += [name for name in below if (here / name).is_symlink()]
        below[:] = sorted(name for name in below if name not in _SKIPPED and not (here / name).is_symlink())
        start = here.relative_to(root).as_posix()
        found += [name if start == "." else f"{start}/{name}" for name in names if name != ".git"]
        if len(found) > MAX_FILES:
            raise WorktreeError(
                f"{root} holds more than {MAX_FILES} files and is no git repository.",
                next_step="Run `git init` there, with a .gitignore for what is built, or choose a smaller directory.",
            )
    return sorted(found)
