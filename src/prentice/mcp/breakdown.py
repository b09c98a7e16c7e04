"""The tool `model_task_breakdown`: plans a task, and asks the person at the client to approve."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, WithJsonSchema

from prentice.config import Settings
from prentice.errors import PrenticeError
from prentice.mcp.answers import MAX_BYTES, Document, answer, compact, cut, size, summarized
from prentice.mcp.approval import answered
from prentice.mcp.desk import Desk
from prentice.mcp.documents import BreakdownAnswer
from prentice.mcp.running import LiveRun, recorded
from prentice.mcp.schemas import slim

if TYPE_CHECKING:
    from prentice.skills.breakdown.proposal import Proposal

_DESCRIPTION: Final = (
    "Split a large task into a plan: subtasks with acceptance criteria, dependencies, estimates, waves, critical path. "
    "Made on this machine, by a local model or by rules. Creates no tasks: a person approves, asked here or by the "
    "command in `approve`. State `running`: call again with `run_id` to wait for the plan."
)
_BACKENDS: Final = {"type": "string", "enum": ["auto", "ollama", "builtin"]}
"""What an assistant can choose from; the library knows `scripted:FILE` too, and refuses other names."""
_STRUCTURE_BYTES: Final = 10_500
"""What a plan may take of an answer, so that a summary finds room beside it."""
_CUTS: Final = ((400, 5, 160), (200, 4, 120), (140, 3, 90), (90, 2, 70), (60, 1, 50), (0, 0, 0))
"""Rounds of shortening: characters of a description, number of criteria, characters of a criterion."""
_SHORT_NAME: Final = 40
_NAME_LENGTH: Final = 200


def breakdown_tool(desk: Desk) -> Tool:
    """Make the tool for one directory."""

    async def model_task_breakdown(
        ctx: Context,
        *,
        task: Annotated[str, Field(description="A task's id, or free text.")] = "",
        context: Annotated[str, Field(description="What else to know.")] = "",
        min_subtasks: Annotated[int | None, Field(ge=1, le=20)] = None,
        max_subtasks: Annotated[int | None, Field(ge=1, le=20)] = None,
        backend: Annotated[str | None, WithJsonSchema(_BACKENDS), Field(description="builtin needs no model.")] = None,
        model: str | None = None,
        run_id: Annotated[str | None, Field(description="Of an earlier call, instead of `task`.")] = None,
    ) -> Annotated[CallToolResult, BreakdownAnswer] | InputRequiredResult:
        until = asyncio.get_running_loop().time() + desk.hold
        if asked := answered(ctx):
            return await _decided(desk, asked.run, asked.proposal, approved=asked.approved)
        project = desk.open(backend=backend, model=model)
        if run_id:
            live = desk.runs.get(project, run_id)
        else:
            live = await desk.runs.start(
                project, task, context=context, min_subtasks=min_subtasks, max_subtasks=max_subtasks
            )
            run_id = live.id
        if live is not None and not await live.wait(until=until, report=ctx.report_progress):
            return answer(_running(live))
        proposal = live.proposal() if live is not None else recorded(project, run_id)
        if proposal.state == "open":
            question = await desk.questions.put(ctx, proposal, run=run_id, directory=str(desk.directory), until=until)
            if question is not None:
                return question
        return _planned(desk, run_id, desk.open().proposal(proposal.id))

    annotations = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
    tool = slim(Tool.from_function(model_task_breakdown, description=_DESCRIPTION, annotations=annotations))
    for name, default in _bounds(desk).items():
        tool.parameters["properties"][name]["default"] = default
    return tool


def _bounds(desk: Desk) -> dict[str, int]:
    """Give the bounds that hold where a call names none."""
    try:
        settings = desk.open().settings
    except PrenticeError:
        settings = Settings()  # every call will say what is wrong
    return {"min_subtasks": settings.min_subtasks, "max_subtasks": settings.max_subtasks}


async def _decided(desk: Desk, run: str, proposal_id: str, *, approved: bool) -> CallToolResult:
    if approved:
        await desk.questions.approve(proposal_id)
    proposal = desk.open().proposal(proposal_id)
    if not approved:
        desk.questions.decline(proposal)
    return _planned(desk, run, proposal)


def _running(live: LiveRun) -> Document:
    return {
        "state": "running",
        "run_id": live.id,
        "next_step": f"Still at it ({live.doing}). Call again with run_id {live.id} to wait for the plan.",
    }


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
            waiting = "The question is with the person. " if desk.questions.is_open(proposal) else ""
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
