"""What of the files under review is shown in one call: stretches of numbered lines, bounded, and what was left out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from prentice.changes.files import Snapshot
from prentice.changes.guards.protected import PROTECTED, protected_as
from prentice.changes.text import decode

MOST_FILES: Final = 40
PART_CHARACTERS: Final = 12_000
"""Characters of numbered lines in one call, about 4,000 tokens: small models overlook what stands in longer texts."""
MOST_PARTS: Final = 12
_LINE: Final = 400
"""A longer line is no code that a person wrote; it is cut."""
_SECRETS: Final = next(kind for kind in PROTECTED if kind.endswith("secrets"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of one file: its lines, of which the first has the number `start`, from 1."""

    file: str
    start: int
    lines: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The lines as a model sees them, each with its number."""
        return "\n".join(f"{number:>5}| {line}" for number, line in enumerate(self.lines, start=self.start))

    def document(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {"file": self.file, "start": self.start, "lines": list(self.lines)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` gave."""
        return cls(file=document["file"], start=document["start"], lines=tuple(document["lines"]))


def parts(snapshot: Snapshot, files: Sequence[str]) -> tuple[list[list[Part]], list[str]]:
    """Give the parts of files for one call each, and a sentence on each thing that is not shown."""
    calls: list[list[Part]] = []
    notes: list[str] = []
    size = PART_CHARACTERS
    for file in files:
        stretches = list(_stretches(file, snapshot, notes))
        for part in stretches:
            if size + len(part.shown) > PART_CHARACTERS:
                calls.append([])
                size = 0
            calls[-1].append(part)
            size += len(part.shown)
    if len(calls) > MOST_PARTS:
        left = {part.file for call in calls[MOST_PARTS:] for part in call}
        notes.append(
            f"Not shown to a model, as it would take too long: {', '.join(sorted(left))}, in whole or in part."
        )
    return calls[:MOST_PARTS], notes


def _stretches(file: str, snapshot: Snapshot, notes: list[str]) -> Iterator[Part]:
    found = snapshot.read(file)
    text = decode(found.content) if found is not None and found.is_regular else None
    if text is None:
        notes.append(f"{file} is no text that could be reviewed.")
        return
    if not file.isprintable() or "`" in file:
        notes.append(f"{file!r} has a name that is not shown to a model.")
        return
    if protected_as(file) == _SECRETS:
        notes.append(f"{file} may hold secrets, and was not shown to a model.")
        return
    stretch: list[str] = []
    start, size = 1, 0
    for number, line in enumerate(text.lines, start=1):
        cut = line if len(line) <= _LINE else f"{line[:_LINE]} [...]"
        if size + len(cut) + 8 > PART_CHARACTERS and stretch:
            yield Part(file=file, start=start, lines=tuple(stretch))
            stretch, start, size = [], number, 0
        stretch.append(cut)
        size += len(cut) + 8
    if any(line.strip() for line in stretch):
        yield Part(file=file, start=start, lines=tuple(stretch))
