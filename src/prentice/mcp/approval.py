"""Asking the person at the client whether a plan is approved, in both ways that the protocol knows.

Since the revision 2026-07-28 the tool returns its question, and the client calls again with the answer. Before, the
server sends the question while the call goes on; as a call must not wait for a person, it may then end before the
answer, which counts all the same when it comes. The SDK's resolvers ask in both ways too, but wait without a bound.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mcp import MCPError
from mcp.server.elicitation import AcceptedElicitation, render_elicitation_schema
from mcp.server.mcpserver import Context
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, Field, ValidationError

from prentice.mcp.answers import cut

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal

_QUESTION: Final = "approve"
_NAME_LENGTH: Final = 80


class Decision(BaseModel):
    """The form that the client shows."""

    approve: bool = Field(default=True, title="Make these tasks")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client sent back with the answer: the run and proposal that were asked about, and what was said."""

    run: str
    proposal: str
    approved: bool


@dataclass(slots=True)
class Questions:
    """Questions that were put to the person. `approve` takes a proposal's id and makes it into tasks."""

    approve: Callable[[str], Awaitable[object]]
    _open: "dict[str, asyncio.Task[None]]" = field(default_factory=dict)
    _declined: set[str] = field(default_factory=set)

    async def put(
        self, context: Context, proposal: "Proposal", *, run: str, directory: str, until: float
    ) -> InputRequiredResult | None:
        """Ask about an open proposal, once, where the client can ask; give what the tool then has to return, if so.

        Raises:
            PrenticeError: the person approved, and it cannot be done.
        """
        if proposal.uid in self._declined or not _can_ask(context):
            return None
        message = _message(proposal, directory=directory)
        if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
            form = ElicitRequestFormParams(message=message, requested_schema=render_elicitation_schema(Decision))
            state = json.dumps({"run": run, "proposal": proposal.id})
            return InputRequiredResult(input_requests={_QUESTION: ElicitRequest(params=form)}, request_state=state)
        if proposal.uid not in self._open:
            self._open[proposal.uid] = asyncio.create_task(self._ask(context, proposal, message))
        asking = self._open[proposal.uid]
        await asyncio.wait({asking}, timeout=max(0.0, until - asyncio.get_running_loop().time()))
        if asking.done():
            del self._open[proposal.uid]
            asking.result()
        return None

    def is_open(self, proposal: "Proposal") -> bool:
        """Whether the person still looks at the question about a proposal."""
        return proposal.uid in self._open

    def decline(self, proposal: "Proposal") -> None:
        """Remember not to ask about a proposal again."""
        self._declined.add(proposal.uid)

    async def close(self) -> None:
        """Withdraw what is open."""
        for asking in self._open.values():
            asking.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await asking

    async def _ask(self, context: Context, proposal: "Proposal", message: str) -> None:
        try:
            outcome = await context.elicit(message, Decision)
        except (MCPError, ValueError):
            return  # the client went away, or answered with no answer: nothing was decided
        if isinstance(outcome, AcceptedElicitation) and outcome.data.approve:
            await self.approve(proposal.id)
        else:
            self.decline(proposal)


def answered(context: Context) -> Asked | None:
    """Give the answer that a call brings with it, None where it brings none."""
    if context.request_state is None:
        return None
    state: dict[str, Any] = json.loads(context.request_state)
    said = (context.input_responses or {}).get(_QUESTION)
    approved = False
    if isinstance(said, ElicitResult) and said.action == "accept":
        with suppress(ValidationError):
            approved = Decision.model_validate(said.content or {}).approve
    return Asked(run=state["run"], proposal=state["proposal"], approved=approved)


def _can_ask(context: Context) -> bool:
    """Whether the client shows forms; a bare `elicitation: {}` means that it does."""
    capabilities = context.client_capabilities
    elicitation = capabilities.elicitation if capabilities else None
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)


def _message(proposal: "Proposal", *, directory: str) -> str:
    planner = "by rules, without a model" if proposal.backend == "builtin" else f"by {proposal.model}"
    lines = [f"Plan {proposal.id} for {cut(proposal.task or proposal.name, _NAME_LENGTH)}, made {planner}:"]
    for number, subtask in enumerate(proposal.subtasks, start=1):
        after = f", after {', '.join(subtask.dependencies)}" if subtask.dependencies else ""
        bucket = proposal.estimates[subtask.key].bucket
        lines.append(f"{number}. {cut(subtask.name, _NAME_LENGTH)} ({subtask.key}, {bucket}{cut(after, _NAME_LENGTH)})")
    return "\n".join([*lines, f"Make these {len(proposal.subtasks)} tasks in {directory}?"])
