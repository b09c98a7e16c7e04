"""Letting a person edit text in the editor of their choice."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from prentice.errors import UsageError


def edit_text(text: str, *, name: str) -> str:
    """Open a text in `$VISUAL` or `$EDITOR` and give what was saved.

    Raises:
        UsageError: no editor can be started, or it failed.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ("notepad" if sys.platform == "win32" else "vi")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"{name}.md"
        path.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(path)], check=True)
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            raise UsageError(
                f"The editor `{editor}` could not be used: {error}.", next_step="Set `EDITOR` to one that works."
            ) from error
        return path.read_text(encoding="utf-8")
