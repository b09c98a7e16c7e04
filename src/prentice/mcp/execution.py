"""The tool `model_auto_execute`: carries out simple tasks, and puts each change before the person at the client."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, WithJsonSchema

from prentice.changes.visible import one_line
from prentice.errors import PrenticeError, UsageError
from prentice.mcp.answers import MAX_BYTES, Document, answer, cut, fitting, sentence, size, whole
from prentice.mcp.approval import Asked, Question, QuestionForm, Unanswered, answered, waiting
from prentice.mcp.arguments import BACKENDS, Count, Name, RunId, Text
from prentice.mcp.desk import Desk
from prentice.mcp.documents import ExecutionAnswer
from prentice.mcp.foreign import quoted
from prentice.mcp.kinds import check_kind, still_running
from prentice.mcp.running import FINAL, result_of
from prentice.mcp.schemas import slim
from prentice.mcp.served import Served
from prentice.mcp.steps import command, for_assistant

_DESCRIPTION: Final = (
    "Carry out simple tasks (lane `execute`; others are refused) by the local model in a worktree, with the project's "
    "checks. State `running`: call again with `run_id`. Then: diff and evidence, or a `handoff` prompt for "
    "you. A person approves the change: asked here, or by the command in `next_step`."
)
KIND: Final = "change"
_SHOWN: Final = (
    "run_id", "task", "state", "files", "diff", "explanation", "format", "backend", "model", "checks", "probability",
    "evidence", "decision", "why", "handoff", "findings", "notes", "attempt_of", "next_step",
)  # fmt: skip
"""What an answer holds of a run's document; the resource `prentice://runs/ID` has all of it."""
_LINE_LENGTHS: Final = (
    (240, 10, 120), (160, 5, 120), (80, 3, 100), (80, 1, 60), (40, 1, 40), (20, 0, 40), (0, 0, 30), (0, 0, 12),
    (0, 0, 0),
)  # fmt: skip
"""Rounds of shortening the lines of several runs: characters of `why`, number of files, characters of the task."""
_FILE: Final = 120
_ASKED_DIFF: Final = 6_000
_ASKED_WORDS: Final = 600
_TASK: Final = 120
_MOST_TASKS: Final = 20


class ChangeDecision(QuestionForm):
    """The form that the client shows for a change."""

    deciding: ClassVar = "decision"

    decision: Literal["apply", "request changes", "reject"] = Field(default="apply", title="What to do")
    comment: str = Field(default="", title="What has to be different, or why not")


def execution_tool(desk: Desk) -> Tool:
    """Make the tool for one directory."""

    async def model_auto_execute(
        ctx: Context,
        *,
        tasks: Annotated[list[str], Field(max_length=_MOST_TASKS, description="Ids or free texts.")] = [],  # noqa: B006 - never changed; pydantic copies it
        apply: Annotated[
            Literal["ask", "gate"],
            Field(description="gate: unasked, where the user's settings and a decisive check allow it."),
        ] = "ask",
        format: Literal["symbol", "whole", "search-replace", "udiff", "v4a"] | None = None,  # noqa: A002 - users' word
        samples: Annotated[Count | None, Field(ge=1, le=16)] = None,
        backend: Annotated[Name | None, WithJsonSchema(BACKENDS)] = None,
        model: Name | None = None,
        run_id: RunId | None = None,
        request_changes: Annotated[Text, Field(description="With `run_id`: what has to be different.")] = "",
    ) -> Annotated[CallToolResult, ExecutionAnswer] | InputRequiredResult:
        until = asyncio.get_running_loop().time() + desk.hold
        if asked := answered(ctx, KIND):
            return await decided(desk, ctx, asked, until=until)
        project = desk.open(backend=backend, model=model)
        if not run_id:
            if request_changes:
                raise UsageError("`request_changes` needs a `run_id`.", next_step="Say which run it is about.")
            return await executed(
                desk,
                ctx,
                project,
                tasks,
                until=until,
                by_gate=apply == "gate",
                format_name=format or "",
                samples=samples,
            )
        named = {"format": format, "samples": samples, "backend": backend, "model": model}
        desk.runs.where(project, run_id).check_same(run_id, tasks, named={} if request_changes else named)
        if request_changes:
            check_kind(project, run_id, "execute")
            work = await asyncio.to_thread(
                project.attempting,
                run_id,
                request_changes,
                is_renamed=bool(backend or model),
                format_name=format or "",
                samples=samples,
            )
            run_id = await desk.runs.start(project, work)
        elif apply == "gate" and _may_apply(project) and await _wait(desk, ctx, project, run_id, until=until):
            await asyncio.to_thread(_apply_proposed, project, run_id)
        return await stood(desk, ctx, project, run_id, until=until)

    return slim(
        Tool.from_function(
            model_auto_execute,
            description=_DESCRIPTION,
            annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True),
        )
    )


async def decided(desk: Desk, ctx: Context, asked: Asked, *, until: float) -> CallToolResult | InputRequiredResult:
    """Carry out what a person answered to the question about a change, and tell how it stands.

    Raises:
        PrenticeError: it cannot be done.
    """
    async with desk.questions.deciding:
        run = await _settle(desk, asked.state, asked.read(ChangeDecision))
    return await stood(desk, ctx, desk.open(), run or asked.state["run"], until=until, ask=False)


async def executed(
    desk: Desk, ctx: Context, project: Served, tasks: Sequence[str], *, until: float, by_gate: bool = False,
    format_name: str = "", samples: int | None = None,
) -> CallToolResult | InputRequiredResult:  # fmt: skip
    """Start the executions of tasks, wait for them a while, and tell how they stand.

    Raises:
        PrenticeError: they cannot be started; of a single one, also what ended it.
    """
    if not tasks:
        raise UsageError("No task was named.", next_step="Name `tasks` by id or text, or a `run_id`.")
    is_allowed = by_gate and _may_apply(project)
    work = await asyncio.to_thread(project.executing, tasks, apply=is_allowed, format_name=format_name, samples=samples)
    runs = [await desk.runs.start(project, one) for one in work]
    if len(runs) == 1:
        return await stood(desk, ctx, project, runs[0], until=until)
    await desk.runs.wait(project, runs, until=until, report=ctx.report_progress)
    return _several(desk, project, runs)


def _may_apply(project: Served) -> bool:
    """Whether the gate may act for the user: without the user's leave an assistant only asks for it."""
    return project.settings.approve_assistant == "apply"


def _apply_proposed(project: Served, run_id: str) -> None:
    """Apply a change that waits, where the user's settings let an assistant do so."""
    if project.row(run_id).state == "finished" and project.review(run_id)["state"] == "proposed":
        project.apply(run_id)


async def _wait(desk: Desk, ctx: Context, project: Served, run_id: str, *, until: float) -> bool:
    check_kind(project, run_id, "execute")
    return await desk.runs.wait(project, [run_id], until=until, report=ctx.report_progress)


async def stood(
    desk: Desk, ctx: Context, project: Served, run_id: str, *, until: float, ask: bool = True
) -> CallToolResult | InputRequiredResult:
    """Wait for one run, ask the person about its change, and tell how it stands.

    Raises:
        PrenticeError: what ended the run, or why the person's decision cannot be carried out.
    """
    project = desk.runs.where(project, run_id)
    if not await _wait(desk, ctx, project, run_id, until=until):
        return answer(still_running(run_id, desk.runs.doing(project, run_id)))
    result_of(project.row(run_id))
    document = await asyncio.to_thread(project.review, run_id)
    if ask and document["state"] == "proposed" and document["diff"]:
        state = {"kind": KIND, "run": run_id}
        question = Question(
            key=_key(project, run_id), message=_message(document, desk), form=ChangeDecision, state=state
        )
        asked = await desk.questions.put(ctx, question, settle=lambda said: _settle(desk, state, said), until=until)
        if isinstance(asked, InputRequiredResult):
            return asked
        if asked not in {"", run_id}:
            return await stood(desk, ctx, project, asked, until=until, ask=False)
        document = await asyncio.to_thread(project.review, run_id)
    return _told(desk, ctx, project, document)


async def _settle(desk: Desk, state: Mapping[str, Any], said: QuestionForm | Unanswered) -> str:
    """Do what the person decided; give the run to tell of: a new one, where changes were requested.

    What was decided before stays: an answer that comes again after an undo must not apply the change again.
    """
    run: str = state["run"]
    owner = desk.open(actor="person")
    key = _key(owner, run)
    before = (await asyncio.to_thread(owner.review, run))["state"]
    if before != "proposed":
        if said is not Unanswered.UNDECIDED:
            remark = f"{run} was {before.replace('_', ' ')} before: this answer changed nothing."
            desk.questions.remark(key, remark)
        return run
    try:
        match said:
            case Unanswered():
                desk.questions.leave(key, said)
                return ""
            case ChangeDecision(decision="apply"):
                await asyncio.to_thread(owner.apply, run)
            case ChangeDecision(decision="reject", comment=reason):
                await asyncio.to_thread(owner.reject_change, run, reason=reason)
            case ChangeDecision(decision="request changes", comment=comment):
                work = await asyncio.to_thread(owner.attempting, run, comment)
                attempt = await desk.runs.start(owner, work)
                remark = f"The person requested changes: call with run_id {attempt} for what came of it."
                desk.questions.remark(key, remark)
                return attempt
    except PrenticeError as error:
        if desk.is_task:
            raise
        desk.questions.fail(key, sentence(error, directory=desk.directory), about=key)
        return ""
    return run


def _told(desk: Desk, ctx: Context, project: Served, document: Document) -> CallToolResult:
    shown = {name: document[name] for name in _SHOWN if document.get(name) not in (None, "", [])}
    key = _key(project, document["run_id"])
    said = desk.questions.said_of(key)
    shown |= {
        "state": document["state"],
        "task": cut(document["task"], _TASK),
        "next_step": f"{said} {_next(desk, document, unanswered=desk.questions.unanswered(key, ctx))}".strip(),
    }
    where = f"\n[cut; all of it: prentice://runs/{document['run_id']} or `prentice review {document['run_id']}`]"
    return fitting(shown, [("diff",), ("handoff", "prompt"), ("explanation",), ("why",)], where=where)


def _next(desk: Desk, document: Document, *, unanswered: Unanswered | None) -> str:
    run = document["run_id"]
    review, apply, undo = (command(f"{word} {run}", directory=desk.directory) for word in ("review", "apply", "undo"))
    state = document["state"]
    refused = for_assistant(str(document.get("next_step") or ""), directory=desk.directory)
    sentences = {
        "proposed": f"{waiting(unanswered, run=run)}Nothing is applied yet. Check diff and evidence; send it back by "
        f"`model_auto_execute` with run_id {run} and `request_changes`, or let the person decide: {review}, {apply}.",
        "applied": f"The change is in the user's files; {undo} takes it back.",
        "refused": one_line(refused) or "Nothing was changed; `why` says the reason.",
        "rejected": "It was set aside or sent back; a later run may have taken its place.",
    }
    if state in {"refused", "handed_off"} and document.get("handoff"):
        return "The local model did not do it: do it yourself, by `handoff.prompt`."
    if state == "proposed" and unanswered is Unanswered.DECLINED:
        return (
            "The person said no to this change just now, and nothing is applied: do not ask again. If they say what "
            f"should be different, call `model_auto_execute` with run_id {run} and `request_changes`; else go on "
            f"without it. Do not urge the command, which is theirs should they change their mind: {apply}."
        )
    if state == "proposed" and not document["diff"]:
        return "Show the findings to the person. No file was changed."
    return sentences.get(state, f"The change is {state.replace('_', ' ')}.")


def _several(desk: Desk, project: Served, runs: Sequence[str]) -> CallToolResult:
    """Give a line for every run, with texts as long as the limit allows for all of them."""
    lines = [_line(desk, project, run) for run in runs]
    is_running = any(line["state"] == "running" for line in lines)
    document: Document = {
        "state": "running" if is_running else "done",
        "next_step": "Call again with each `run_id` for its diff, its evidence, and the person's decision.",
    }
    for lengths in _LINE_LENGTHS:
        result = whole({**document, "runs": [_shortened(line, *lengths) for line in lines]})
        if size(result) <= MAX_BYTES:
            break
    return result


def _shortened(line: Document, why: int, files: int, task: int) -> Document:
    named = [cut(path, _FILE) for path in line["files"][:files]]
    return line | {"task": cut(line["task"], task), "files": named, "why": cut(line["why"], why)}


def _line(desk: Desk, project: Served, run: str) -> Document:
    row = project.row(run)
    line: Document = {"run_id": run, "task": row.arguments["task"] or row.arguments["text"], "files": []}
    if row.state not in FINAL:
        return line | {"state": "running", "why": desk.runs.doing(project, run)}
    try:
        result_of(row)
    except PrenticeError as error:
        return line | {"state": "failed", "why": sentence(error, directory=desk.directory)}
    document = project.review(run)
    return line | {name: document[name] for name in ("state", "files", "why")}


def _message(document: Document, desk: Desk) -> str:
    """Give the question, and then what it is about: Claude Code (2.1) shows the first three lines."""
    facts = [f"- {one_line(str(fact['fact']))}: {one_line(str(fact['value']))}" for fact in document["evidence"]]
    chance = document["probability"]
    likely = [f"Of {chance['of']} like this, {chance['right']} were right."] if chance and chance.get("of") else []
    diff = document["diff"]
    shown = diff if len(diff) <= _ASKED_DIFF else f"{diff[:_ASKED_DIFF]}\n[cut: `prentice review {document['run_id']}`]"
    task, maker = cut(one_line(document["task"]), _TASK), one_line(document["model"] or "a tool")
    said = quoted(cut(document["explanation"], _ASKED_WORDS))
    files = "1 file" if len(document["files"]) == 1 else f"{len(document['files'])} files"
    asked = f"Apply this change to {files} in {one_line(str(desk.directory))}?"
    head = f"Change {document['run_id']} for {task}, made by {maker}, which says:"
    return "\n".join([asked, head, said, *facts, *likely, "", shown])


def _key(project: Served, run: str) -> str:
    return f"{project.directory} {run}"
