"""A change in the words of a format, as a model would write it: for examples in prompts, and to test reading it back.

A format cannot say everything: none says line endings, only a unified diff says whether the last line ends, a symbol
rewrite stays inside one definition. What it cannot say is not expressed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prentice.changes.change import Change, FileChange
from prentice.changes.contents import endings_of
from prentice.changes.diff import Block, changed_blocks
from prentice.changes.edits import HunkLine
from prentice.changes.files import REGULAR
from prentice.changes.formats import Format
from prentice.changes.indentation import indentation
from prentice.changes.index import Index, key
from prentice.changes.markers import Markers
from prentice.changes.placing import Splice
from prentice.changes.symbols.table import Symbol, Unreadable, symbols_of
from prentice.changes.text import Text, decode

MAX_CONTEXT = 24
"""Lines of context that are tried, on either side, until the quoted lines stand in one place."""


@dataclass(frozen=True, slots=True)
class Window:
    """Kept, removed and added lines of one place, and the line of the file that they begin on, from 0."""

    start: int
    lines: tuple[HunkLine, ...]

    def of(self, signs: str) -> list[str]:
        """Give the lines with one of these signs."""
        return [line for sign, line in self.lines if sign in signs]


def express(change: Change, *, format_: Format, markers: Markers, context: int = 3) -> str | None:
    """Write a change as a reply, None where the format cannot say it; `context` counts the lines around a place."""
    parts = [_file(file, format_, markers, context) for file in change.files]
    written = [part for part in parts if part is not None]
    if not written or len(written) < len(parts):
        return None
    if format_ is Format.V4A:
        return "\n".join(["*** Begin Patch", *written, "*** End Patch"])
    return "\n\n".join(written)


def _file(file: FileChange, format_: Format, markers: Markers, context: int) -> str | None:  # noqa: PLR0911 - one return for each format
    if file.after is None:
        return _deleted(file, format_, markers)
    old, new = decode(file.old), decode(file.new)
    if old is None or new is None or not _can_say(old, new, file, format_):
        return None
    match format_:
        case Format.SYMBOL:
            return _symbols(file, old, new, markers)
        case Format.WHOLE:
            return _whole(file, old, new, markers)
        case Format.SEARCH_REPLACE:
            return _search_replace(file, old, new, markers, context)
        case Format.UNIFIED:
            return _unified(file, old, new, markers, context)
        case Format.V4A:
            return _v4a(file, old, new, context)


def _can_say(old: Text, new: Text, file: FileChange, format_: Format) -> bool:
    """Whether endings, encoding, mode and final newline are what a reader makes of the lines alone."""
    if file.before is None:
        plain = new.encoding == "utf-8" and not new.mark and set(new.endings) <= {"\n", ""}
        is_common = new.has_final_newline and getattr(file.after, "mode", REGULAR) == REGULAR
        return plain and (is_common or format_ is Format.UNIFIED)
    same_form = (old.encoding, old.mark) == (new.encoding, new.mark) and file.before.mode == getattr(
        file.after, "mode", 0
    )
    keeps_end = old.has_final_newline == new.has_final_newline or format_ is Format.UNIFIED
    return same_form and keeps_end and _endings_follow(old, new)


def _endings_follow(old: Text, new: Text) -> bool:
    endings: list[str] = []
    here = 0
    for block in changed_blocks(old.lines, new.lines):
        endings += old.endings[here : block.old_start]
        lines = new.lines[block.new_start : block.new_end]
        endings += endings_of(Splice(start=block.old_start, end=block.old_end, lines=lines), old)
        here = block.old_end
    endings += old.endings[here:]
    return [ending or old.ending for ending in endings[:-1]] == [ending or old.ending for ending in new.endings[:-1]]


def _deleted(file: FileChange, format_: Format, markers: Markers) -> str | None:
    match format_:
        case Format.V4A:
            return f"*** Delete File: {file.old_path}"
        case Format.UNIFIED:
            try:
                return f"{markers.fence}diff\n{file.diff().decode()}{markers.fence}"
            except UnicodeDecodeError:
                return None
        case Format.SYMBOL:
            return None
        case _:
            return f"DELETE FILE: {file.old_path}"


def _renamed(file: FileChange) -> str:
    return f"RENAME FILE: {file.old_path} TO {file.path}\n\n" if file.kind == "rename" else ""


def _whole(file: FileChange, old: Text, new: Text, markers: Markers) -> str | None:
    if old.lines == new.lines and file.before is not None:
        return _renamed(file).strip() or None
    body = "".join(line + "\n" for line in new.lines)
    return f"{_renamed(file)}{file.path}\n{markers.fence}\n{body}{markers.fence}"


def _search_replace(file: FileChange, old: Text, new: Text, markers: Markers, context: int) -> str | None:
    def block(search: Sequence[str], replace: Sequence[str]) -> str:
        lines = [file.path, markers.search, *search, markers.divider, *replace, markers.replace]
        return "\n".join(lines)

    if not old.lines:
        return block([], new.lines)
    windows = _windows(old, new, context=context)
    return _renamed(file) + "\n\n".join(block(window.of(" -"), window.of(" +")) for window in windows) or None


def _unified(file: FileChange, old: Text, new: Text, markers: Markers, context: int) -> str | None:
    heading = [f"diff --git a/{file.old_path} b/{file.path}"]
    if file.kind == "rename":
        heading += [f"rename from {file.old_path}", f"rename to {file.path}"]
    if file.before is None and file.after is not None:
        heading.append(f"new file mode {file.after.mode:o}")
    if old.lines != new.lines or old.has_final_newline != new.has_final_newline:
        heading += [f"--- a/{file.old_path}" if file.before else "--- /dev/null", f"+++ b/{file.path}"]
    lines = [line for window in _windows(old, new, context=context, ends=True) for line in _hunk(window, old, new)]
    return "\n".join([f"{markers.fence}diff", *heading, *lines, markers.fence])


def _hunk(window: Window, old: Text, new: Text) -> Iterator[str]:
    count, size = len(window.of(" -")), len(window.of(" +"))
    yield f"@@ -{window.start + 1},{count} +{window.start + 1},{size} @@"
    at_end = window.start + count == len(old.lines)
    last = {sign: number for number, (sign, _) in enumerate(window.lines)}
    for number, (sign, line) in enumerate(window.lines):
        yield sign + line
        ends_old = (
            at_end
            and not old.has_final_newline
            and sign in " -"
            and number == max(last.get(" ", -1), last.get("-", -1))
        )
        ends_new = (
            at_end
            and not new.has_final_newline
            and sign in " +"
            and number == max(last.get(" ", -1), last.get("+", -1))
        )
        if ends_old or ends_new:
            yield "\\ No newline at end of file"


def _v4a(file: FileChange, old: Text, new: Text, context: int) -> str:
    if file.before is None:
        return "\n".join([f"*** Add File: {file.path}", *(f"+{line}" for line in new.lines)])
    lines = [f"*** Update File: {file.old_path}", *([f"*** Move to: {file.path}"] if file.kind == "rename" else [])]
    index = Index(old.lines)
    for window in _windows(old, new, context=context, widen=False):
        found = index.find([key(line) for line in window.of(" -")])
        lines += [f"@@ {heading}" for heading in _headings(window.start, old)] if len(found) > 1 else ["@@"]
        lines += [sign + line for sign, line in window.lines]
    return "\n".join(lines)


def _headings(start: int, text: Text) -> list[str]:
    """Give the lines above that stand ever further left, outermost first: what a place is inside of."""
    found: list[str] = []
    depth = len(indentation(text.lines[start]).expandtabs(8)) if start < len(text.lines) else 0
    for line in reversed(text.lines[:start]):
        column = len(indentation(line).expandtabs(8))
        if line.strip() and column < depth:
            found.append(line.strip())
            depth = column
    return found[::-1] or [""]


def _windows(old: Text, new: Text, *, context: int, widen: bool = True, ends: bool = False) -> list[Window]:
    """Give the places that differ with lines around, as many more than asked for as make them stand in one place."""
    blocks = changed_blocks(old.lines, new.lines)
    if ends and old.lines and old.has_final_newline != new.has_final_newline:
        blocks = _with_last_line(blocks, old, new)
    index = Index(old.lines)
    spans: list[tuple[int, int]] = []
    for block in blocks:
        size = context
        while True:
            span = max(block.old_start - size, 0), min(block.old_end + size, len(old.lines))
            unique = len(index.find(index.keys[span[0] : span[1]])) == 1
            if unique or not widen or size >= MAX_CONTEXT or context == 0:
                break
            size += 3
        spans.append(span)
    return list(_merged(blocks, spans, old, new))


def _with_last_line(blocks: list[Block], old: Text, new: Text) -> list[Block]:
    """Add the last line as a place of its own where only its ending differs."""
    if blocks and blocks[-1].old_end == len(old.lines) and blocks[-1].new_end == len(new.lines):
        return blocks
    return [*blocks, Block(len(old.lines) - 1, len(old.lines), len(new.lines) - 1, len(new.lines))]


def _merged(blocks: Sequence[Block], spans: Sequence[tuple[int, int]], old: Text, new: Text) -> Iterator[Window]:
    number = 0
    while number < len(blocks):
        start, end = spans[number]
        last = number + 1
        while last < len(blocks) and spans[last][0] < end:
            end = max(end, spans[last][1])
            start = min(start, spans[last][0])
            last += 1
        lines: list[HunkLine] = []
        here = start
        for block in blocks[number:last]:
            lines += [(" ", line) for line in old.lines[here : block.old_start]]
            lines += [("-", line) for line in old.lines[block.old_start : block.old_end]]
            lines += [("+", line) for line in new.lines[block.new_start : block.new_end]]
            here = block.old_end
        lines += [(" ", line) for line in old.lines[here:end]]
        yield Window(start, tuple(lines))
        number = last


def _symbols(file: FileChange, old: Text, new: Text, markers: Markers) -> str | None:
    before, after = symbols_of(file.path, old.lines), symbols_of(file.path, new.lines)
    if file.kind != "modify" or isinstance(before, Unreadable) or isinstance(after, Unreadable):
        return None
    chosen: dict[str, Symbol] = {}
    for block in changed_blocks(old.lines, new.lines):
        around = [symbol for symbol in before if _holds(symbol, block)]
        if not around:
            return None
        inner = min(around, key=lambda symbol: symbol.end - symbol.start)
        chosen[inner.address] = inner
    outer = [one for one in chosen.values() if not any(_inside(one, other) for other in chosen.values())]
    texts = {symbol.address: symbol for symbol in after}
    lines = list(old.lines)
    parts: list[str] = []
    for symbol in sorted(outer, key=lambda symbol: -symbol.start):
        twin = texts.get(symbol.address)
        if twin is None:
            return None
        text = new.lines[twin.start : twin.end]
        lines[symbol.start : symbol.end] = text
        parts.append("\n".join([f"{file.path}::{symbol.address}", markers.fence, *text, markers.fence]))
    return "\n\n".join(reversed(parts)) if tuple(lines) == new.lines else None


def _holds(symbol: Symbol, block: Block) -> bool:
    if block.old_start == block.old_end:
        return symbol.start < block.old_start < symbol.end
    return symbol.start <= block.old_start and block.old_end <= symbol.end


def _inside(one: Symbol, other: Symbol) -> bool:
    return one is not other and other.start <= one.start and one.end <= other.end
