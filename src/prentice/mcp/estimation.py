"""The tool `estimation`: judges tasks by facts and recorded priors, without a model."""

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final, Literal

from mcp.server.mcpserver.tools import Tool
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import Field

from prentice.errors import UsageError
from prentice.library import Prentice
from prentice.mcp.answers import Document, answer, as_many
from prentice.mcp.desk import Desk
from prentice.mcp.documents import EstimationAnswer
from prentice.mcp.schemas import slim

if TYPE_CHECKING:
    from prentice.skills.analyze import Assessment

_DESCRIPTION: Final = (
    "Judge tasks by facts and recorded hours; no model, no changes. "
    "estimate: median hours of `tasks`, low and high of an 80 % interval. "
    "analyze: also complexity, category, lane (whose work it is), reasons, questions. "
    "batch: estimates, by default of all open tasks. "
    "stats: open tasks counted by bucket, complexity, lane."
)
_MOST_TASKS: Final = 100
"""More assessments than this do not fit an answer in any form."""
_SHARE: Final = 0.75
"""The share of the time a call may take that goes into judging; the rest is for the answer and a slow last task."""


def estimation_tool(desk: Desk) -> Tool:
    """Make the tool for one directory."""

    async def estimation(
        action: Literal["estimate", "analyze", "batch", "stats"],
        tasks: Annotated[
            list[str] | None,
            Field(max_length=_MOST_TASKS, description="Ids or free texts."),
        ] = None,
    ) -> Annotated[CallToolResult, EstimationAnswer]:
        names = tasks or []
        if not names and action in {"estimate", "analyze"}:
            raise UsageError(
                f"`{action}` needs `tasks`.",
                next_step="Name tasks by id or text; `batch` and `stats` take all open ones.",
            )
        project = desk.open()
        most = None if action == "stats" else _MOST_TASKS
        seconds = desk.hold * _SHARE
        found, total = await asyncio.to_thread(_judge, project, names, most=most, seconds=seconds)
        match action:
            case "stats":
                return answer({"stats": _stats(found, total), "left_out": total - len(found)})
            case "analyze":
                items, key = [assessment.document() for assessment in found], "assessments"
            case _:
                items = [{"task": assessment.task} | assessment.estimate.document() for assessment in found]
                key = "estimates"
        return as_many(items, lambda shown: {key: shown, "left_out": total - len(shown)})

    return slim(
        Tool.from_function(
            estimation,
            description=_DESCRIPTION,
            annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
        )
    )


def _judge(project: Prentice, names: list[str], *, most: int | None, seconds: float) -> "tuple[list[Assessment], int]":
    """Judge as many of the tasks as the bounds allow; give them, and how many there were."""
    until = time.monotonic() + seconds
    total = len(names) or sum(task.is_open for task in project.tasks().tasks.values())
    found: list[Assessment] = []
    for assessment in project.analyze_each(names):
        found.append(assessment)
        if len(found) == most or time.monotonic() > until:
            break
    return found, total


def _stats(found: "list[Assessment]", total: int) -> Document:
    return {
        "tasks": total,
        "counted": len(found),
        "bucket": dict(Counter(assessment.estimate.bucket for assessment in found)),
        "complexity": dict(Counter(assessment.complexity for assessment in found)),
        "lane": dict(Counter(assessment.lane for assessment in found)),
    }
