"""The record as the router asks it: speeds from past calls, outcomes as they were judged."""

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from prentice.backends.routing.track_record import ENOUGH, Outcomes, Speed
from prentice.ledger.call_history import CallHistory, PastCall
from prentice.ledger.findings_table import FindingsTable
from prentice.ledger.outcomes_table import OutcomesTable

_LEAST_PROMPT: Final = 64  # tokens; the time of a shorter prompt is mostly that of the request itself
_LEAST_REPLY: Final = 16
_LEAST_LOAD: Final = 0.5  # seconds; servers report some milliseconds for a model that is in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRecord:
    """What this machine has seen of its models, from the user's record; a `TrackRecord` for the router."""

    calls: CallHistory
    results: OutcomesTable

    def speed(self, backend: str, model: str) -> Speed:
        """Give the speeds of the latest calls.

        Of the prompt the lower quartile counts: servers that keep prefixes do not always say how much they reused, and
        a call that found all of it would promise too much. Of the others it is the median.
        """
        calls = [call for call in self.calls.of_model(backend, model) if not call.estimated]
        prompts = _sorted(_prompt_speed(call) for call in calls)
        replies = _sorted(_reply_speed(call) for call in calls)
        loads = [call.load for call in calls if call.load >= _LEAST_LOAD]
        return Speed(
            prompt=prompts[len(prompts) // 4] if prompts else None,
            reply=statistics.median(replies) if replies else None,
            load=statistics.median(loads) if loads else None,
            calls=len(calls),
        )

    def outcomes(self, backend: str, model: str, *, kind: str) -> Outcomes:
        """Give how the model did at work of a kind."""
        right, of = self.results.counts(backend, model, kind=kind)
        return Outcomes(right=right, of=of)

    def sizes(self, purpose: str) -> tuple[int, int] | None:
        """Give the usual tokens of prompt and reply for a purpose; None where there were too few calls."""
        calls = self.calls.of_purpose(purpose)
        if len(calls) < ENOUGH:
            return None
        return (
            round(statistics.median(call.prompt_tokens for call in calls)),
            round(statistics.median(call.reply_tokens for call in calls)),
        )

    def keep(self, uid: str, *, purpose: str, kind: str, backend: str, model: str, right: bool) -> None:
        """Keep what checks made of a model's work."""
        self.results.keep(
            uid, at=time.time(), purpose=purpose, kind=kind, backend=backend, model=model, right=right, judge="checks"
        )

    def findings(self) -> FindingsTable:
        """Give where the same record keeps what probes found out of servers."""
        return FindingsTable(self.calls.database)

    def judged(self, uid: str, *, right: bool) -> None:
        """Let a person's judgement of a piece of work replace that of the checks."""
        self.results.judge(uid, right=right)


def _prompt_speed(call: PastCall) -> float | None:
    tokens, seconds = call.prompt_tokens - (call.cached_tokens or 0), call.first_token - call.load
    return tokens / seconds if tokens >= _LEAST_PROMPT and seconds > 0 else None


def _reply_speed(call: PastCall) -> float | None:
    seconds = call.total - call.first_token
    return call.reply_tokens / seconds if call.reply_tokens >= _LEAST_REPLY and seconds > 0 else None


def _sorted(values: Iterable[float | None]) -> list[float]:
    return sorted(value for value in values if value is not None)
