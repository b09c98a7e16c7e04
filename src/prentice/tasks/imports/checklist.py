"""Markdown check lists: boxes in bulleted and numbered lists, nested, under headings.

A box is `[ ]` or `[x]`; `[-]` and `[~]`, as Obsidian and GitLab write them, are cancelled, `[/]` is begun. Headings,
also underlined ones, become tags, items inside items become children, text below an item belongs to it. Fenced and
indented code and HTML comments hold no items.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from prentice.errors import ImportSourceError
from prentice.tasks.imports.item import Found, ImportedTask
from prentice.tasks.imports.wording import first_paragraph, one_line, text_of

_ITEM: Final = re.compile(
    r"^(?P<indent>[ \t]*)(?:[-*+•]|\d{1,9}[.)])[ \t]+(?:\[(?P<box>[ xX/~-])\](?:[ \t]+|$))?(?P<text>.*)$"
)
_HEADING: Final = re.compile(r"^ {0,3}(#{1,6})[ \t]+(\S.*)$")
_UNDERLINE: Final = re.compile(r"^ {0,3}(=+|-{2,})[ \t]*$")
_STATUS: Final = {"x": "Done", "-": "cancelled", "~": "cancelled"}
_FENCE: Final = re.compile(r"^[ \t]*(`{3,}|~{3,})")
_TAB: Final = 4
_CODE_INDENT: Final = 4
"""Spaces from which a line outside any list is code (CommonMark 0.31, 4.4)."""


@dataclass(slots=True)
class _Entry:
    """An item while its lines are collected."""

    key: str
    indent: int
    name: str
    status: str
    parent: str
    headings: tuple[str, ...]
    path: str
    lines: list[str] = field(default_factory=list)
    children: int = 0


def recognizes(text: str) -> bool:
    """Whether a text has an item with a box, outside code."""
    return any((item := _ITEM.match(line)) and item["box"] for kind, line in _lines(text) if kind == "text")


def read(text: str, *, name: str) -> Found:
    """Read the items with boxes; where there are none, every item of a list. `name` is the file's, for the sources.

    Raises:
        ImportSourceError: there are no items.
    """
    boxes = recognizes(text)
    entries = _entries(text, boxes=boxes)
    if not entries:
        raise ImportSourceError(
            "There are no list items here.", next_step="Write tasks as `- [ ] name`, one on a line."
        )
    titles = [heading for depth, heading in _headings(text) if depth == 1]
    title = titles[0] if len(titles) == 1 else None
    seen: Counter[str] = Counter()
    tasks: list[ImportedTask] = []
    for entry in entries:
        seen[entry.path] += 1
        below = text_of("\n".join(_unindented(entry.lines)).strip("\n"))
        tasks.append(
            ImportedTask(
                key=entry.key,
                source=f"checklist:{name}#{_digest(entry.path, seen[entry.path])}",
                name=entry.name,
                objective=first_paragraph(below),
                original=below if "\n" in below else "",
                status=entry.status,
                tags=tuple(heading for heading in entry.headings if heading != title),
                parent=entry.parent,
            )
        )
    warnings = () if boxes else ("No item has a box `[ ]`, so every list item was taken.",)
    return Found(tasks=tuple(tasks), warnings=warnings)


def _entries(text: str, *, boxes: bool) -> list[_Entry]:
    found: list[_Entry] = []
    open_entries: list[_Entry] = []
    headings: list[tuple[int, str]] = []
    roots = 0
    in_list = after_gap = False
    for kind, line in _lines(text):
        indent = _width(line)
        heading = _HEADING.match(line) if kind == "text" else None
        item = _ITEM.match(line) if kind == "text" else None
        if heading and not (open_entries and indent > open_entries[-1].indent):
            headings = [above for above in headings if above[0] < len(heading[1])]
            headings.append((len(heading[1]), _words(heading[2])))
            open_entries, in_list = [], False
            continue
        is_task = item is not None and (item["box"] is not None or not boxes) and bool(item["text"].strip())
        if not line.strip():
            after_gap = True
            if open_entries:
                open_entries[-1].lines.append("")
            continue
        if item is None and not indent and after_gap:
            in_list = False  # a paragraph at the margin
        is_code = not in_list and indent >= _CODE_INDENT
        in_list, after_gap = in_list or (item is not None and not is_code), False
        if not is_task or item is None or is_code:
            if kind != "hidden":
                _belongs(open_entries, line, indent, code=kind == "code")
            continue
        while open_entries and indent <= open_entries[-1].indent:
            open_entries.pop()
        parent = open_entries[-1] if open_entries else None
        if parent:
            parent.children += 1
        else:
            roots += 1
        name = item["text"].strip()
        above = tuple(words for _, words in headings)
        entry = _Entry(
            key=f"{parent.key}.{parent.children}" if parent else str(roots),
            indent=indent,
            name=text_of(name),
            status=_STATUS.get((item["box"] or "").lower(), "Todo"),
            parent=parent.key if parent else "",
            headings=above,
            path=_digest(parent.path if parent else "\x1f".join(above), one_line(name).casefold()),
        )
        found.append(entry)
        open_entries.append(entry)
    return found


def _belongs(open_entries: list[_Entry], line: str, indent: int, *, code: bool) -> None:
    """Add a line to the item that it stands below; a line at the margin, after an empty one, ends the list."""
    while open_entries and indent <= open_entries[-1].indent:
        lazy = not code and not _ITEM.match(line) and (not open_entries[-1].lines or open_entries[-1].lines[-1] != "")
        if lazy:  # a paragraph may go on without its indentation (CommonMark 0.31, 5.2)
            break
        open_entries.pop()
    if open_entries:
        open_entries[-1].lines.append(line)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Give each line with what it is: `text`, `code` inside a fence, or `hidden` inside a comment.

    An underlined paragraph of one line, at the margin, comes as a heading with number signs (CommonMark 0.31, 4.3).
    """
    lines = list(_told_apart(text))
    skip = False
    for number, (kind, line) in enumerate(lines):
        before = lines[number - 1][1] if number else ""
        after = lines[number + 1] if number + 1 < len(lines) else ("", "")
        underline = _UNDERLINE.match(after[1]) if kind == after[0] == "text" else None
        is_paragraph = line[:1].strip() and not _ITEM.match(line) and not before.strip() and not _UNDERLINE.match(line)
        if skip:
            skip = False
        elif underline and is_paragraph and not _HEADING.match(line):
            skip = True
            yield "text", f"{'#' if underline[1][0] == '=' else '##'} {line.strip()}"
        else:
            yield kind, line


def _told_apart(text: str) -> Iterator[tuple[str, str]]:
    fence = ""
    hidden = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        stripped = line.strip()
        if hidden:
            hidden = "-->" not in line
            yield "hidden", line
        elif fence:
            if stripped.startswith(fence) and not stripped.strip(fence[0]):
                fence = ""
            yield "code", line
        elif match := _FENCE.match(line):
            fence = match[1]
            yield "code", line
        elif stripped.startswith("<!--"):
            hidden = "-->" not in line
            yield "hidden", line
        else:
            yield "text", line


def _headings(text: str) -> Iterator[tuple[int, str]]:
    for kind, line in _lines(text):
        if kind == "text" and (match := _HEADING.match(line)):
            yield len(match[1]), _words(match[2])


def _words(heading: str) -> str:
    """Give a heading's text without the number signs that may close it."""
    text = one_line(heading)
    rest, _, tail = text.rpartition(" ")
    return rest if rest and tail and not tail.strip("#") else text


def _width(line: str) -> int:
    expanded = line.expandtabs(_TAB)
    return len(expanded) - len(expanded.lstrip())


def _unindented(lines: list[str]) -> list[str]:
    """Take away the indentation that all lines of an item share."""
    expanded = [line.expandtabs(_TAB) for line in lines]
    common = min((_width(line) for line in expanded if line.strip()), default=0)
    return [line[common:] for line in expanded]


def _digest(*parts: object) -> str:
    """Give a short name for an item that its place in the list does not change."""
    return sha256("\x1e".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()[:12]
