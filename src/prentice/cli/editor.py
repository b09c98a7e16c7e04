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
            ended = subprocess.run([*shlex.split(editor), str(path)], check=False).returncode
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The editor `{editor}` could not be started: {error}.", next_step="Set `EDITOR` to one that works."
            ) from error
        if ended:
            raise UsageError(
                f"The editor ended with {ended}, so nothing was changed.", next_step="Save and leave it normally."
            )
        try:
            return path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(
                "What the editor saved is not UTF-8, so nothing was changed.", next_step="Let the editor save as UTF-8."
            ) from error
