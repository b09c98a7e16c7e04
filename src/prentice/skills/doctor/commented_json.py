"""JSON as editors keep it, with comments and trailing commas: read, and an entry put in with every other byte kept."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_COMMENT: Final = re.compile(rf"{_STRING}|//[^\r\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA: Final = re.compile(rf"{_STRING}|,(?=\s*[}}\]])", re.DOTALL)
_BYTE_ORDER_MARK: Final = "\ufeff"
_UNIT: Final = "  "


def plain(text: str) -> str:
    """Give the same text as plain JSON: comments and trailing commas become spaces, so that places stay the same."""
    return _TRAILING_COMMA.sub(lambda found: found[0] if found[0] != "," else " ", _without_comments(text))


def read(text: str) -> object:
    """Give the values of a text; none at all is an empty object.

    Raises:
        ValueError: it is no JSON, comments and trailing commas aside.
    """
    bare = plain(text)
    return json.loads(bare) if bare.strip() else {}


def with_entry(text: str, table: str, name: str, entry: Mapping[str, Any]) -> str:
    """Give the text with `entry` under `name` in the object `table`; keys of it that differ are changed in place.

    Raises:
        ValueError: the text is no JSON of objects in objects, or the entry cannot be put in without losing something.
    """
    settings = read(text)
    if not isinstance(settings, dict) or not isinstance(settings.get(table, {}), dict):
        what = f'what stands under "{table}"' if isinstance(settings, dict) else "the whole of it"
        raise ValueError(f"{what} is no object")  # noqa: TRY004 - of all that is wrong, callers tell nothing apart
    servers = settings.get(table, {})
    known = servers.get(name)
    if not plain(text).strip():
        before = text if not text or text.endswith("\n") else text + "\n"
        return before + json.dumps({table: {name: dict(entry)}}, indent=2, ensure_ascii=False) + "\n"
    if table not in settings:
        text = _set(text, (table,), {name: dict(entry)})
    elif not isinstance(known, dict):
        text = _set(text, (table, name), dict(entry))
    else:
        for key, value in entry.items():
            if key not in known or known[key] != value:
                text = _set(text, (table, name, key), value)
    entry = {**(known if isinstance(known, dict) else {}), **entry}
    if read(text) != {**settings, table: {**servers, name: entry}}:
        raise ValueError("the entry cannot be put in")
    return text


@dataclass(frozen=True, slots=True)
class _Member:
    key: str
    start: int
    value: int
    end: int


@dataclass(frozen=True, slots=True)
class _Object:
    """Where an object stands in a text: its braces, and its members between them."""

    start: int
    close: int
    members: tuple[_Member, ...]

    def member(self, key: str) -> _Member | None:
        """Give the member of a key; the last one counts, as for every reader."""
        return next((member for member in reversed(self.members) if member.key == key), None)


def _set(text: str, keys: tuple[str, ...], value: object) -> str:
    bare = plain(text)
    found = _object_at(bare, bare.index("{"))
    for key in keys[:-1]:
        member = found.member(key)
        if member is None:
            raise ValueError(f"no {key}")
        found = _object_at(bare, member.value)
    member = found.member(keys[-1])
    if member is None:
        return _inserted(text, found, keys[-1], value)
    return text[: member.value] + json.dumps(value, ensure_ascii=False) + text[member.end :]


def _object_at(bare: str, start: int) -> _Object:
    """Find the members of an object of plain JSON that is well formed."""
    decoder, members, at = json.JSONDecoder(), [], start + 1
    while bare[at := _past_space(bare, at)] != "}":
        key, after = decoder.raw_decode(bare, at)
        value = _past_space(bare, _past_space(bare, after) + 1)
        _, end = decoder.raw_decode(bare, value)
        members.append(_Member(key, at, value, end))
        at = _past_space(bare, end)
        at += bare[at] == ","
    return _Object(start, at, tuple(members))


def _inserted(text: str, into: _Object, key: str, value: object) -> str:
    line = "\r\n" if "\r\n" in text else "\n"
    last = into.members[-1] if into.members else None
    if last and "\n" not in text[into.start : into.members[0].start]:  # written on one line: so is what comes
        piece = f", {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}"
        return text[: last.end] + piece + text[last.end :]
    outer = _indent(text, into.start)
    inner = _indent(text, into.members[0].start) if last else outer + _UNIT
    unit = inner[len(outer) :] if inner.startswith(outer) and inner != outer else _UNIT
    written = json.dumps(value, ensure_ascii=False, indent=unit).replace("\n", line + inner)
    member = f"{line}{inner}{json.dumps(key)}: {written}"
    end = len(text[: into.close].rstrip())  # after the comments, which belong to what stands before them
    closing = text[end : into.close]
    if "\n" not in closing:
        closing += line + outer
    if last is None:
        return text[:end] + member + closing + text[into.close :]
    if "," in _without_comments(text)[last.end : into.close]:
        return text[:end] + member + "," + closing + text[into.close :]
    return text[: last.end] + "," + text[last.end : end] + member + closing + text[into.close :]


def _indent(text: str, at: int) -> str:
    """Give the white space that the line of a place begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at].lstrip(_BYTE_ORDER_MARK)
    return line[: len(line) - len(line.lstrip())]


def _past_space(bare: str, at: int) -> int:
    while bare[at].isspace():
        at += 1
    return at


def _without_comments(text: str) -> str:
    bare = _COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else _blank(found[0]), text)
    return bare.replace(_BYTE_ORDER_MARK, " ", 1) if bare.startswith(_BYTE_ORDER_MARK) else bare


def _blank(text: str) -> str:
    return "".join(letter if letter in "\r\n" else " " for letter in text)
