"""What the record tells of past calls: the latest of a model, and of a purpose, for whoever reckons with them."""

from dataclasses import dataclass
from typing import Final

from prentice.ledger.database import Database

LATEST: Final = 40
"""How many calls are looked at: enough for a median, few enough that a new driver or version soon shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """One finished call: tokens, and seconds as the record keeps them."""

    prompt_tokens: int
    reply_tokens: int
    cached_tokens: int | None
    estimated: bool
    load: float
    first_token: float
    total: float


@dataclass(frozen=True, slots=True)
class CallHistory:
    """Reads calls that came to an end of their own."""

    database: Database

    def of_model(self, backend: str, model: str) -> list[PastCall]:
        """Give the latest calls of a model, newest first."""
        return self._calls("backend = ? AND model = ?", backend, model)

    def of_purpose(self, purpose: str) -> list[PastCall]:
        """Give the latest calls for a purpose that a model answered, newest first."""
        return self._calls("purpose = ? AND backend NOT IN ('builtin', 'scripted')", purpose)

    def _calls(self, condition: str, *values: str) -> list[PastCall]:
        rows = self.database.rows(
            "SELECT prompt_tokens, reply_tokens, cached_tokens, estimated, load, first_token, total FROM calls "  # noqa: S608 - conditions are the two above
            f"WHERE {condition} AND finish IN ('stop', 'length') ORDER BY id DESC LIMIT {LATEST}",
            *values,
        )
        return [PastCall(**{**dict(row), "estimated": bool(row["estimated"])}) for row in rows]
