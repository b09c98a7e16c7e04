"""The extension for durable tasks, `io.modelcontextprotocol/tasks` of the revision 2026-07-28 (SEP-2663).

Where a client declares it, a call that would answer `running` gives a task instead. What the client then asks of the
task is answered by calling the tool again with the run's id, as every other client does: this module only translates.
https://modelcontextprotocol.github.io/ext-tasks/specification/2026-07-28/tasks.html
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.extension import Extension, MethodBinding
from mcp.server.mcpserver import Context, require_client_extension
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ElicitResult,
    InputRequiredResult,
    InputResponse,
    InputResponseRequestParams,
    ListRootsResult,
    RequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field

from prentice.changes.visible import one_line
from prentice.errors import DefectError, PrenticeError
from prentice.mcp.answers import cut
from prentice.mcp.desk import Desk, at_once
from prentice.mcp.roots import settle_directory
from prentice.mcp.running import FINAL
from prentice.mcp.task_handles import Handle, find, offer, run_of
from prentice.mcp.task_standing import (
    Asking,
    Cancelled,
    Standing,
    Working,
    asking_of,
    dumped,
    run_going_on,
    task_document,
)

if TYPE_CHECKING:
    from prentice.mcp.served import Served

IDENTIFIER: Final = "io.modelcontextprotocol/tasks"
_KEPT: Final = ("action", "only", "edits")
"""Arguments of a call that hold for the same call with the run's id, too."""
_MOST_ID: Final = 100
_UNDECIDED: Final = ElicitResult(action="cancel")
_log = logging.getLogger(__name__)

Request: TypeAlias = ServerRequestContext[Any, Any]
Call: TypeAlias = "Callable[[str, dict[str, Any], Context[None, Any]], Awaitable[CallToolResult | InputRequiredResult]]"
"""Calls a tool of the server."""


class TaskParams(RequestParams):
    """What `tasks/get` and `tasks/cancel` are about."""

    task_id: str = Field(max_length=_MOST_ID)


class UpdateParams(TaskParams):
    """Answers to questions of a task, by their keys."""

    input_responses: dict[str, dict[str, Any]]


class TasksExtension(Extension):
    """Tasks of one directory's runs. `call` is the server's way to call its tools."""

    identifier = IDENTIFIER

    def __init__(self, desk: Desk, call: Call) -> None:
        self._desk = desk
        self._call = call
        self._answering = asyncio.Lock()
        self._roots_key = f"roots {secrets.token_hex(4)}"  # another server's question is another question

    def methods(self) -> Sequence[MethodBinding]:
        """Give the three methods, for the revision that has the extension."""
        bound: list[tuple[str, type[TaskParams], Callable[[Request, Any], Awaitable[HandlerResult]]]] = [
            ("tasks/get", TaskParams, self._get),
            ("tasks/update", UpdateParams, self._update),
            ("tasks/cancel", TaskParams, self._cancel),
        ]
        versions = frozenset(MODERN_PROTOCOL_VERSIONS)
        return [MethodBinding(name, params, handler, protocol_versions=versions) for name, params, handler in bound]

    async def intercept_tool_call(
        self, params: CallToolRequestParams, ctx: Request, call_next: CallNext
    ) -> HandlerResult:
        """Give a task in the place of the answer that one run goes on, where the client takes tasks."""
        result = await call_next(ctx)
        run = run_going_on(result)
        if not run or not _takes_tasks(ctx):
            return result
        given: dict[str, Any] = params.arguments or {}
        kept: dict[str, Any] = {name: given[name] for name in _KEPT if name in given}
        if given.get("run_id") == run and "apply" in given:
            kept["apply"] = given["apply"]  # of a call that starts a run, the run itself has it
        try:
            project = self._desk.runs.where(self._desk.open(), run)
            handle = offer(project, run, tool=params.name, arguments={**kept, "run_id": run})
            working = self._working(project, run)
        except PrenticeError as error:
            _log.warning("No task can be given for %s, which goes on: %s", run, error.message)
            return result
        told = task_document(handle.id, working, created=handle.created, updated=handle.updated)
        return {**told, "resultType": "task"}

    async def _get(self, ctx: Request, params: TaskParams) -> HandlerResult:
        require_client_extension(ctx, IDENTIFIER)
        with self._errors_told():
            found = await self._found(ctx, params.task_id)
            if isinstance(found, Asking):
                now = time.time()
                return task_document(params.task_id, found, created=now, updated=now)
            handle, project = found
            standing = await self._standing(ctx, handle, project)
            updated = max(handle.updated, project.row(handle.run).updated)
            return task_document(handle.id, standing, created=handle.created, updated=updated)

    async def _update(self, ctx: Request, params: UpdateParams) -> HandlerResult:
        require_client_extension(ctx, IDENTIFIER)
        with self._errors_told():
            async with self._answering:  # two answers at once: the first counts
                found = await self._found(ctx, params.task_id, roots=params.input_responses.get(self._roots_key))
                if isinstance(found, Asking):
                    raise self._refused(params.task_id)
                handle, project = found
                asking = await self._standing(ctx, handle, project)
                if isinstance(asking, Asking) and asking.key in params.input_responses:
                    said = ElicitResult.model_validate(params.input_responses[asking.key], by_name=False)
                    await self._answer(ctx, handle, project, asking=asking, said=said)
        return {}

    async def _cancel(self, ctx: Request, params: TaskParams) -> HandlerResult:
        require_client_extension(ctx, IDENTIFIER)
        with self._errors_told():
            found = await self._found(ctx, params.task_id)
            if isinstance(found, Asking):
                raise self._refused(params.task_id)
            handle, project = found
            if project.row(handle.run).state not in FINAL:
                project.cancel_run(handle.run)
            elif isinstance(await self._standing(ctx, handle, project), Asking):
                handle.withdraw(project)
        return {}

    async def _found(
        self, ctx: Request, handle: str, *, roots: Mapping[str, Any] | None = None
    ) -> "tuple[Handle, Served] | Asking":
        """Give what is known of a handle; where the directory may be another, ask for the client's roots first.

        Raises:
            MCPError: there is no such task.
        """
        if (found := self._look(handle)) is not None:
            self._desk.asks_for_roots = False  # who has a task here works here
            return found
        context = _context(ctx)
        if roots is not None:
            context = _context(ctx, name="roots", said=ListRootsResult.model_validate(roots, by_name=False))
        if (asked := await settle_directory(self._desk, context)) is not None:
            return asking_of(asked, key=self._roots_key)
        if (found := self._look(handle)) is None:
            raise self._refused(handle)
        return found

    def _look(self, handle: str) -> "tuple[Handle, Served] | None":
        project = self._desk.runs.where(self._desk.open(), run_of(handle))
        found = find(project, handle)
        return (found, self._desk.runs.where(project, found.run)) if found else None

    async def _standing(self, ctx: Request, handle: Handle, project: "Served") -> Standing:
        if handle.is_withdrawn:
            return Cancelled()
        if handle.ended is not None:
            return CallToolResult.model_validate(handle.ended, by_name=False)
        if not await self._desk.runs.wait(project, [handle.run], until=0.0, report=_unheard):
            return self._working(project, handle.run)
        if project.row(handle.run).state == "cancelled":
            return Cancelled()
        result = await self._called(ctx, handle)
        if isinstance(result, InputRequiredResult):
            asking = asking_of(result)
            if asking.key not in handle.answered:
                return asking
            # A person is asked once in the life of a task. What was answered and can still be asked stays undecided.
            result = await self._told(ctx, handle, asking=asking, said=_UNDECIDED)
        return self._working(project, handle.run) if run_going_on(result) else result

    async def _answer(
        self, ctx: Request, handle: Handle, project: "Served", *, asking: Asking, said: ElicitResult
    ) -> None:
        """Carry out an answer, and note it after that: killed in between, the tool's own records say what was done."""
        result = await self._told(ctx, handle, asking=asking, said=said)
        document: Mapping[str, Any] = result.structured_content or {}
        run = str(document.get("run_id") or handle.run)
        handle.answer(project, asking.settled_by(run), run=run, ended=dumped(result) if result.is_error else None)

    async def _told(self, ctx: Request, handle: Handle, *, asking: Asking, said: ElicitResult) -> CallToolResult:
        """Give what the tool says to an answer.

        Raises:
            DefectError: it asks another time.
        """
        result = await self._called(ctx, handle, asking=asking, said=said)
        if isinstance(result, CallToolResult):
            return result
        raise DefectError(f"{handle.tool} asks again.", next_step=f"Call it with run_id {handle.run}.")

    def _working(self, project: "Served", run: str) -> Working:
        return Working(f"{run}: {self._desk.runs.doing(project, run)}")

    async def _called(
        self, ctx: Request, handle: Handle, *, asking: Asking | None = None, said: ElicitResult | None = None
    ) -> CallToolResult | InputRequiredResult:
        context = _context(ctx)
        if asking is not None and said is not None:
            context = _context(ctx, name=asking.name, said=said, state=asking.state)
        with at_once():
            return await self._call(handle.tool, dict(handle.arguments), context)

    @contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except PrenticeError as error:
            said = f"{one_line(error.message)} {one_line(error.next_step)} ({self._where})"
            raise MCPError(INTERNAL_ERROR, said) from error

    def _refused(self, handle: str) -> MCPError:
        return MCPError(
            INVALID_PARAMS,
            f"There is no task {cut(one_line(handle), _MOST_ID)} here ({self._where}). It lives as long as its run, in "
            "the directory that it was begun in: start the server there.",
        )

    @property
    def _where(self) -> str:
        return f"directory: {self._desk.directory}, from {self._desk.source}"


async def refuse_undeclared(ctx: Request, call_next: CallNext) -> HandlerResult:
    """Refuse to listen for tasks where the client does not declare the extension; others are told that there is none.

    Raises:
        MCPError: it does not.
    """
    if ctx.method == "subscriptions/listen" and ctx.params:
        wanted = ctx.params.get("notifications")
        if isinstance(wanted, Mapping) and wanted.get("taskIds"):
            require_client_extension(ctx, IDENTIFIER)
    return await call_next(ctx)


def _takes_tasks(ctx: Request) -> bool:
    capabilities = ctx.session.client_capabilities
    declared = capabilities.extensions if capabilities else None
    return ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and IDENTIFIER in (declared or {})


def _context(
    ctx: Request, *, name: str = "", said: InputResponse | None = None, state: str | None = "{}"
) -> "Context[None, Any]":
    """Give what a tool is called with: as at first, or with an answer to the question that it had."""
    if said is None:
        return Context(request_context=ctx)
    brought = InputResponseRequestParams(input_responses={name: said}, request_state=state)
    return Context(request_context=ctx, input_params=brought)


async def _unheard(progress: float, total: float | None, message: str | None) -> None:
    """Progress of a task goes into its status."""
    del progress, total, message
