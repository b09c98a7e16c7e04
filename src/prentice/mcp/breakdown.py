"""The tool `model_task_breakdown`: plans a task, and asks the person at the client to approve."""

# ruff: noqa: PLC0415 - what plans and carries out is loaded by the first call that needs it, not by the start

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from prentice.config import Settings
from prentice.errors import PrenticeError, ProposalError, UsageError
from prentice.mcp.answers import MAX_BYTES, Document, answer, compact, cut, size, summarized
from prentice.mcp.approval import Asked, Question, answered
from prentice.mcp.desk import Desk
from prentice.mcp.documents import BreakdownAnswer
from prentice.mcp.running import result_of
from prentice.mcp.schemas import slim
from prentice.mcp.served import Served
from prentice.tasks.plan import Category, Complexity

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal

_DESCRIPTION: Final = (
    "Split a large task into a plan: subtasks with criteria, dependencies, estimates, waves. "
    "A person's approval turns it into tasks (free text too): asked here, or by the command in `approve`. "
    "State `running`: call again with `run_id`."
)
BACKENDS: Final = {"type": "string", "enum": ["auto", "ollama", "mlx", "openai", "builtin"]}
"""What an assistant can choose from; the library knows `scripted:FILE` too, and refuses other names."""
KIND: Final = "plan"
_TOOLS: Final = {
    "breakdown": "`model_task_breakdown`", "execute": "`model_auto_execute`", "optimize": "`model_optimize_prompt`",
    "models.pull": "`mlx` or `ollama` with action `pull`",
    **{name: f"`mlx` or `ollama` with action `{name}`" for name in ("generate", "summarize", "code_review")},
}  # fmt: skip
_STRUCTURE_BYTES: Final = 10_500
"""What a plan may take of an answer, so that a summary finds room beside it."""
_CUTS: Final = ((400, 5, 160), (200, 4, 120), (140, 3, 90), (90, 2, 70), (60, 1, 50), (0, 0, 0))
"""Rounds of shortening: characters of a description, number of criteria, characters of a criterion."""
_SHORT_NAME: Final = 40
_NAME_LENGTH: Final = 200
_ASKED_NAME: Final = 80


class PlanDecision(BaseModel):
    """The form that the client shows for a plan."""

    approve: bool = Field(default=True, title="Make these tasks")
    only: str = Field(default="", title="Only these keys, with commas; empty: all")


class SubtaskEdit(BaseModel):
    """Fields of a subtask that shall be different."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = None
    description: str | None = None
    acceptance_criteria: tuple[str, ...] | None = None
    complexity: Complexity | None = None
    category: Category | None = None
    dependencies: tuple[str, ...] | None = None


def breakdown_tool(desk: Desk) -> Tool:
    """Make the tool for one directory."""

    async def model_task_breakdown(
        ctx: Context,
        *,
        task: Annotated[str, Field(description="A task's id, or free text.")] = "",
        context: Annotated[str, Field(description="What else to know.")] = "",
        min_subtasks: Annotated[int | None, Field(ge=1, le=20)] = None,
        max_subtasks: Annotated[int | None, Field(ge=1, le=20)] = None,
        backend: Annotated[str | None, WithJsonSchema(BACKENDS), Field(description="builtin: rules.")] = None,
        model: str | None = None,
        run_id: Annotated[str | None, Field(description="Of an earlier call.")] = None,
        only: Annotated[list[str], Field(description="With `run_id`: the keys that the person wants.")] = [],  # noqa: B006 - never changed; pydantic copies it
        edits: Annotated[
            dict[str, dict[str, Any]], Field(description="With `run_id`: the person's changes, {key: {field: value}}.")
        ] = {},  # noqa: B006 - as above
    ) -> Annotated[CallToolResult, BreakdownAnswer] | InputRequiredResult:
        until = asyncio.get_running_loop().time() + desk.hold
        if asked := answered(ctx, KIND):
            return await decided(desk, asked)
        project = desk.open(backend=backend, model=model)
        if not run_id:
            work = project.planning(task, context=context, low=min_subtasks, high=max_subtasks)
            run_id = await desk.runs.start(project, work)
        return await planned(desk, ctx, project, run_id, until=until, only=only, edits=edits)

    annotations = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
    tool = slim(Tool.from_function(model_task_breakdown, description=_DESCRIPTION, annotations=annotations))
    for name, default in _bounds(desk).items():
        tool.parameters["properties"][name]["default"] = default
    return tool


async def decided(desk: Desk, asked: Asked) -> CallToolResult:
    """Carry out what a person answered to the question about a plan.

    Raises:
        PrenticeError: it cannot be done.
    """
    await _settle(desk, asked.state, asked.read(PlanDecision))
    return _planned(desk, asked.state["run"], desk.open().proposal(asked.state["proposal"]))


async def planned(
    desk: Desk, ctx: Context, project: Served, run_id: str, *, until: float, only: Sequence[str] = (),
    edits: Mapping[str, Mapping[str, Any]] | None = None,
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
    if proposal.state == "open":
        state: dict[str, Any] = {
            "kind": KIND,
            "run": run_id,
            "proposal": proposal.id,
            "only": list(only),
            "edits": dict(edits or {}),
        }
        edited = _edited(proposal, state["edits"])
        _check_keys(proposal, only)
        question = Question(
            key=_key(proposal, state),
            message=_message(edited, only=only, directory=str(desk.directory)),
            form=PlanDecision,
            state=state,
        )
        asked = await desk.questions.put(ctx, question, settle=lambda form: _settle(desk, state, form), until=until)
        if asked is not None:
            return asked
    return _planned(desk, run_id, desk.open().proposal(proposal.id))


def still_running(run_id: str, doing: str) -> Document:
    """Give the answer on a run that goes on."""
    return {
        "state": "running",
        "run_id": run_id,
        "next_step": f"Still at it ({doing}). Call again with run_id {run_id} to wait for it.",
    }


def check_kind(project: Served, run_id: str, kind: str) -> None:
    """Refuse a run of another tool.

    Raises:
        UsageError: it is one.
        RunError: there is none of that id.
    """
    if (row := project.row(run_id)).kind != kind:
        raise UsageError(
            f"{run_id} is a run of another kind ({row.kind}).",
            next_step=f"Call {_TOOLS.get(row.kind, 'the tool and action that started it')} with it.",
        )


def _bounds(desk: Desk) -> dict[str, int]:
    """Give the bounds that hold where a call names none."""
    try:
        settings = desk.open().settings
    except PrenticeError:
        settings = Settings()  # every call will say what is wrong
    return {"min_subtasks": settings.min_subtasks, "max_subtasks": settings.max_subtasks}


async def _settle(desk: Desk, state: Mapping[str, Any], form: BaseModel | None) -> None:
    """Do what the person decided: make the tasks, or remember not to ask again."""
    proposal = desk.open().proposal(state["proposal"])
    if not isinstance(form, PlanDecision) or not form.approve:
        desk.questions.decline(_key(proposal, state))
        return
    owner = desk.open(actor="person")
    only = [key.strip() for key in form.only.split(",") if key.strip()] or state["only"]
    edited = _edited(proposal, state["edits"]) if state["edits"] and proposal.state == "open" else None
    await asyncio.to_thread(owner.approve, proposal.id, only=only, edited=edited)


def _key(proposal: "Proposal", state: Mapping[str, Any]) -> str:
    part = [state["only"], state["edits"]]
    return " ".join([proposal.uid, *([json.dumps(part, sort_keys=True)] if any(part) else [])])


def _check_keys(proposal: "Proposal", only: Sequence[str]) -> None:
    from prentice.skills.breakdown.approve import chosen_keys

    chosen_keys(proposal, only)


def _edited(proposal: "Proposal", edits: Mapping[str, Mapping[str, Any]]) -> "Proposal":
    """Give the plan with the person's changes.

    Raises:
        ProposalError: a key or a field does not exist, or the plan does not hold together any more.
    """
    from prentice.skills.breakdown.form import read, write

    if not edits:
        return proposal
    known = {subtask.key: subtask for subtask in proposal.subtasks}
    if unknown := [key for key in edits if key not in known]:
        raise ProposalError(
            f"{proposal.id} has no subtask {', '.join(unknown)}.", next_step=f"Its keys are: {', '.join(known)}."
        )
    for key, fields in edits.items():
        try:
            wanted = SubtaskEdit.model_validate(fields).model_dump(exclude_none=True)
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
            raise ProposalError(
                f"The changes of {key} do not fit: {said}.",
                next_step=f"Fields are: {', '.join(SubtaskEdit.model_fields)}.",
            ) from error
        known[key] = replace(known[key], **wanted)
    changed = proposal.with_subtasks(tuple(known.values()))
    return proposal.with_subtasks(read(write(changed), before=proposal.subtasks))


def _message(proposal: "Proposal", *, only: Sequence[str], directory: str) -> str:
    planner = "by rules, without a model" if proposal.backend == "builtin" else f"by {proposal.model}"
    lines = [f"Plan {proposal.id} for {cut(proposal.task or proposal.name, _ASKED_NAME)}, made {planner}:"]
    shown = [subtask for subtask in proposal.subtasks if not only or subtask.key in only]
    for number, subtask in enumerate(shown, start=1):
        after = f", after {', '.join(subtask.dependencies)}" if subtask.dependencies else ""
        bucket = proposal.estimates[subtask.key].bucket
        lines.append(f"{number}. {cut(subtask.name, _ASKED_NAME)} ({subtask.key}, {bucket}{cut(after, _ASKED_NAME)})")
    return "\n".join([*lines, f"Make these {len(shown)} tasks in {directory}?"])


def _planned(desk: Desk, run: str, proposal: "Proposal") -> CallToolResult:
    """Give a plan with what can be done about it, whole where it fits the limit, else shortened."""
    plan: Document = proposal.document()
    names = {key: cut(plan[key], _NAME_LENGTH) for key in ("task", "name")}
    document = plan | names | {"run_id": run} | _next(desk, proposal)
    result = answer(document)
    if size(result) <= MAX_BYTES:
        return result
    return summarized(_shortened(document), _summary(document))


def _next(desk: Desk, proposal: "Proposal") -> Document:
    decision = proposal.decision or {}
    match proposal.state:
        case "open":
            where = f" in {desk.directory}"
            waiting = (
                "The question is with the person. "
                if desk.questions.is_open(_key(proposal, {"only": [], "edits": {}}))
                else ""
            )
            approve = f"prentice approve {proposal.id}"
            return {
                "approve": f"`{approve}`{where}; `--only KEY,KEY` takes a part, `--edit` opens the plan in an editor, "
                f"`prentice reject {proposal.id}` sets it aside.",
                "next_step": f"{waiting}No task was created yet: show the plan to the person, who decides.",
            }
        case "approved":
            return {
                "approve": "",
                "created": list(decision.get("created", [])),
                "parent": decision.get("parent", ""),
                "next_step": "Approved: the tasks are in the project's list, and the parent waits for them.",
            }
        case state:
            return {"approve": "", "next_step": f"{proposal.id} was {state}: call with `task` for another plan."}


def _shortened(document: Document) -> Document:
    """Give the plan with texts cut, as little as the limit allows."""
    note = f"Shortened to fit this answer; `prentice approve {document['proposal_id']} --edit` shows all of it."
    short = document
    for description, criteria, length in _CUTS:
        last = not criteria
        short = document | {
            "warnings": [note, *(cut(warning, 200) for warning in document["warnings"][:3])],
            "subtasks": [
                subtask
                | {
                    "description": cut(subtask["description"], description),
                    "acceptance_criteria": [cut(item, length) for item in subtask["acceptance_criteria"][:criteria]],
                }
                | ({"name": cut(subtask["name"], _SHORT_NAME)} if last else {})
                for subtask in document["subtasks"]
            ],
        }
        if len(compact(short).encode()) <= _STRUCTURE_BYTES:
            return short
    return short | {"subtasks": [], "waves": [], "critical_path": []}


def _summary(document: dict[str, Any]) -> str:
    lines = [f"{document['proposal_id']} ({document['state']}, {document['run_id']}): {document['next_step']}"]
    lines += [document["approve"]] * bool(document["approve"])
    for subtask in document["subtasks"]:
        after = f", after {', '.join(subtask['dependencies'])}" if subtask["dependencies"] else ""
        bucket = subtask["estimate"]["bucket"]
        lines.append(f"- {subtask['key']}: {subtask['name']} ({subtask['complexity']}, {bucket}{after})")
    lines.append(f"critical path: {', '.join(document['critical_path'])}")
    return "\n".join(lines)
