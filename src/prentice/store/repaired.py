"""What a repair of the Todo2 file did."""

import difflib
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Mend: TypeAlias = Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], list[str]]]
"""From a state's value to a mended one, and what was mended, one phrase each."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """The backup of the file as it was (None where nothing was mended), the changed lines, and what was mended."""

    backup: Path | None = None
    diff: str = ""
    mended: tuple[str, ...] = ()


def changed_lines(old: Path, new: Path) -> str:
    """Give the difference of two files as a unified diff; git computes it, because long files are slow in Python."""
    try:
        found = subprocess.run(
            ["git", "diff", "--no-index", "--no-color", "--no-ext-diff", "-U2", "--", str(old), str(new)],
            capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        if found.returncode in {0, 1}:
            lines = found.stdout.decode("utf-8", errors="replace").splitlines()
            return "\n".join((f"--- {old.name}", f"+++ {new.name}", *lines[4:])) if lines else ""
    except (OSError, subprocess.SubprocessError):
        pass
    before, after = (path.read_text(encoding="utf-8", errors="replace").splitlines() for path in (old, new))
    return "\n".join(difflib.unified_diff(before, after, old.name, new.name, n=2, lineterm=""))
