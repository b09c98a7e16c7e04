"""Resources: a task, a proposal or a run, whole, for a client that asks for more than a tool's answer holds."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp_types import InputRequiredResult

from prentice.changes.visible import one_line
from prentice.errors import PrenticeError
from prentice.mcp.answers import Document, compact, noticed, sentence
from prentice.mcp.desk import Desk
from prentice.mcp.roots import settle_directory
from prentice.mcp.served import Served

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer


def add_resources(server: "MCPServer[Any]", desk: Desk) -> None:
    """Add the three templates to a server."""

    @server.resource("prentice://tasks/{id}", description="A task with its comments.", mime_type="application/json")
    async def task(id: str, ctx: Context) -> str | InputRequiredResult:  # noqa: A002 - the name in the template
        return await _read(desk, ctx, lambda project: _task(project, id))

    @server.resource("prentice://proposals/{id}", description="A plan, whole.", mime_type="application/json")
    async def proposal(id: str, ctx: Context) -> str | InputRequiredResult:  # noqa: A002 - as above
        return await _read(desk, ctx, lambda project: project.proposal(id).document())

    @server.resource(
        "prentice://runs/{id}", description="A run: its change with all evidence, or its steps and calls.",
        mime_type="application/json",
    )  # fmt: skip
    async def run(id: str, ctx: Context) -> str | InputRequiredResult:  # noqa: A002 - as above
        return await _read(desk, ctx, lambda project: _run(project, id))


async def _read(desk: Desk, context: Context, look: Callable[[Served], Document]) -> str | InputRequiredResult:
    if (asked := await settle_directory(desk, context)) is not None:
        return asked
    try:
        return compact(noticed(await asyncio.to_thread(lambda: look(desk.open()))))
    except PrenticeError as error:
        said = f"{sentence(error, directory=desk.directory)} (directory: {desk.directory}, from {desk.source})"
        raise ResourceNotFoundError(one_line(said)) from error


def _task(project: Served, task: str) -> Document:
    comments = [comment.content for comment in project.tasks().comments(task)]
    return {**project.task(task).document(), "comments": comments}


def _run(project: Served, run: str) -> Document:
    row = project.row(run)
    return project.review(run) if (row.kind, row.state) == ("execute", "finished") else project.run_document(run)
