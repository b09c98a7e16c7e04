"""One entry of another tool's list, and what was found in a source."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, Self

from prentice.tasks import sections

Format = Literal["task-master", "backlog", "checklist", "github"]

LABELS: Final[Mapping[Format, str]] = {
    "task-master": "Task Master",
    "backlog": "Backlog.md",
    "checklist": "the check list",
    "github": "GitHub",
}
"""The formats that can be read, and what a sentence calls where their entries come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text to read. `path` is relative to what was named, with `/`: it says which folder of a tool it lies in."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedTask:
    """One entry. The formats give it as the source has it, `settle` makes it fit for the list.

    `status` is `Done`, `cancelled`, or another: then work remains. A priority may be empty. Dependencies and the
    parent are keys of the source.
    """

    key: str
    """Unique within the source, as the tool names it: `5.2`, `TASK-2.1`, `12`."""
    source: str
    """Format and entry, kept with the task that is made: `task-master:5.2`."""
    name: str
    objective: str = ""
    criteria: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    testing: tuple[str, ...] = ()
    original: str = ""
    """The source's text word for word, where sections of one-line entries would lose some of it."""
    result: str = ""
    """What the source says of how the work ended."""
    status: str = "Todo"
    priority: str = ""
    tags: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    parent: str = ""

    @property
    def text(self) -> str:
        """The entry's own words, without the headings of a description."""
        parts = (self.name, self.objective, *self.criteria, *self.requirements, *self.testing, self.original)
        return "\n".join(part for part in parts if part)

    def description(self, needs: Iterable[str] = ()) -> str:
        """Write the description with Todo2's eight sections; `needs` are what it depends on, as ids of the list."""
        composed = sections.compose(
            objective=self.objective or self.name,
            criteria=self.criteria,
            included=self.name,
            excluded="What the entry that this was imported from does not name",
            requirements=self.requirements,
            files=self.files,
            testing=self.testing,
            dependencies=needs,
        )
        if not self.original:
            return composed
        fence = _fence(self.original)
        return f"{composed}\n\n**Imported text:**\n{fence}text\n{self.original}\n{fence}"

    def stored(self) -> dict[str, object]:
        """Give the entry as JSON values."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `stored` gave."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An entry that no task is made of, and why."""

    key: str
    name: str
    why: str

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {"key": self.key, "name": self.name, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a source holds, in its order, and what a person should know of it."""

    tasks: tuple[ImportedTask, ...]
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    closed: tuple[ImportedTask, ...] = ()
    """Entries that were left out because their work is over; others may be parts of them."""


def _fence(text: str) -> str:
    """Give a fence that no line of the text can close."""
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return "`" * max(3, longest + 1)
