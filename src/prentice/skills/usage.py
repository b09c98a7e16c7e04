"""What the calls of the last days used, and what the same tokens would have cost elsewhere."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from prentice.config import Settings
from prentice.ledger.usage import UsageRow

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The rows by day, model and purpose, and the prices (per million tokens) that `cost` reckons with."""

    days: int
    rows: tuple[UsageRow, ...]
    prompt_price: float
    reply_price: float

    @classmethod
    def of(cls, rows: Sequence[UsageRow], *, days: int, settings: Settings) -> "Usage":
        """Take rows, the rules' own left out: they use no tokens."""
        kept = tuple(row for row in rows if row.backend != "builtin")
        return cls(days=days, rows=kept, prompt_price=settings.prompt_price, reply_price=settings.reply_price)

    @property
    def by_day(self) -> dict[str, int]:
        """The tokens of each day that has any, oldest first."""
        days = sorted({row.day for row in self.rows})
        return {day: sum(_tokens(row) for row in self.rows if row.day == day) for day in days}

    def cost(self, rows: Sequence[UsageRow]) -> float:
        """Give what the tokens of rows would have cost, without any discount for cached ones."""
        prompts, replies = sum(row.prompt_tokens for row in rows), sum(row.reply_tokens for row in rows)
        return (prompts * self.prompt_price + replies * self.reply_price) / _MILLION

    def document(self) -> dict[str, object]:
        """Give the usage as JSON values."""
        return {
            "days": self.days,
            "prices": {"prompt": self.prompt_price, "reply": self.reply_price},
            "rows": [asdict(row) | {"cost": round(self.cost([row]), 6)} for row in self.rows],
            "total": {
                "calls": sum(row.calls for row in self.rows),
                "failed": sum(row.failed for row in self.rows),
                "prompt_tokens": sum(row.prompt_tokens for row in self.rows),
                "reply_tokens": sum(row.reply_tokens for row in self.rows),
                "cached_tokens": sum(row.cached_tokens for row in self.rows),
                "seconds": round(sum(row.seconds for row in self.rows), 3),
                "cost": round(self.cost(self.rows), 6),
            },
        }


def _tokens(row: UsageRow) -> int:
    return row.prompt_tokens + row.reply_tokens
