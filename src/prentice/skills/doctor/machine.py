"""What the machine offers: Python, SQLite and git."""

import platform
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from prentice.ledger.database import SQLITE_FLOOR
from prentice.skills.doctor.finding import Finding

_PYTHON_FLOOR: Final = (3, 11)
_PRIVATE: Final = (".prentice/ledger.db", ".prentice/journal.jsonl", ".prentice/backups/state.json")
"""What is this machine's own; a backup's name stands for all of them."""


def programs() -> Iterator[Finding]:
    """Look at the versions of what Prentice runs on."""
    yield Finding(check="python", ok=sys.version_info >= _PYTHON_FLOOR, found=platform.python_version())
    yield Finding(check="sqlite", ok=sqlite3.sqlite_version_info >= SQLITE_FLOOR, found=sqlite3.sqlite_version)


def git(root: Path) -> Finding:
    """Look for git, and whether the directory is in a repository."""
    try:
        version = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
        inside = _git(root, "rev-parse", "--is-inside-work-tree")
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(check="git", ok=False, found=f"{error}", next_step="Install git 2.39 or newer.")
    where = "in a repository" if inside.returncode == 0 else "not in a repository: tasks are tried in a copy"
    return Finding(check="git", ok=True, found=f"{version.strip()}, {where}")


def kept_out_of_git(root: Path) -> Iterator[Finding]:
    """Look whether git would take what is this machine's own; nothing is said where there is no repository."""
    try:
        if _git(root, "rev-parse", "--is-inside-work-tree").returncode:
            return
        tracked = _git(root, "ls-files", "--", *_PRIVATE).stdout.split()
        ignored = _git(root, "check-ignore", "--no-index", "--", *_PRIVATE).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return  # what is wrong with git is said already
    open_to_git = [name for name in _PRIVATE if name not in ignored]
    if tracked:
        names = " ".join(tracked)
        yield Finding(
            check="git_ignore",
            ok=False,
            found=f"git keeps {names}, which {'is' if len(tracked) == 1 else 'are'} this machine's own",
            next_step=f"`git rm --cached {names}`, then commit.",
        )
    elif open_to_git:
        yield Finding(
            check="git_ignore",
            ok=False,
            found=f"git does not ignore {', '.join(open_to_git)}",
            next_step="`prentice init` writes .prentice/.gitignore; if it is there, add those names to it.",
        )
    else:
        yield Finding(check="git_ignore", ok=True, found="git ignores what .prentice/ keeps on this machine")


def _git(root: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, encoding="utf-8", timeout=10, check=False
    )
