"""Real projects in real git repositories, and changes of their files."""

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from prentice.changes.change import Change, FileChange
from prentice.changes.files import EXECUTABLE, REGULAR, File
from prentice.review.approval import Approval


def git(directory: Path, *arguments: str) -> str:
    """Run git as its user would."""
    identity = ("-c", "user.name=Someone", "-c", "user.email=someone@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout


def repository(directory: Path, files: Mapping[str, bytes | str]) -> Path:
    """Make a repository with one commit of these files."""
    directory.mkdir(parents=True, exist_ok=True)
    git(directory, "init", "--quiet", "--initial-branch=main")
    write(directory, files)
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message=first")
    return directory


def write(directory: Path, files: Mapping[str, bytes | str]) -> Path:
    """Write files below a directory, and give the directory."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return directory


def counted_git(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Let every start of git from now on be written down in a directory, and give what reads the arguments of each."""
    calls = directory / "git-calls"
    script = f'#!/bin/sh\necho "$*" >> {calls}\nexec {shutil.which("git")} "$@"\n'
    programs = write(directory / "programs", {"git": script})
    (programs / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return lambda: calls.read_text().splitlines()


def pictured(directory: Path, *, without: tuple[str, ...] = (".prentice",)) -> dict[str, tuple[int, str]]:
    """Give every file, link and directory below a directory with its mode and a digest of its contents."""
    found: dict[str, tuple[int, str]] = {}
    for here, below, names in os.walk(directory):
        below[:] = [name for name in below if name not in without]
        for name in (*names, *below):
            path = Path(here) / name
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                content = os.fsencode(path.readlink())
            else:
                content = path.read_bytes() if path.is_file() else b""
            found[path.relative_to(directory).as_posix()] = (status.st_mode, hashlib.sha256(content).hexdigest())
    return found


def change_of(files: Mapping[str, tuple[bytes | None, bytes | None]], *, executable: bool = False) -> Change:
    """Make a change from contents before and after, by path."""
    made = []
    for path, (before, after) in files.items():
        made.append(
            FileChange(
                path=path,
                old_path=path,
                before=None if before is None else File(content=before),
                after=None if after is None else File(content=after, mode=EXECUTABLE if executable else REGULAR),
            )
        )
    return Change(files=tuple(made))


def approval_of(change: Change) -> Approval:
    return Approval(digest=change.digest, actor="person", at=1_750_000_000.0, by="tests")
