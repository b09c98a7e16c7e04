"""The backend that needs no model: plans by rules. It knows facts and playbooks, and reads no prompt."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from types import TracebackType
from typing import Self

from prentice.backends.protocol import ModelInfo, Piece, Reply, Request
from prentice.errors import ModelUnsupportedError
from prentice.tasks.plan import PlanningFacts

MODEL = "rules"


class BuiltinBackend:
    """Answers the purpose `breakdown` from `request.facts`, at once and without a model."""

    @property
    def name(self) -> str:
        """The name that `--backend` takes."""
        return "builtin"

    async def models(self) -> list[ModelInfo]:
        """List the one thing that it serves: its rules."""
        return [ModelInfo(name=MODEL, backend=self.name, capabilities=("breakdown",))]

    async def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
        """Answer with a plan as compact JSON, in one piece.

        Raises:
            ModelUnsupportedError: the purpose is not `breakdown`, or the request carries no facts.
            TextError: the rules find nothing in the text to plan by.
        """
        if request.purpose != "breakdown" or not request.facts:
            raise ModelUnsupportedError(
                f"The built-in planner breaks tasks down; it cannot answer {request.purpose!r}.",
                next_step="Use a model for this, for example with --backend ollama.",
            )
        from prentice.backends.builtin.planner import plan  # noqa: PLC0415 - the playbooks load when first used

        subtasks = [asdict(subtask) for subtask in plan(PlanningFacts.from_document(request.facts))]
        text = json.dumps({"subtasks": subtasks}, ensure_ascii=False, separators=(",", ":"))
        yield Piece(text=text)
        yield Reply(text=text, backend=self.name, model=MODEL)

    async def __aenter__(self) -> Self:
        """Enter; there is nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave; there is nothing to close."""
