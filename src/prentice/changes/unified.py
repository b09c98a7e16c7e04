"""Unified diffs, written from bytes as git writes them and as `git apply` reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from prentice.changes.diff import Block, changed_blocks

CONTEXT: Final = 3
_NO_NEWLINE: Final = b"\\ No newline at end of file\n"
_ESCAPES: Final = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_SNIFFED: Final = 8000
"""Git calls a file binary when one of its first 8,000 bytes is NUL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffHunk:
    """Lines that differ, with lines around them. Starts count from 0; lines are bytes with their endings."""

    path: str
    number: int
    old_start: int
    new_start: int
    lines: tuple[tuple[str, bytes], ...]

    @property
    def old(self) -> list[bytes]:
        """The lines before."""
        return [line for sign, line in self.lines if sign != "+"]

    @property
    def new(self) -> list[bytes]:
        """The lines after."""
        return [line for sign, line in self.lines if sign != "-"]

    def text(self) -> bytes:
        """Give the hunk as it stands in a diff, heading included; nothing for a mere rename."""
        if not self.lines:
            return b""
        heading = f"@@ -{_span(self.old_start, len(self.old))} +{_span(self.new_start, len(self.new))} @@\n".encode()
        written = (
            sign.encode() + line + (b"" if line.endswith(b"\n") else b"\n" + _NO_NEWLINE) for sign, line in self.lines
        )
        return heading + b"".join(written)


def split_bytes(content: bytes) -> list[bytes]:
    """Give lines with their line feeds; no other byte ends a line."""
    lines = [line + b"\n" for line in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def hunks_between(old: bytes, new: bytes, *, path: str = "") -> list[DiffHunk]:
    """Give the hunks that lead from one content to the other; one without lines where they are the same."""
    before, after = split_bytes(old), split_bytes(new)
    hunks = [
        _hunk(group, before, after, path=path, number=number)
        for number, group in enumerate(_grouped(changed_blocks(before, after)), 1)
    ]
    return hunks or [DiffHunk(path=path, number=1, old_start=0, new_start=0, lines=())]


def apply_hunks(old: bytes, hunks: Sequence[DiffHunk]) -> bytes:
    """Carry out some of the hunks that `hunks_between` gave for this content."""
    lines = split_bytes(old)
    pieces: list[Sequence[bytes]] = []
    place = 0
    for hunk in sorted(hunks, key=lambda hunk: hunk.old_start):
        pieces += [lines[place : hunk.old_start], hunk.new]
        place = hunk.old_start + len(hunk.old)
    joined = list(chain(*pieces, lines[place:]))
    ended = [line if line.endswith(b"\n") else line + b"\n" for line in joined[:-1]]
    return b"".join([*ended, *joined[-1:]])


def file_diff(*, old_path: str, new_path: str, old: tuple[bytes, int] | None, new: tuple[bytes, int] | None) -> bytes:
    """Give one file's diff. Each side is its bytes and mode, None where there is no file."""
    before, after = _quoted(f"a/{old_path}"), _quoted(f"b/{new_path}")
    heading = [f"diff --git {before} {after}"]
    if old is None and new is not None:
        heading.append(f"new file mode {new[1]:o}")
    if new is None and old is not None:
        heading.append(f"deleted file mode {old[1]:o}")
    if old and new and old[1] != new[1]:
        heading += [f"old mode {old[1]:o}", f"new mode {new[1]:o}"]
    if old_path != new_path:
        same = bool(old and new and old[0] == new[0])
        heading += [f"similarity index {100 if same else 50}%"]
        heading += [f"rename from {_quoted(old_path)}", f"rename to {_quoted(new_path)}"]
    written = "".join(line + "\n" for line in heading).encode()
    contents = [side[0] if side else b"" for side in (old, new)]
    if contents[0] == contents[1]:
        return written
    sides = [_side(before) if old else "/dev/null", _side(after) if new else "/dev/null"]
    if any(b"\0" in content[:_SNIFFED] for content in contents):
        return written + f"Binary files {sides[0].rstrip()} and {sides[1].rstrip()} differ\n".encode()
    body = b"".join(hunk.text() for hunk in hunks_between(*contents))
    return written + f"--- {sides[0]}\n+++ {sides[1]}\n".encode() + body


def _side(name: str) -> str:
    """Give a name for the `---` and `+++` lines, where a tab ends a name that holds blanks."""
    return name + "\t" if " " in name else name


def _span(start: int, count: int) -> str:
    shown = start + 1 if count else start
    return str(shown) if count == 1 else f"{shown},{count}"


def _grouped(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Join blocks whose surrounding lines would touch."""
    group: list[Block] = []
    for block in blocks:
        if group and block.old_start - group[-1].old_end > 2 * CONTEXT:
            yield group
            group = []
        group.append(block)
    if group:
        yield group


def _hunk(
    group: Sequence[Block], before: Sequence[bytes], after: Sequence[bytes], *, path: str, number: int
) -> DiffHunk:
    start = max(group[0].old_start - CONTEXT, 0)
    lines: list[tuple[str, bytes]] = []
    place = start
    for block in group:
        lines += [(" ", line) for line in before[place : block.old_start]]
        lines += [("-", line) for line in before[block.old_start : block.old_end]]
        lines += [("+", line) for line in after[block.new_start : block.new_end]]
        place = block.old_end
    lines += [(" ", line) for line in before[place : place + CONTEXT]]
    new_start = group[0].new_start - (group[0].old_start - start)
    return DiffHunk(path=path, number=number, old_start=start, new_start=new_start, lines=tuple(lines))


def _quoted(path: str) -> str:
    """Quote a path as git does: bytes outside printable ASCII, quotes and backslashes as escapes in double quotes."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in {34, 92} for byte in raw):
        return path
    letters = (
        f"\\{_ESCAPES[byte]}" if byte in _ESCAPES else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in raw
    )
    return '"' + "".join(letters) + '"'
