"""Which step of which run a call to a model belongs to, and what the run keeps of it."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from prentice.ledger.calls_table import CallsTable
from prentice.ledger.runs_table import RunsTable

if TYPE_CHECKING:
    from prentice.backends.protocol import CallRecord

CURRENT_RUN: Final[ContextVar[str]] = ContextVar("CURRENT_RUN", default="")
"""The run whose body or step goes on; threads that a step starts with `asyncio.to_thread` see it too."""
CURRENT_STEP: Final[ContextVar[str]] = ContextVar("CURRENT_STEP", default="")
"""The step that goes on, as its name, a stroke and its count."""


@dataclass(frozen=True, slots=True)
class CallsOfRuns:
    """A `Recorder` and `TextKeeper` that keeps each call, and notes it with its reply as an event of its run.

    A run's steps hold what models wrote anyway; the prompts stay out of it.
    """

    calls: CallsTable
    runs: RunsTable
    _noting: "dict[str, CallRecord]" = field(default_factory=dict)

    def call(self, record: "CallRecord") -> None:
        """Keep one record; its texts follow."""
        self.calls.call(record)
        self._noting[record.prompt_digest] = record

    def keep_texts(self, *, prompt_digest: str, model: str, prompt: str, reply: str) -> None:
        """Note the call in its run, and keep what was sent and received, if the user wants that."""
        record, run = self._noting.pop(prompt_digest), CURRENT_RUN.get()
        if run:
            self.runs.note(
                run,
                "call",
                {
                    "step": CURRENT_STEP.get(), "begun": record.at, "purpose": record.purpose,
                    "backend": record.backend, "model": record.model, "prompt_digest": prompt_digest,
                    "prompt_version": record.prompt_version, "prompt_tokens": record.prompt_tokens,
                    "reply_tokens": record.reply_tokens, "seconds": round(record.total, 3), "finish": record.finish,
                    "reply": reply,
                },
            )  # fmt: skip
        self.calls.keep_texts(prompt_digest=prompt_digest, model=model, prompt=prompt, reply=reply)
