"""Putting the server into an assistant's settings: the snippet, and merging it into a file that is there already."""

import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any, Final

from prentice.errors import UsageError, WriteFailedError
from prentice.skills.doctor import commented_json, toml_tables
from prentice.skills.doctor.clients import ASSISTANTS, NAME, Assistant, entry_in, server_options
from prentice.store.atomic import replace_file

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


def entry_of(assistant: Assistant, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give the entry: the command by its name where it is on the path, else by this Python.

    Options that a `known` entry of the user's gives the server stay, and variables that it passes on.
    """
    if shutil.which(NAME):
        command, before = NAME, []
    else:
        command, before = sys.executable, ["-m", NAME]
    kept = server_options(known or {}) or []
    own = [] if assistant.arguments[:1] and assistant.arguments[0] in kept else [*assistant.arguments]
    entry = {**assistant.more, "command": command, "args": [*before, "mcp", *own, *kept]}
    if assistant.variables:
        passed = (known or {}).get("env_vars")
        named = passed if isinstance(passed, list) else []
        entry["env_vars"] = [*named, *(name for name in assistant.variables if name not in named)]
    return entry


def warning(assistant: Assistant) -> str:
    """Say where the entry fits this machine alone though its file belongs to the project; nothing where it fits all."""
    if assistant.is_users or shutil.which(NAME):
        return ""
    return (
        f"`{NAME}` is not on the path, so the entry names this machine's Python: keep {assistant.path} out of version "
        f"control, or put `{NAME}` on the path and write it anew."
    )


def snippet(assistant: Assistant) -> str:
    """Give the text to put into the settings file."""
    if assistant.is_toml:
        return toml_tables.with_entry("", assistant.table, NAME, entry_of(assistant))
    return json.dumps({assistant.table: {NAME: entry_of(assistant)}}, indent=2) + "\n"


def install(assistant: Assistant, root: Path) -> Installed:
    """Merge the entry into the settings file; what else stands there stays, and a file that changes is kept beside it.

    Raises:
        UsageError: the file is not what can be merged into without losing something.
        WriteFailedError: it cannot be read or written.
    """
    path = assistant.file(root)
    try:
        path = path.resolve()  # a link, as of settings that are kept elsewhere, stays one
        before = path.read_bytes().decode() if path.exists() else ""  # with the ends of its lines
        after = _merged(before if before.strip() else "", assistant, path=path)
        if after == before:
            return Installed(path=path, changed=False, backup=None)
        path.parent.mkdir(parents=True, exist_ok=True)
        backup = None
        if before:
            backup = _backup_of(path)
            shutil.copy2(path, backup)
        replace_file(path, after.encode())
    except (OSError, UnicodeDecodeError) as error:
        raise WriteFailedError(
            f"{path} cannot be used: {error}.", next_step="Mend its permissions, or put the printed snippet in by hand."
        ) from error
    return Installed(path=path, changed=True, backup=backup)


def _backup_of(path: Path) -> Path:
    """Give a name for a copy that is taken by none: the first one, of the file as the user had it, stays."""
    names = chain([path.name + _BACKUP], (f"{path.name}{_BACKUP}-{number}" for number in count(2)))
    return next(found for name in names if not (found := path.with_name(name)).exists())


def _check_free(text: str, assistant: Assistant) -> None:
    """Refuse settings where something stands under our name that is no entry, and would be lost.

    Raises:
        ValueError: it does, or the text cannot be read.
    """
    settings = commented_json.read(text)
    servers = settings.get(assistant.table) if isinstance(settings, dict) else None
    if isinstance(servers, dict) and NAME in servers:
        raise ValueError(f"what stands under {NAME} is no object")


def _merged(before: str, assistant: Assistant, *, path: Path) -> str:
    try:
        known = entry_in(before, assistant)
        entry = entry_of(assistant, known)
        if known is not None and all(known.get(key) == value for key, value in entry.items()):
            return before  # with what the user has added
        if known is None and not assistant.is_toml:
            _check_free(before, assistant)
        put = toml_tables.with_entry if assistant.is_toml else commented_json.with_entry
        return put(before, assistant.table, NAME, entry)
    except ValueError as error:
        kind = "TOML" if assistant.is_toml else "JSON"
        is_strict = isinstance(error, json.JSONDecodeError) and not assistant.has_comments
        strict = f"; {assistant.title} reads no comments and no trailing commas" if is_strict else ""
        raise UsageError(
            f"{path} is not {kind} that takes an entry ({error}{strict}), so nothing was changed.",
            next_step="Mend the file, or put the snippet in by hand: the same command without `--write` prints it.",
        ) from error
