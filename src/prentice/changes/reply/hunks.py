"""The lines of a hunk, for unified diffs and V4A patches alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from prentice.changes.edits import Hunk, HunkLine, Operation


@dataclass(slots=True)
class Draft:
    """A hunk as it is read, line by line. Kept lines without their leading space give it a second reading."""

    at: int
    anchors: tuple[str, ...] = ()
    raw: list[str] = field(default_factory=list)
    end_of_file: bool = False
    old_ends: bool = True
    new_ends: bool = True

    def mark_no_newline(self) -> None:
        r"""Take in the line `\ No newline at end of file`, which speaks of the line before it."""
        sign = self.raw[-1][:1] if self.raw else ""
        self.old_ends = self.old_ends and sign == "+"
        self.new_ends = self.new_ends and sign == "-"

    @property
    def changes(self) -> bool:
        """Whether any line is removed or added."""
        return any(line[:1] in {"+", "-"} for line in self.raw)

    def hunk(self) -> Hunk:
        """Give the hunk."""
        strict = all(line[:1] in {"", " ", "+", "-"} for line in self.raw)
        prefixed, bare = _lines(self.raw, prefix=" "), _lines(self.raw, prefix="")
        return Hunk(
            lines=prefixed if strict else bare,
            bare=bare if strict and bare != prefixed else None,
            anchors=self.anchors,
            end_of_file=self.end_of_file,
            ends=None if self.old_ends and self.new_ends else (self.old_ends, self.new_ends),
            at=self.at,
        )


def _lines(raw: Iterable[str], *, prefix: str) -> tuple[HunkLine, ...]:
    return tuple(
        (cast("Operation", line[0]), line[1:]) if line[:1] in {"+", "-"} else (" ", line.removeprefix(prefix))
        for line in raw
    )


def finished(drafts: Sequence[Draft]) -> tuple[Hunk, ...]:
    """Give the hunks that change something."""
    return tuple(draft.hunk() for draft in drafts if draft.changes)
