"""What the calls of the last days were, added up by day, model and kind of work."""

from dataclasses import dataclass

from prentice.ledger.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """The calls of one day (local time, `YYYY-MM-DD`) to one model for one purpose. `seconds` are those of all calls.

    `cached_tokens` are the part of the prompts that the backend did not have to read again, where it says so.
    """

    day: str
    backend: str
    model: str
    purpose: str
    calls: int
    failed: int
    prompt_tokens: int
    reply_tokens: int
    cached_tokens: int
    seconds: float
    estimated: int
    """Calls of which a count is an estimate."""


def usage(database: Database, *, since: float) -> list[UsageRow]:
    """Add up the calls since a time (seconds since 1970), the latest day first, then the models with most tokens."""
    rows = database.rows(
        "SELECT date(at, 'unixepoch', 'localtime') AS day, backend, model, purpose, count(*) AS calls,"
        " sum(finish NOT IN ('stop', 'length', 'repetition')) AS failed, sum(prompt_tokens) AS prompt_tokens,"
        " sum(reply_tokens) AS reply_tokens, sum(coalesce(cached_tokens, 0)) AS cached_tokens, sum(total) AS seconds,"
        " sum(estimated) AS estimated FROM calls WHERE at >= ? GROUP BY day, backend, model, purpose"
        " ORDER BY day DESC, sum(prompt_tokens + reply_tokens) DESC",
        since,
    )
    return [UsageRow(**dict(row)) for row in rows]
