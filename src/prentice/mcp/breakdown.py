"""The tool `model_task_breakdown`: plans a task, and asks the person at the client to approve."""

# ruff: noqa: PLC0415 - what plans and carries out is loaded by the first call that needs it, not by the start

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, WithJsonSchema

from prentice.changes.visible import one_line
from prentice.config import Settings
from prentice.errors import PrenticeError, UsageError
from prentice.mcp.answers import answer, cut, sentence
from prentice.mcp.approval import Asked, Question, QuestionForm, Unanswered, answered
from prentice.mcp.arguments import BACKENDS, Count, Name, RunId, Text
from prentice.mcp.desk import Desk
from prentice.mcp.documents import BreakdownAnswer
from prentice.mcp.kinds import check_kind, still_running
from prentice.mcp.plan_edits import Edits, edited
from prentice.mcp.plan_told import plan_told
from prentice.mcp.running import result_of
from prentice.mcp.schemas import slim
from prentice.mcp.served import Served

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal

_DESCRIPTION: Final = (
    "Split a large task into a plan: subtasks with criteria, dependencies, estimates, waves. "
    "A person's approval makes the tasks: asked here, or by the command in `approve`. "
    "State `running`: call again with `run_id`."
)
_EDITS: Final = (
    "With `run_id`: the person's changes, {key: {name, description, acceptance_criteria, complexity, category or "
    "dependencies: value}}."
)
KIND: Final = "plan"
_ASKED_NAME: Final = 80
_MOST_KEYS: Final = 20
"""Subtasks that a plan can have."""


class PlanDecision(QuestionForm):
    """The form that the client shows for a plan."""

    deciding: ClassVar = "approve"

    approve: bool = Field(default=True, title="Make these tasks")
    only: str = Field(default="", title="Only these keys, with commas; empty: all")


def breakdown_tool(desk: Desk) -> Tool:
    """Make the tool for one directory."""

    async def model_task_breakdown(
        ctx: Context,
        *,
        task: Annotated[str, Field(description="A task's id, or free text.")] = "",
        context: Annotated[Text, Field(description="What else to know.")] = "",
        min_subtasks: Annotated[Count | None, Field(ge=1, le=20)] = None,
        max_subtasks: Annotated[Count | None, Field(ge=1, le=20)] = None,
        backend: Annotated[
            Name | None, WithJsonSchema(BACKENDS), Field(description="builtin: rules, no model.")
        ] = None,
        model: Name | None = None,
        run_id: RunId | None = None,
        only: Annotated[
            list[Name], Field(max_length=_MOST_KEYS, description="With `run_id`: the keys that the person wants.")
        ] = [],  # noqa: B006 - never changed; pydantic copies it
        edits: Annotated[
            dict[Name, dict[Name, Any]],
            Field(max_length=_MOST_KEYS, description=_EDITS),
        ] = {},  # noqa: B006 - as above
    ) -> Annotated[CallToolResult, BreakdownAnswer] | InputRequiredResult:
        until = asyncio.get_running_loop().time() + desk.hold
        if asked := answered(ctx, KIND):
            return await decided(desk, asked)
        project = desk.open(backend=backend, model=model)
        if not run_id:
            if only or edits:
                raise UsageError(
                    "`only` and `edits` need the `run_id` of a plan.",
                    next_step="Leave them out; give them with the plan's `run_id`.",
                )
            if not task:
                raise UsageError("No task was named.", next_step="Give `task`, an id or a text, or a `run_id`.")
            work = project.planning(task, context=context, low=min_subtasks, high=max_subtasks)
            run_id = await desk.runs.start(project, work)
        else:
            named = {
                "context_text": context, "min_subtasks": min_subtasks, "max_subtasks": max_subtasks, "backend": backend,
                "model": model,
            }  # fmt: skip
            desk.runs.where(project, run_id).check_same(run_id, [task], named=named)
        return await planned(desk, ctx, project, run_id, until=until, only=only, edits=edits)

    annotations = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True)
    tool = slim(Tool.from_function(model_task_breakdown, description=_DESCRIPTION, annotations=annotations))
    for name, default in _bounds(desk).items():
        tool.parameters["properties"][name]["default"] = default
    return tool


async def decided(desk: Desk, asked: Asked) -> CallToolResult:
    """Carry out what a person answered to the question about a plan.

    Raises:
        PrenticeError: it cannot be done.
    """
    async with desk.questions.deciding:
        await _settle(desk, asked.state, asked.read(PlanDecision))
    return _told(desk, asked.state["run"], desk.open().proposal(asked.state["proposal"]), asked.state)


async def planned(
    desk: Desk, ctx: Context, project: Served, run_id: str, *, until: float, only: Sequence[str] = (),
    edits: Edits | None = None,
) -> CallToolResult | InputRequiredResult:  # fmt: skip
    """Wait for the plan of a run, and ask the person about it.

    Raises:
        PrenticeError: what ended the run without a plan, or why the person's decision cannot be carried out.
    """
    project = desk.runs.where(project, run_id)
    check_kind(project, run_id, "breakdown")
    if not await desk.runs.wait(project, [run_id], until=until, report=ctx.report_progress):
        return answer(still_running(run_id, desk.runs.doing(project, run_id)))
    proposal = project.proposal(result_of(project.row(run_id)))
    state: dict[str, Any] = {
        "kind": KIND, "run": run_id, "proposal": proposal.id, "only": list(only), "edits": dict(edits or {}),
    }  # fmt: skip
    if proposal.state == "open":
        wanted = edited(proposal, state["edits"])
        _check_keys(proposal, only)
        question = Question(
            key=_key(proposal, state), message=_message(wanted, only=only, directory=str(desk.directory)),
            form=PlanDecision, state=state,
        )  # fmt: skip
        asked = await desk.questions.put(ctx, question, settle=lambda said: _settle(desk, state, said), until=until)
        if isinstance(asked, InputRequiredResult):
            return asked
    elif only or edits:
        desk.questions.remark(proposal.uid, f"{proposal.id} was decided on before: nothing was changed.")
    return _told(desk, run_id, desk.open().proposal(proposal.id), state, ctx=ctx)


def _bounds(desk: Desk) -> dict[str, int]:
    """Give the bounds that hold where a call names none."""
    try:
        settings = desk.open().settings
    except PrenticeError:
        settings = Settings()  # every call will say what is wrong
    return {"min_subtasks": settings.min_subtasks, "max_subtasks": settings.max_subtasks}


async def _settle(desk: Desk, state: Mapping[str, Any], said: QuestionForm | Unanswered) -> str:
    """Do what the person decided: make the tasks, or leave them. What was decided before stays."""
    run: str = state["run"]
    proposal = desk.open().proposal(state["proposal"])
    if proposal.state != "open":
        by = (proposal.decision or {}).get("actor", "")
        who = f" by a {by}" if by in {"person", "script"} else ""
        if said is not Unanswered.UNDECIDED:
            remark = f"{proposal.id} was {proposal.state} before{who}: this answer changed nothing."
            desk.questions.remark(proposal.uid, remark)
        return run
    if not isinstance(said, PlanDecision) or not said.approve:
        why = said if isinstance(said, Unanswered) else Unanswered.DECLINED
        desk.questions.leave(_key(proposal, state), why)
        return ""
    owner = desk.open(actor="person")
    only = [key.strip() for key in said.only.split(",") if key.strip()] or state["only"]
    wanted = edited(proposal, state["edits"]) if state["edits"] else None
    try:
        await asyncio.to_thread(owner.approve, proposal.id, only=only, edited=wanted)
    except PrenticeError as error:
        if desk.is_task:
            raise
        failure = sentence(error, directory=desk.directory)
        desk.questions.fail(_key(proposal, state), failure, about=proposal.uid)
        return ""
    return run


def _told(
    desk: Desk, run: str, proposal: "Proposal", state: Mapping[str, Any], *, ctx: Context | None = None
) -> CallToolResult:
    return plan_told(
        proposal, run=run, directory=str(desk.directory), remark=desk.questions.said_of(proposal.uid),
        unanswered=desk.questions.unanswered(_key(proposal, state), ctx),
    )  # fmt: skip


def _key(proposal: "Proposal", state: Mapping[str, Any]) -> str:
    part = [state["only"], state["edits"]]
    return " ".join([proposal.uid, *([json.dumps(part, sort_keys=True)] if any(part) else [])])


def _check_keys(proposal: "Proposal", only: Sequence[str]) -> None:
    from prentice.skills.breakdown.approve import chosen_keys

    chosen_keys(proposal, only)


def _message(proposal: "Proposal", *, only: Sequence[str], directory: str) -> str:
    """Give the question, and then what it is about: Claude Code (2.1) shows the first three lines."""
    planner = "by rules, without a model" if proposal.backend == "builtin" else f"by {proposal.model}"
    shown = [subtask for subtask in proposal.subtasks if not only or subtask.key in only]
    tasks = "this task" if len(shown) == 1 else f"these {len(shown)} tasks"
    lines = [
        f"Make {tasks} in {one_line(directory)}?",
        f"Plan {proposal.id} for {_short(proposal.task or proposal.name)}, made {_short(planner)}:",
    ]
    for number, subtask in enumerate(shown, start=1):
        after = f", after {', '.join(subtask.dependencies)}" if subtask.dependencies else ""
        bucket = proposal.estimates[subtask.key].bucket
        lines.append(f"{number}. {_short(subtask.name)} ({_short(subtask.key)}, {bucket}{_short(after)})")
    return "\n".join(lines)


def _short(text: str) -> str:
    return cut(one_line(text), _ASKED_NAME)
