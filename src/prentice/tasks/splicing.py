"""Splicing a changed value into the JSON text that it was read from, so that only what changed is written anew.

Whatever is not touched keeps its bytes: numbers beyond 2**53, escapes chosen by another writer, repeated keys,
hand-made layout. New values take the file's own style.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from prentice.tasks.exact_json import Json
from prentice.tasks.style import Style

Piece: TypeAlias = str | tuple[int, int]
"""New text, or where old text begins and ends."""
_Part: TypeAlias = tuple[str | None, list[Piece]]
"""The space before a member, None where that is for the place to say, and the member's text."""

_SPACE: Final = re.compile(r"[ \t\n\r]*")


def spliced(text: str, *, old: Json, new: Json) -> list[Piece]:
    """Give the pieces of the new text: `old` is what the text says, and what `new` shares with it keeps its bytes.

    Raises:
        RecursionError: the changed part is nested deeper than Python can follow.
    """
    start = _skip(text, 0)
    pieces, end = _Splice(text, Style.of(text)).value(start, old, new, depth=0)
    return [(0, start), *pieces, (end, len(text))]


class _Splice:
    """Walks the old text along with the old and the new value, and copies what has not changed."""

    def __init__(self, text: str, style: Style) -> None:
        self._text = text
        self._style = style
        self._decode = json.JSONDecoder().raw_decode

    def value(self, start: int, old: Json, new: Json, *, depth: int) -> tuple[list[Piece], int]:
        """Give the new text of the value that begins at `start`, and where its old text ends."""
        if _same(old, new):
            end = self._end(start)
            return [(start, end)], end
        if isinstance(old, dict) and isinstance(new, dict):
            return self._object(start, old, new, depth=depth)
        if isinstance(old, list) and isinstance(new, list) and old and new:
            return self._array(start, old, new, depth=depth)
        return [self._style.encode(new, depth=depth)], self._end(start)

    def _object(self, start: int, old: dict[str, Json], new: dict[str, Json], *, depth: int) -> tuple[list[Piece], int]:
        members = list(self._members(start))
        last = {key: number for number, (key, *_) in enumerate(members)}
        renamed = _renamed(old, new)
        parts: list[_Part] = []
        for number, (key, lead, at, value_at, value_end) in enumerate(members):
            if key in renamed and last[key] == number:
                name = self._style.encode(renamed[key], depth=0) + self._style.colon
                pieces, _ = self.value(value_at, old[key], new[renamed[key]], depth=depth + 1)
                parts.append((lead if number else None, [name, *pieces, self._trail(value_end)]))
            if key not in new:
                continue
            if last[key] == number:
                pieces, _ = self.value(value_at, old[key], new[key], depth=depth + 1)
            else:
                pieces = [(value_at, value_end)]  # an earlier twin of a repeated key, which no reader sees
            parts.append((lead if number else None, [(at, value_at), *pieces, self._trail(value_end)]))
        for key, value in new.items():
            if key not in last and key not in renamed.values():
                name = self._style.encode(key, depth=0) + self._style.colon
                parts.append((None, [name, self._style.encode(value, depth=depth + 1)]))
        leads = [lead for _, lead, *_ in members]
        return self._joined("{", parts, "}", leads=leads, end=members[-1][4] if members else start + 1, depth=depth)

    def _array(self, start: int, old: list[Json], new: list[Json], *, depth: int) -> tuple[list[Piece], int]:
        elements = list(self._elements(start))
        places = _Places(old, new)
        parts: list[_Part] = []
        for item in new:
            number = places.find(item)
            if number is None:
                parts.append((None, [self._style.encode(item, depth=depth + 1)]))
                continue
            lead, at, end = elements[number]
            pieces: list[Piece] = [(at, end)]
            if not _same(old[number], item):
                pieces, _ = self.value(at, old[number], item, depth=depth + 1)
            parts.append((lead if number else None, [*pieces, self._trail(end)]))
        leads = [lead for lead, *_ in elements]
        return self._joined("[", parts, "]", leads=leads, end=elements[-1][2], depth=depth)

    def _joined(
        self, opening: str, parts: list[_Part], closing: str, *, leads: list[str], end: int, depth: int
    ) -> tuple[list[Piece], int]:
        """Put members together as the old ones stood: `leads` is the space before each of those, `end` their end."""
        close = _skip(self._text, end)
        tail = (self._text[end:close] if leads else self._style.gap(depth)) if parts else ""
        first, further = self._leads(leads, depth=depth + 1)
        joined: list[Piece] = [opening]
        for number, (lead, pieces) in enumerate(parts):
            joined.append("," + (further if lead is None else lead) if number else first)
            joined += pieces
        return [*joined, tail, closing], close + 1

    def _leads(self, old: list[str], *, depth: int) -> tuple[str, str]:
        """Give the space before a first and before a further member, from the members that there were."""
        if not old:
            return self._style.gap(depth), self._style.gap(depth)
        if len(old) > 1:
            return old[0], old[-1]
        return old[0], old[0] if "\n" in old[0] else self._style.space

    def _members(self, start: int) -> Iterator[tuple[str, str, int, int, int]]:
        """Walk an object: (key, space before it, where the key, the value begin, where the value ends)."""
        at = _skip(self._text, start + 1)
        before = start + 1
        while self._text[at] == '"':
            key, end = self._decode(self._text, at)
            value_at = _skip(self._text, _skip(self._text, end) + 1)
            value_end = self._end(value_at)
            yield key, self._text[before:at], at, value_at, value_end
            comma = _skip(self._text, value_end)
            if self._text[comma] != ",":
                return
            before, at = comma + 1, _skip(self._text, comma + 1)

    def _elements(self, start: int) -> Iterator[tuple[str, int, int]]:
        """Walk an array: (space before the element, where it begins, where it ends)."""
        before, at = start + 1, _skip(self._text, start + 1)
        while self._text[at] != "]":
            end = self._end(at)
            yield self._text[before:at], at, end
            comma = _skip(self._text, end)
            if self._text[comma] != ",":
                return
            before, at = comma + 1, _skip(self._text, comma + 1)

    def _trail(self, end: int) -> str:
        """Give the space between the end of a value and the comma after it."""
        comma = _skip(self._text, end)
        return self._text[end:comma] if self._text[comma] == "," else ""

    def _end(self, start: int) -> int:
        return self._decode(self._text, start)[1]


class _Places:
    """Finds which old element a new one continues.

    That is the same object, an equal value, a record of the same id, or, where a record got another id, the one that
    stands in its place and is alike in most.
    """

    def __init__(self, old: list[Json], new: list[Json]) -> None:
        self._old = old
        self._staying = {id(item) for item in new}
        self._ids = {item["id"] for item in new if isinstance(item, dict) and isinstance(item.get("id"), str)}
        self._objects = {id(item): number for number, item in enumerate(old)}
        self._records: dict[str, list[int]] = {}
        for number, item in enumerate(old):
            if isinstance(item, dict) and isinstance(item.get("id"), str):
                self._records.setdefault(item["id"], []).append(number)
        self._scalars: dict[tuple[type, Json], deque[int]] = {}
        for number, item in enumerate(old):
            if not isinstance(item, dict | list):
                self._scalars.setdefault((_type(item), item), deque()).append(number)
        self._used: set[int] = set()
        self._next = 0

    def find(self, item: Json) -> int | None:
        """Give the number of the old element, each at most once, or None for a new one."""
        number = self._objects.get(id(item)) if isinstance(item, dict | list) else None
        if number is None and self._next < len(self._old) and _same(self._old[self._next], item):
            number = self._next
        if number is None and isinstance(item, dict):
            number = self._of_id(str(item.get("id")))
        if number is None and not isinstance(item, dict | list):
            number = self._free(self._scalars.get((_type(item), item), deque()))
        if number is None and isinstance(item, dict) and self._became(item):
            number = self._next
        if number is None or number in self._used:
            return None
        self._used.add(number)
        self._next = number + 1
        return number

    def _of_id(self, name: str) -> int | None:
        """Give the first record of an id that no new element continues; where an id repeats, that is each in turn."""
        free = (n for n in self._records.get(name, ()) if n not in self._used and id(self._old[n]) not in self._staying)
        return next(free, None)

    def _became(self, item: dict[str, Json]) -> bool:
        """Whether the old record that is next, which stands nowhere else in the new list, lives on as this one."""
        old = self._old[self._next] if self._next < len(self._old) else None
        if not isinstance(old, dict) or id(old) in self._staying:
            return False
        name = old.get("id")
        if isinstance(name, str) and name in self._ids and self._records[name][0] == self._next:
            return False
        return sum(key in item and _same(old[key], item[key]) for key in old) * 2 > len(old)

    def _free(self, numbers: deque[int]) -> int | None:
        while numbers:
            if (number := numbers.popleft()) not in self._used:
                return number
        return None


def _renamed(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, str]:
    """Give the new name of a list that lives on under another one: where one goes and one comes, they are the same."""
    gone = [key for key, held in old.items() if key not in new and isinstance(held, list)]
    fresh = [key for key, held in new.items() if key not in old and isinstance(held, list)]
    return {gone[0]: fresh[0]} if len(gone) == len(fresh) == 1 else {}


def _type(value: Json) -> type:
    return float if isinstance(value, float) else type(value)


def _same(old: Json, new: Json) -> bool:
    """Whether two values are written alike: equal, and of the same types (1, 1.0 and true differ)."""
    if old is new:
        return True
    if _type(old) is not _type(new):
        return False
    if isinstance(old, dict):
        return list(old) == list(new) and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return bool(old == new)


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at
