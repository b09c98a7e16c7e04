"""TOML as people keep it, with comments: an entry is put into a table of its own, with every other line kept."""

import json
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

_FORM: Final = "the entries are written in another form than as lines below heads of their own"


def with_entry(text: str, table: str, name: str, entry: Mapping[str, Any]) -> str:
    """Give the text with `entry` in the table `[table.name]`; keys of it that differ are changed in place.

    Raises:
        ValueError: the text is no TOML, or the entry stands there in a form that cannot be changed line by line.
    """
    settings = tomllib.loads(text)
    servers = settings.get(table, {})
    known = servers.get(name) if isinstance(servers, dict) else 0
    if known is not None and not isinstance(known, dict):
        raise ValueError(f"what stands under {table} is no table of tables")
    line = "\r\n" if "\r\n" in text else "\n"
    if known is None:
        lines = [f"[{table}.{name}]", *(_pair(key, value) for key, value in entry.items())]
        kept = text.rstrip()
        after = (kept + line * 2 if kept else "") + line.join(lines) + line
    else:
        after = text
        for key, value in entry.items():
            if key not in known or known[key] != value:
                after = _set(after, rf"\[[ \t]*{re.escape(table)}[ \t]*\.[ \t]*{re.escape(name)}[ \t]*\]", key, value)
    wanted = {**settings, table: {**servers, name: {**(known or {}), **entry}}}
    with suppress(tomllib.TOMLDecodeError):  # a table between braces takes no lines behind it
        if tomllib.loads(after) == wanted:
            return after
    raise ValueError(_FORM)


def _set(text: str, head: str, key: str, value: object) -> str:
    """Change a key in the table below a head, or add it there."""
    found = re.search(rf"(?m)^[ \t]*{head}[^\n]*(\n|\Z)", text)
    if found is None:
        raise ValueError(_FORM)
    end = re.compile(r"(?m)^[ \t]*\[").search(text, found.end())
    pair = re.compile(rf"(?m)^[ \t]*{re.escape(key)}[ \t]*=").search(
        text, found.end(), end.start() if end else len(text)
    )
    line = "\r\n" if "\r\n" in text else "\n"
    if pair is None:
        before = text[: found.end()] if text[: found.end()].endswith("\n") else text + line
        return before + _pair(key, value) + line + text[found.end() :]
    start, until = pair.start(), _end_of_value(text, pair.start())
    indent = text[start : len(text) - len(text[start:].lstrip(" \t"))]
    return text[:start] + indent + _pair(key, value) + text[until:]


def _end_of_value(text: str, start: int) -> int:
    """Give where a pair's value ends, over several lines perhaps, without the comment and the white space after it."""
    end = start
    while end < len(text):
        end = text.find("\n", end + 1)
        end = len(text) if end == -1 else end
        lines = text[start:end].removesuffix("\r")
        if (pair := _parsed(lines)) is not None:
            ends = (place.start() for place in re.finditer(r"[ \t]*(?:#|\Z)", lines))
            return start + next(place for place in ends if _parsed(lines[:place]) == pair)
    raise ValueError(_FORM)


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


def _pair(key: str, value: object) -> str:
    return f"{key} = {json.dumps(value, ensure_ascii=False)}"
