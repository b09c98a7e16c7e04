"""Putting the server into an assistant's settings: the snippet, and merging it into a file that is there already."""

import json
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prentice.errors import UsageError, WriteFailedError
from prentice.skills.doctor.clients import ASSISTANTS, NAME, Assistant, entry_in

_BACKUP: Final = ".before-prentice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What became of a settings file. `backup` is the file as it was, None where none was or nothing changed."""

    path: Path
    changed: bool
    backup: Path | None

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {"path": str(self.path), "changed": self.changed, "backup": str(self.backup or "")}


def assistant_named(name: str) -> Assistant:
    """Give a client by its name.

    Raises:
        UsageError: it is none that is known.
    """
    for assistant in ASSISTANTS:
        if assistant.name == name:
            return assistant
    names = ", ".join(one.name for one in ASSISTANTS)
    raise UsageError(f"There is no client {name!r} here.", next_step=f"Choose one of {names}.")


def entry_of(assistant: Assistant) -> dict[str, Any]:
    """Give the entry: the command by its name where it is on the path, else by this Python."""
    if shutil.which(NAME):
        command, before = NAME, []
    else:
        command, before = sys.executable, ["-m", NAME]
    return {**assistant.more, "command": command, "args": [*before, "mcp", *assistant.arguments]}


def snippet(assistant: Assistant) -> str:
    """Give the text to put into the settings file."""
    if assistant.is_toml:
        return _toml(assistant, entry_of(assistant))
    return json.dumps({assistant.table: {NAME: entry_of(assistant)}}, indent=2) + "\n"


def install(assistant: Assistant, root: Path) -> Installed:
    """Merge the entry into the settings file; what else stands there stays, and a file that changes is kept beside it.

    Raises:
        UsageError: the file is not what can be merged into without losing something, such as JSON with comments.
        WriteFailedError: it cannot be read or written.
    """
    path = assistant.file(root)
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = _merged(before, assistant)
        if after == before:
            return Installed(path=path, changed=False, backup=None)
        path.parent.mkdir(parents=True, exist_ok=True)
        backup = None
        if before:
            backup = path.with_name(path.name + _BACKUP)
            shutil.copy2(path, backup)
        fresh = path.with_name(path.name + ".new")
        fresh.write_text(after, encoding="utf-8")
        fresh.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise WriteFailedError(
            f"{path} cannot be used: {error}.", next_step="Mend its permissions, or put the printed snippet in by hand."
        ) from error
    return Installed(path=path, changed=True, backup=backup)


def _merged(before: str, assistant: Assistant) -> str:
    entry = entry_of(assistant)
    try:
        known = entry_in(before, assistant)
        if known is not None and all(known.get(key) == value for key, value in entry.items()):
            return before  # with what the user has added
        if assistant.is_toml:
            return _merged_toml(before, assistant, known)
        settings = json.loads(before or "{}")
        servers = settings.setdefault(assistant.table, {})
        servers[NAME] = {**(known or {}), **entry}
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(
            f"{assistant.file(Path())} is not plain {'TOML' if assistant.is_toml else 'JSON'}, so nothing was changed.",
            next_step="Put the snippet in by hand: the same command without `--write` prints it.",
        ) from error
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def _merged_toml(before: str, assistant: Assistant, known: Mapping[str, Any] | None) -> str:
    """Replace the server's own table, or add it at the end; all other lines stay as they are."""
    kept = before
    if known is not None:
        head = re.escape(f"[{assistant.table}.{NAME}]")
        kept, count = re.subn(rf"(?ms)^{head}[^\n]*\n.*?(?=^\[|\Z)", "", before)
        if not count or any(
            _is_table(value) and f"[{assistant.table}.{NAME}.{key}]" not in before for key, value in known.items()
        ):
            raise ValueError("the entry is written in another form")
    kept = kept.rstrip() + "\n\n" if kept.strip() else ""
    after = kept + _toml(assistant, {**(known or {}), **entry_of(assistant)})
    entry_in(after, assistant)
    return after


def _toml(assistant: Assistant, entry: Mapping[str, Any]) -> str:
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items() if not _is_table(value)]
    return "\n".join([f"[{assistant.table}.{NAME}]", *lines]) + "\n"


def _is_table(value: object) -> bool:
    return isinstance(value, dict)  # a table of its own, such as `env`, has its own head and stays where it is
