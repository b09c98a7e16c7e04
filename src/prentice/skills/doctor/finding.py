"""What the doctor says of one thing that it looked at."""

from collections.abc import Callable
from dataclasses import dataclass

from prentice.errors import PrenticeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `next_step` is empty where nothing is to be done.

    `where` are the ids of the tasks or comments concerned, all of them; `found` names only the first few.
    """

    check: str
    ok: bool
    found: str
    next_step: str = ""
    where: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Give the finding as the JSON document of the contract."""
        document: dict[str, object] = {"check": self.check, "ok": self.ok, "found": self.found}
        if self.next_step:
            document["next_step"] = self.next_step
        if self.where:
            document["where"] = list(self.where)
        return document


def guarded(check: str, look: Callable[[], str]) -> Finding:
    """Give what a look says; an error that is raised becomes a finding with its next step."""
    try:
        return Finding(check=check, ok=True, found=look())
    except PrenticeError as error:
        return Finding(check=check, ok=False, found=error.message, next_step=error.next_step)
