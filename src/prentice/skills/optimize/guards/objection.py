"""What a guard has against a rewrite."""

from dataclasses import dataclass
from typing import Literal

GuardName = Literal["invention", "loss", "contract", "size", "language", "answer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """One reason to reject a rewrite, in a sentence that a model can act on, with the words that it is about."""

    guard: GuardName
    says: str
    evidence: str

    @property
    def sentence(self) -> str:
        """The reason with its evidence."""
        return f"{self.says} “{self.evidence}”" if self.evidence else self.says
