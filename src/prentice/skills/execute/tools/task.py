"""What the deterministic tools are given of a task, and what they give back."""

from dataclasses import dataclass

from prentice.changes.change import Change
from prentice.tasks.plan import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTask:
    """A task as tools see it: its words, the assessment's category, the files and symbols it names.

    `files` are paths from the project's root that exist (or are to be made), `symbols` names as the task writes them.
    """

    name: str
    description: str = ""
    category: Category = "other"
    files: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutcome:
    """What a tool made of a task. `tool` is its name and version, `declined` what other tools did not do, and why.

    `removing` are symbols that are gone because the task wants it, as guards have to know.
    """

    change: Change
    tool: str
    explanation: str
    declined: tuple[str, ...] = ()
    removing: tuple[str, ...] = ()


class Declined(Exception):  # noqa: N818 - an outcome that ends nested steps; it is no error of the program
    """A tool does not do the task: it is missing, it failed, it found nothing to change, or it cannot be sure."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
