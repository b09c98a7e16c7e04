"""The tool `model_optimize_prompt`: sharpens a prompt, and asks the person what only the person knows."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, ToolAnnotations
from pydantic import Field, WithJsonSchema, create_model

from prentice.changes.visible import one_line
from prentice.errors import UsageError
from prentice.mcp.answers import Document, answer, cut, fitting
from prentice.mcp.approval import Asked, Question, QuestionForm, Unanswered, answered, waiting
from prentice.mcp.arguments import BACKENDS, Name, RunId, Text
from prentice.mcp.desk import Desk
from prentice.mcp.documents import OptimizationAnswer
from prentice.mcp.foreign import quoted
from prentice.mcp.kinds import check_kind, still_running
from prentice.mcp.running import result_of
from prentice.mcp.schemas import slim
from prentice.mcp.served import Served

_DESCRIPTION: Final = (
    "Sharpen a prompt or a task's text for a strong model: clearer, nothing invented. Gives the prompt, a diff, "
    "scores, sources, and questions for the person. Changes nothing. State `running`: call again with `run_id`."
)
KIND: Final = "optimize"
_SHOWN: Final = (
    "optimized", "accepted", "scores", "questions", "diff", "sources", "findings", "rounds", "stop_reason", "says",
    "backend", "model",
)  # fmt: skip
_MOST_FINDINGS: Final = 12
_MOST_ANSWERS: Final = 50


def optimization_tool(desk: Desk) -> Tool:
    """Make the tool for one directory."""

    async def model_optimize_prompt(
        ctx: Context,
        *,
        prompt: Annotated[str, Field(description="The prompt, or a task's id.")] = "",
        context: Annotated[Text, Field(description="What else to know.")] = "",
        answers: Annotated[
            dict[Name, Text],
            Field(
                max_length=_MOST_ANSWERS, description="With `run_id`: the person's answers, by a question's `about`."
            ),
        ] = {},  # noqa: B006 - never changed; pydantic copies it
        backend: Annotated[Name | None, WithJsonSchema(BACKENDS)] = None,
        model: Name | None = None,
        run_id: RunId | None = None,
    ) -> Annotated[CallToolResult, OptimizationAnswer] | InputRequiredResult:
        until = asyncio.get_running_loop().time() + desk.hold
        project = desk.open(backend=backend, model=model)
        if asked := answered(ctx, KIND):
            return await decided(desk, ctx, project, asked, until=until)
        if not run_id:
            if answers:
                raise UsageError("`answers` need the `run_id` that asked.", next_step="Give it with them.")
            if not prompt:
                raise UsageError("There is no prompt.", next_step="Give `prompt`, a text or an id, or a `run_id`.")
            work = await asyncio.to_thread(project.optimizing, prompt, context=context)
            run_id = await desk.runs.start(project, work)
        else:
            named = {} if answers else {"context": context, "backend": backend, "model": model}
            desk.runs.where(project, run_id).check_same(run_id, [prompt], named=named)
            if answers:
                check_kind(project, run_id, "optimize")
                work = project.answering(run_id, answers, context=context, is_renamed=bool(backend or model))
                run_id = await desk.runs.start(project, work)
        return await optimized(desk, ctx, project, run_id, until=until)

    return slim(
        Tool.from_function(
            model_optimize_prompt,
            description=_DESCRIPTION,
            annotations=ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=True),
        )
    )


async def decided(
    desk: Desk, ctx: Context, project: Served, asked: Asked, *, until: float
) -> CallToolResult | InputRequiredResult:
    """Go on with what a person answered to open questions.

    Raises:
        PrenticeError: what ended the run.
    """
    async with desk.questions.deciding:
        run_id = await _settle(desk, project, asked.state, asked.said)
    return await optimized(desk, ctx, project, run_id or asked.state["run"], until=until, ask=False)


async def optimized(
    desk: Desk, ctx: Context, project: Served, run_id: str, *, until: float, ask: bool = True
) -> CallToolResult | InputRequiredResult:
    """Wait for an optimization, and ask the person what it leaves open.

    Raises:
        PrenticeError: what ended the run.
    """
    project = desk.runs.where(project, run_id)
    check_kind(project, run_id, "optimize")
    if not await desk.runs.wait(project, [run_id], until=until, report=ctx.report_progress):
        return answer(still_running(run_id, desk.runs.doing(project, run_id)))
    document: Document = result_of(project.row(run_id))
    if ask and document["questions"]:
        from prentice.skills.optimize.answers import answer_keys  # noqa: PLC0415 - the start of the server needs no skill

        state = {"kind": KIND, "run": run_id, "about": answer_keys(document["questions"])}

        async def settle(said: QuestionForm | Unanswered) -> str:
            filled = said if isinstance(said, Unanswered) else said.model_dump(exclude_unset=True)
            return await _settle(desk, project, state, filled)

        question = Question(key=_key(project, run_id), message=_message(document), form=_form(document), state=state)
        asked = await desk.questions.put(ctx, question, settle=settle, until=until)
        if isinstance(asked, InputRequiredResult):
            return asked
        if asked not in {"", run_id}:
            return await optimized(desk, ctx, project, asked, until=until, ask=False)
    return _told(desk, ctx, project, run_id, document)


async def _settle(desk: Desk, project: Served, state: Mapping[str, Any], said: Mapping[str, Any] | Unanswered) -> str:
    """Start again with the person's answers, if there are any; give the run to tell of. The first answers count."""
    run: str = state["run"]
    key = _key(project, run)
    given = {} if isinstance(said, Unanswered) else _given(state["about"], said)
    is_undecided = not given and said is not Unanswered.DECLINED
    if first := desk.questions.outcome(key):
        if not is_undecided:
            remark = "The questions were answered before: this answer changed nothing."
            desk.questions.remark(_key(project, first), remark)
        return first
    if is_undecided:
        desk.questions.leave(key, Unanswered.UNDECIDED)
        return ""
    answers = {about: text for about, text in given.items() if text}
    if not answers:
        desk.questions.leave(key, Unanswered.DECLINED)
    told = await desk.runs.start(project, project.answering(run, answers)) if answers else run
    desk.questions.settle(key, told)
    return told


def _given(about: Sequence[str], content: Mapping[str, Any]) -> dict[str, str]:
    """Give the fields that were filled in or left empty, by what their questions are about."""
    fields = {name: content.get(f"answer_{number}") for number, name in enumerate(about, start=1)}
    return {name: text.strip() for name, text in fields.items() if isinstance(text, str)}


def _form(document: Document) -> type[QuestionForm]:
    """Make the form with a field for each question; an empty one leaves it open."""
    fields: dict[str, Any] = {
        f"answer_{number}": (str, Field(default="", title=cut(_asked(item), 200)))
        for number, item in enumerate(document["questions"], start=1)
    }
    return create_model("Answers", __base__=QuestionForm, **fields)


def _asked(item: Mapping[str, Any]) -> str:
    choices = f" ({', '.join(item['choices'][:5])})" if item["choices"] else ""
    return one_line(f"{item['question']}{choices}")


def _message(document: Document) -> str:
    lines = [f"{number}. {_asked(item)}" for number, item in enumerate(document["questions"], start=1)]
    wanted = "this question" if len(lines) == 1 else f"these {len(lines)} questions"
    head = f"Can you answer {wanted} about your prompt? What you leave empty stays open."
    return "\n".join([head, *lines, "", quoted(cut(document["original"], 1_500))])


def _told(desk: Desk, ctx: Context, project: Served, run_id: str, document: Document) -> CallToolResult:
    shown: Document = {name: document[name] for name in _SHOWN if name in document}
    shown["findings"] = _short(shown["findings"])
    shown |= {"state": "done", "run_id": run_id, "next_step": _next(desk, ctx, project, run_id, document)}
    where = f"\n[cut; all of it: prentice://runs/{run_id}]"
    return fitting(shown, [("diff",), ("optimized",)], where=where)


def _short(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: cut(value, 160) if isinstance(value, str) else value for name, value in item.items()}
        for item in findings[:_MOST_FINDINGS]
    ]


def _next(desk: Desk, ctx: Context, project: Served, run_id: str, document: Document) -> str:
    key = _key(project, run_id)
    said = f"{remark} " if (remark := desk.questions.said_of(key)) else ""
    unanswered = desk.questions.unanswered(key, ctx)
    if document["questions"] and desk.questions.outcome(key) not in {"", run_id}:
        return f"{said}The person answered: call with run_id {desk.questions.outcome(key)} for what came of it."
    if document["questions"] and unanswered is Unanswered.DECLINED:
        return (
            f"{said}The person left `questions` open just now: do not ask again, and use `optimized` as it is, with "
            "its placeholders."
        )
    if document["questions"]:
        return (
            f"{said}{waiting(unanswered, run=run_id)}Ask the person what `questions` leaves open, then call "
            f"`model_optimize_prompt` with run_id {run_id} and `answers`; or use `optimized` as it is, with its "
            "placeholders."
        )
    return said + ("Use `optimized` as the prompt." if document["accepted"] else "The prompt can be used as it was.")


def _key(project: Served, run_id: str) -> str:
    return f"{project.directory} optimize {run_id}"
