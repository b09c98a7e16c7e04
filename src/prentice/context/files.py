"""The files of a project: what git knows, else a bounded walk. Reads names only, follows no link, writes nothing."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

MAX_FILES: Final = 20_000
WALK_SECONDS: Final = 2.0
GIT_SECONDS: Final = 5.0

_SKIPPED: Final = {
    "node_modules", "vendor", "third_party", "build", "dist", "out", "target", "venv", "env", "__pycache__",
    "site-packages", "bower_components", "Pods", "DerivedData", "coverage", "htmlcov", "obj",
}  # fmt: skip


def files(root: Path) -> tuple[str, ...]:
    """List a project's files as sorted paths relative to `root`, with `/`.

    Git's list where git answers within GIT_SECONDS: tracked files, and new ones that are not ignored. Else, and in a
    directory that a repository above ignores as a whole, a walk that skips hidden, vendored and built directories and
    stops at MAX_FILES files or WALK_SECONDS. A name that is not UTF-8, or that holds control characters, is left out:
    no text and no model could name it.
    """
    answer = git(root, ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"))
    ignored = not answer and not (root / ".git").exists()  # git answers for a repository that ignores this directory
    names = _walk(root) if answer is None or ignored else (os.fsdecode(name) for name in answer.split(b"\0"))
    return tuple(sorted({name for name in names if name and _is_plain(name)}))


def git(root: Path, arguments: Sequence[str]) -> bytes | None:
    """Give what a reading git command prints, or None where git is absent, refuses or takes over GIT_SECONDS.

    Settings of the repository that start programs are overridden: it may be a stranger's.
    """
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C", str(root), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=GIT_SECONDS, stdin=subprocess.DEVNULL, env=_environment()
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    # `git grep` answers 1 where nothing matches
    return done.stdout if done.returncode in {0, 1} and not done.stderr.startswith(b"fatal") else None


def _environment() -> Mapping[str, str]:
    """Leave out what would point git at another repository, as it is set inside a hook."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none",
        "LC_ALL": "C",
    }  # fmt: skip


def _is_plain(name: str) -> bool:
    return name.isprintable()  # a lone surrogate, which stands for a byte that is not UTF-8, is not printable


def _walk(root: Path) -> Iterator[str]:
    deadline = time.monotonic() + WALK_SECONDS
    pending = [""]
    count = 0
    while pending:
        directory = pending.pop()
        try:
            entries = sorted(os.scandir(root / directory), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = f"{directory}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if not _is_skipped(entry.name):
                    pending.append(path + "/")
            elif entry.is_file(follow_symlinks=False):
                yield path
                count += 1
            if count >= MAX_FILES or time.monotonic() > deadline:
                return


def _is_skipped(directory: str) -> bool:
    return directory in _SKIPPED or (directory.startswith(".") and directory not in {".github", ".circleci", ".ci"})
