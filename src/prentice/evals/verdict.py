"""What became of a case: right or wrong with the reason, and what it took."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self, cast

from prentice.backends.protocol import CallRecord
from prentice.evals.case import Case, Part

_WHY: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Right or wrong, and why it is wrong. `details` are counts of the part.

    `first_valid` says whether the first answer could be used, None where no model was asked.
    """

    right: bool
    why: str = ""
    first_valid: bool | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A case that was done. `digest` is the case's; `at` in seconds since the epoch, `seconds` the time of the case.

    `writing` are the seconds from the first token of each reply to its end, in which `reply_tokens` were written.
    """

    part: Part
    id: str
    digest: str
    right: bool
    why: str
    first_valid: bool | None
    at: float
    seconds: float
    calls: int
    prompt_tokens: int
    reply_tokens: int
    writing: float
    details: Mapping[str, Any]

    @classmethod
    def of(cls, case: Case, verdict: Verdict, *, at: float, seconds: float, calls: Iterable[CallRecord]) -> Self:
        """Put a result together."""
        made = [call for call in calls if call.backend != "builtin"]
        return cls(
            part=case.part, id=case.id, digest=case.digest, right=verdict.right, why=_short(verdict.why),
            first_valid=verdict.first_valid, at=at, seconds=round(seconds, 3), calls=len(made),
            prompt_tokens=sum(call.prompt_tokens for call in made),
            reply_tokens=sum(call.reply_tokens for call in made),
            writing=round(sum(max(call.total - call.first_token, 0.0) for call in made if call.first_token), 3),
            details=dict(verdict.details),
        )  # fmt: skip

    @property
    def name(self) -> str:
        """The part and the id."""
        return f"{self.part}/{self.id}"

    def document(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: object) -> Self:
        """Read what `document` gave.

        Raises:
            ValueError: it is something else.
        """
        try:
            return cls(**cast("dict[str, Any]", document))
        except TypeError as error:
            raise ValueError("it has other keys than a result") from error


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WHY else f"{text[: _WHY - 1]}…"
