"""Everything around an execution as it was before: the user's tree, index and home, worktrees, locks and processes."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

from skills.execute.calculator import Bench
from workspace.trees import pictured


@contextlib.contextmanager
def untouched(project: Bench, *further: Path) -> Iterator[None]:
    """Compare all files of the user's before and after, byte by byte; nothing else may be left either."""
    places = (project.root, project.beside, *further)
    before = [pictured(place, without=(".prentice", ".todo2")) for place in places]
    yield
    assert [pictured(place, without=(".prentice", ".todo2")) for place in places] == before
    assert project.left_behind() == []
    assert list(project.root.rglob("*.lock")) == []


def running(word: str) -> list[str]:
    """Give the command lines of all processes in which a word occurs, on Linux in their environment too."""
    listed = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True).stdout
    found = [line for line in listed.splitlines() if word in line and not line.startswith("ps ")]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return found
