"""An approval: who said yes to which change, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeAlias, get_args

Actor: TypeAlias = Literal["person", "assistant", "script", "policy"]
"""A person at a terminal or on the page, an assistant's call, a command without a terminal, or the gate itself."""

_ACTORS: Final[Mapping[str, Actor]] = {actor: actor for actor in get_args(Actor)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A yes to one change, known by its digest. It says nothing of any other change, however alike.

    `at` is in seconds since 1970; `by` names who it was where that is known.
    """

    digest: str
    actor: Actor
    at: float
    by: str = ""

    def covers(self, digest: str) -> bool:
        """Whether this approval is one of the change with that digest."""
        return bool(digest) and self.digest == digest

    def document(self) -> dict[str, object]:
        """Give the approval as JSON, as it is recorded."""
        return {"digest": self.digest, "actor": self.actor, "at": self.at, "by": self.by}

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """Read a recorded approval.

        Raises:
            ValueError: it is none.
        """
        actor = _ACTORS.get(str(document.get("actor")))
        digest, at = document.get("digest"), document.get("at")
        if actor is None or not isinstance(digest, str) or not isinstance(at, int | float):
            raise ValueError(f"{document!r} is no approval")
        return cls(digest=digest, actor=actor, at=float(at), by=str(document.get("by") or ""))
