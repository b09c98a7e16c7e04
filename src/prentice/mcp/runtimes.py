"""The tools `mlx` and `ollama`: one backend's state and models, and the work of Prentice done by that backend."""

# ruff: noqa: PLC0415 - what looks for models is loaded by the first call that needs it, not by the start

import asyncio
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Final, Literal

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field

from prentice.errors import UsageError
from prentice.mcp import approval, breakdown, execution, optimization
from prentice.mcp.answers import Document, answer, as_many, fitting, whole
from prentice.mcp.arguments import Name, Path, RunId
from prentice.mcp.desk import Desk
from prentice.mcp.documents import RuntimeAnswer
from prentice.mcp.kinds import ACTIONS, check_kind, still_running
from prentice.mcp.running import result_of
from prentice.mcp.schemas import slim
from prentice.mcp.served import Served, Work
from prentice.mcp.steps import command, for_assistant

Runtime = Literal["mlx", "ollama"]
Action = Literal[
    "status", "models", "generate", "pull", "hardware", "breakdown", "execute", "optimize", "code_review", "summarize"
]
RUNTIMES: Final[tuple[Runtime, ...]] = ("mlx", "ollama")
_NAMES: Final = {"mlx": "MLX", "ollama": "Ollama"}
_DESCRIPTION: Final = (
    "{name} on this machine: state, models, downloads, and Prentice's work by it alone. State `running`: call again "
    "with the same `action` and `run_id`."
)
_HEAD: Final = ("notice", "state", "run_id", "next_step")
_MOST_MODELS: Final = 25


def runtime_tool(desk: Desk, runtime: Runtime) -> Tool:
    """Make the tool of one backend."""

    async def call(
        ctx: Context,
        *,
        action: Action,
        input: Annotated[  # noqa: A002 - what an assistant expects it to be called
            str, Field(description="Task id, text, prompt, or model to pull.")
        ] = "",
        path: Annotated[Path, Field(description="File to review or summarize.")] = "",
        model: Name | None = None,
        run_id: RunId | None = None,
    ) -> Annotated[CallToolResult, RuntimeAnswer] | InputRequiredResult:
        until = asyncio.get_running_loop().time() + desk.hold
        project = desk.open(backend=runtime, model=model)
        if run_id:
            desk.runs.where(project, run_id).check_same(run_id, [input, path])
        match action:
            case "status":
                return await _status(project, runtime)
            case "models":
                return await _models(project, runtime)
            case "hardware":
                return await _hardware()
            case "breakdown" | "execute" | "optimize":
                return await _skill(desk, ctx, project, action, input, run_id=run_id, until=until)
            case "generate" | "pull" | "code_review" | "summarize":
                if not run_id:
                    work = await asyncio.to_thread(_work, project, action, input, path)
                    run_id = await desk.runs.start(project, work)
                return await _told(desk, ctx, project, action, run_id, until=until)

    return slim(
        Tool.from_function(
            call,
            name=runtime,
            description=_DESCRIPTION.format(name=_NAMES[runtime]),
            annotations=ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=True),
        )
    )


async def _skill(
    desk: Desk, ctx: Context, project: Served, action: str, given: str, *, run_id: str | None, until: float
) -> CallToolResult | InputRequiredResult:
    """Do what the tool of the skill does, with this backend; its answer is the `result`."""
    match action:
        case "breakdown":
            found = await _planned(desk, ctx, project, given, run_id=run_id, until=until)
        case "execute":
            found = await _executed(desk, ctx, project, given, run_id=run_id, until=until)
        case _:
            found = await _optimized(desk, ctx, project, given, run_id=run_id, until=until)
    return wrapped(found)


async def _planned(
    desk: Desk, ctx: Context, project: Served, given: str, *, run_id: str | None, until: float
) -> CallToolResult | InputRequiredResult:
    if asked := approval.answered(ctx, breakdown.KIND):
        return await breakdown.decided(desk, asked)
    run = run_id or await desk.runs.start(project, project.planning(given))
    return await breakdown.planned(desk, ctx, project, run, until=until)


async def _executed(
    desk: Desk, ctx: Context, project: Served, given: str, *, run_id: str | None, until: float
) -> CallToolResult | InputRequiredResult:
    if asked := approval.answered(ctx, execution.KIND):
        return await execution.decided(desk, ctx, asked, until=until)
    if run_id:
        return await execution.stood(desk, ctx, project, run_id, until=until)
    if not given:
        raise UsageError("No task was named.", next_step="Give its id or text as `input`, or a `run_id`.")
    return await execution.executed(desk, ctx, project, [given], until=until)


async def _optimized(
    desk: Desk, ctx: Context, project: Served, given: str, *, run_id: str | None, until: float
) -> CallToolResult | InputRequiredResult:
    if asked := approval.answered(ctx, optimization.KIND):
        return await optimization.decided(desk, ctx, project, asked, until=until)
    run = run_id or await desk.runs.start(project, await asyncio.to_thread(project.optimizing, given))
    return await optimization.optimized(desk, ctx, project, run, until=until)


def wrapped(result: CallToolResult | InputRequiredResult) -> CallToolResult | InputRequiredResult:
    """Put the answer of a skill's tool into the form of this one; a question stays as it is, and so does a summary."""
    if isinstance(result, InputRequiredResult):
        return result
    document: Document = dict(result.structured_content or {})
    head: Document = {name: document.pop(name) for name in _HEAD if name in document}
    told: Document = {**head, "result": document}
    if isinstance(found := result.content[0], TextContent) and found.text.startswith("{"):
        return answer(told)
    return result.model_copy(update={"structured_content": whole(told).structured_content})


def _work(project: Served, action: str, given: str, path: str) -> Work:
    match action:
        case "generate":
            return project.generating(given)
        case "pull":
            return project.pulling(given)
        case "code_review":
            if not given and not path:
                raise UsageError("Nothing to review was named.", next_step="Give a task as `input`, or a `path`.")
            return project.reviewing_code(given, path=path)
        case _:
            return project.summarizing(given, path=path)


async def _told(desk: Desk, ctx: Context, project: Served, action: str, run_id: str, *, until: float) -> CallToolResult:
    project = desk.runs.where(project, run_id)
    check_kind(project, run_id, ACTIONS[action])
    if not await desk.runs.wait(project, [run_id], until=until, report=ctx.report_progress):
        return answer(still_running(run_id, desk.runs.doing(project, run_id)))
    result: Document = dict(result_of(project.row(run_id)))
    if "findings" in result:
        return _fitted_findings(run_id, result)
    where = f"\n[cut; all of it: prentice://runs/{run_id}]"
    return fitting(
        {"state": "done", "run_id": run_id, "result": result}, [("result", "text"), ("result", "summary")], where=where
    )


def _fitted_findings(run_id: str, result: Document) -> CallToolResult:
    def build(shown: list[Document]) -> Document:
        left = len(result["findings"]) - len(shown)
        return {"state": "done", "run_id": run_id, "result": {**result, "findings": shown, "left_out": left}}

    return as_many(result["findings"], build)


async def _status(project: Served, runtime: Runtime) -> CallToolResult:
    """Say whether the backend can be used, and what mends it where not."""
    from prentice.skills.doctor.finding import Finding
    from prentice.skills.doctor.mlx import mlx_findings, mlx_runtime
    from prentice.skills.doctor.ollama import ollama_findings

    if runtime == "ollama":
        findings = await ollama_findings(project.settings)
    else:
        findings = list(mlx_findings(await asyncio.to_thread(mlx_runtime), wanted=True))
    if all(finding.ok for finding in findings) and not await _mine(project, runtime):
        step = "`prentice models recommend` names models; fetch one: `prentice models pull NAME`."
        findings.append(Finding(check=f"{runtime} models", ok=False, found="no model is here", next_step=step))
    wrong = next((finding for finding in findings if not finding.ok), None)
    told = partial(for_assistant, directory=project.directory, runtime=runtime)
    return answer(
        {
            "state": "ready" if wrong is None else "not_ready",
            "next_step": told(wrong.next_step) if wrong is not None else "",
            "result": {
                "findings": [{**finding.document(), "next_step": told(finding.next_step)} for finding in findings]
            },
        }
    )


async def _models(project: Served, runtime: Runtime) -> CallToolResult:
    """List the backend's models; where there are none, say what is wrong."""
    mine = await _mine(project, runtime)
    recommend = command("models recommend", directory=project.directory)
    step = "" if mine else f"Action `status` says why; {recommend} names models, and action `pull` fetches them."

    def build(shown: list[Document]) -> Document:
        return {"state": "done", "next_step": step, "result": {"models": shown, "left_out": len(mine) - len(shown)}}

    return as_many(mine[:_MOST_MODELS], build)


async def _mine(project: Served, runtime: Runtime) -> list[Document]:
    """Give the models of a backend."""
    listed = [item.document() for item in await project.models_async()]
    return [item for item in listed if item["backend"] == runtime]


async def _hardware() -> CallToolResult:
    from prentice.backends.hardware import look

    found = await asyncio.to_thread(look)
    facts: dict[str, Any] = {**asdict(found), "for_models": found.for_models, "gpu_memory": found.gpu_memory}
    return answer({"state": "done", "result": {name: value for name, value in facts.items() if value is not None}})
