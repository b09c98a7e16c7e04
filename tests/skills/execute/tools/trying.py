"""What the tests of the tools share: a task tried, and what became of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from prentice.skills.execute.tools.rung import ToolOutcome


@dataclass
class Tried:
    """What became of a task: the outcome, and why tools declined."""

    outcome: ToolOutcome | None
    declined: list[str] = field(default_factory=list)

    @property
    def after(self) -> dict[str, str]:
        assert self.outcome is not None, self.declined
        return {file.path: file.new.decode() for file in self.outcome.change.files}


Try = Callable[..., Tried]
