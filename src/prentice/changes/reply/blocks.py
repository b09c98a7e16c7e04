"""Search/replace blocks: three marks on lines of their own, with this request's tag where it has one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prentice.changes.markers import Markers
from prentice.changes.refusal import Refusal, refuse

_HEAD: Final = re.compile(r"[ \t]*<{5,9}[ \t]?(?:SEARCH|ORIGINAL)>?(?:[ \t]+(\w{1,12}))?[ \t]*\Z")
_TAIL: Final = re.compile(r"[ \t]*>{5,9}[ \t]?(?:REPLACE|UPDATED)(?:[ \t]+(\w{1,12}))?[ \t]*\Z")
_HINT: Final = re.compile(r"[ \t]*:(?:start|end)_line:[ \t]*\d{1,9}[ \t]*\Z")


@dataclass(frozen=True, slots=True)
class Block:
    """The lines to find, the lines to put in their place, and the line of the reply behind the block."""

    search: tuple[str, ...]
    replace: tuple[str, ...]
    end: int


def is_head(line: str) -> bool:
    """Whether a line begins a block."""
    return line.lstrip()[:1] == "<" and _HEAD.match(line) is not None


def is_tail(line: str) -> bool:
    """Whether a line ends a block."""
    return line.lstrip()[:1] == ">" and _TAIL.match(line) is not None


def read_block(lines: Sequence[str], start: int, *, markers: Markers) -> Block | Refusal:
    """Read the block that begins on this line.

    A block whose marks are missing or occur twice is refused: what would be text and what a mark is then a guess.
    """
    tagged = bool(markers.tag) and lines[start].split()[-1:] == [markers.tag]

    def refused(sentence: str) -> Refusal:
        return refuse("malformed", sentence, at=start + 1)

    end = start + 1
    while end < len(lines) and not (lines[end].strip() == markers.replace if tagged else is_tail(lines[end])):
        if lines[end].strip() == markers.search if tagged else is_head(lines[end]):
            return refused(f"A block begins before the one above it ended with `{markers.replace}`.")
        end += 1
    if end == len(lines):
        return refused(f"A block does not end with `{markers.replace}`; the answer may have been cut off.")
    dividers = _dividers(lines, range(start + 1, end), divider=markers.divider if tagged else "=======")
    if len(dividers) != 1:
        times = "no line" if not dividers else f"{len(dividers)} lines"
        return refused(f"A block has {times} `{markers.divider}` between what to find and what to put there.")
    search = _without_hints(lines[start + 1 : dividers[0]])
    return Block(tuple(search), tuple(lines[dividers[0] + 1 : end]), end + 1)


def _dividers(lines: Sequence[str], within: range, *, divider: str) -> list[int]:
    found = [number for number in within if lines[number].strip() == divider]
    if found or divider == "=======":
        return found
    return [number for number in within if lines[number].strip() == "======="]


def _without_hints(lines: Sequence[str]) -> Sequence[str]:
    """Leave out a heading of line numbers, which some models were taught to write; they are not used."""
    count = 0
    while count < len(lines) and _HINT.match(lines[count]):
        count += 1
    if count and count < len(lines) and lines[count].strip() == "-------":
        return lines[count + 1 :]
    return lines
