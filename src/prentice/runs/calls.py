"""Which run a call to a model belongs to."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prentice.ledger.calls_table import CallsTable
from prentice.ledger.runs_table import RunsTable

if TYPE_CHECKING:
    from prentice.backends.protocol import CallRecord

CURRENT_RUN: Final[ContextVar[str]] = ContextVar("CURRENT_RUN", default="")
"""The run whose body or step goes on; threads that a step starts with `asyncio.to_thread` see it too."""


@dataclass(frozen=True, slots=True)
class CallsOfRuns:
    """A `Recorder` and `TextKeeper` that keeps each call, and notes it as an event of its run."""

    calls: CallsTable
    runs: RunsTable

    def call(self, record: "CallRecord") -> None:
        """Keep one record."""
        self.calls.call(record)
        if run := CURRENT_RUN.get():
            self.runs.note(
                run,
                "call",
                {
                    "purpose": record.purpose, "backend": record.backend, "model": record.model,
                    "prompt_digest": record.prompt_digest, "prompt_version": record.prompt_version,
                    "prompt_tokens": record.prompt_tokens, "reply_tokens": record.reply_tokens,
                    "seconds": round(record.total, 3), "finish": record.finish,
                },
            )  # fmt: skip

    def keep_texts(self, *, prompt_digest: str, model: str, prompt: str, reply: str) -> None:
        """Keep what was sent and received, if the user wants that."""
        self.calls.keep_texts(prompt_digest=prompt_digest, model=model, prompt=prompt, reply=reply)
