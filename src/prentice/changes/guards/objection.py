"""What a guard says, what it is told of the task, and what it looks at."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from prentice.changes.change import FileChange
from prentice.changes.diff import Block, changed_blocks
from prentice.changes.text import Text, decode

Verdict: TypeAlias = Literal["refuse", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """`refuse` means that the change may not be applied; `person`, that only a person may approve it.

    `line` is the line of the new file, from 1, 0 where the whole file is meant.
    """

    code: str
    verdict: Verdict
    path: str
    sentence: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a change may be: files, lines added and removed, bytes of one new file, letters of one new line."""

    files: int = 20
    lines: int = 2_000
    bytes: int = 1_000_000
    line_length: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the task allows.

    `allowed` are the paths that may change, None for any; one that ends in `/` stands for all below it. `named` are
    paths that the task names explicitly, `removing` symbols that it wants gone.
    """

    allowed: frozenset[str] | None = None
    named: frozenset[str] = frozenset()
    removing: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)


class View:
    """One file's change as guards look at it: both texts, and which lines came and went. Lines count from 1."""

    def __init__(self, file: FileChange) -> None:
        self.file = file
        self.path = file.path
        self.old: Text = decode(file.old) or Text(lines=(), endings=())
        self.new: Text = decode(file.new) or Text(lines=(), endings=())
        self.blocks: list[Block] = changed_blocks(self.old.lines, self.new.lines)
        self.added = [
            (number + 1, self.new.lines[number])
            for block in self.blocks
            for number in range(block.new_start, block.new_end)
        ]
        self.removed = [line for block in self.blocks for line in self.old.lines[block.old_start : block.old_end]]

    @property
    def is_rewritten(self) -> bool:
        """Whether lines may have gone without having been quoted: by a whole file or a symbol."""
        return any(applied.means in {"whole", "symbol"} for applied in self.file.applied)

    def object(self, code: str, verdict: Verdict, sentence: str, *, line: int = 0) -> Objection:
        """Make an objection to this file."""
        return Objection(code=code, verdict=verdict, path=self.path, sentence=sentence, line=line)
