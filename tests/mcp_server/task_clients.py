"""Clients that declare the extension for durable tasks: one of the SDK, and one that says what it likes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import mcp_types
from mcp import Client, MCPError, StdioServerParameters
from mcp.client import Transport
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp_types import CallToolResult, ElicitResult
from pydantic import TypeAdapter

from mcp_server.clients import ERAS, PATIENCE, Person, Wire, approving, wire
from prentice.mcp.server import PrenticeServer

EXTENSION = "io.modelcontextprotocol/tasks"
MODERN = ERAS["2026-07-28"]
HOLD = 0.3
"""Seconds after which these servers answer that a run goes on; the program itself takes 20."""
_PAUSE = 0.05
_ANY: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_PROGRAM = (
    "import sys\nfrom pathlib import Path\nfrom prentice.mcp.server import PrenticeServer\n"
    f"PrenticeServer(Path(sys.argv[1]), backend=sys.argv[2], hold={HOLD}).run('stdio')\n"
)


class Task(mcp_types.Result):
    """What a call gives that goes on as a task."""

    result_type: Literal["task"]
    task_id: str
    status: str
    status_message: str
    created_at: str
    last_updated_at: str
    ttl_ms: int | None
    poll_interval_ms: int


class Tasks(ClientExtension):
    """Follows a task to its result, and lets the person answer on the way."""

    identifier = EXTENSION

    def __init__(self, person: Person | None = None) -> None:
        self._person = person
        self.statuses: list[str] = []

    def claims(self) -> list[ResultClaim[Any]]:
        return [ResultClaim(result_type="task", model=Task, resolve=self._resolve)]

    async def _resolve(self, task: Task, context: ClaimContext) -> CallToolResult:
        client = TasksClient(context.session)
        while (found := await client.settled(task.task_id))["status"] == "input_required":
            self.statuses.append("input_required")
            assert self._person is not None
            for key, asked in found["inputRequests"].items():
                self._person.questions.append(asked["params"]["message"])
                await client.update(task.task_id, key, self._person.answer)
        self.statuses.append(found["status"])
        return CallToolResult.model_validate(found["result"], by_name=False)


class TasksClient:
    """The requests of the extension, through the SDK's session."""

    def __init__(self, session: Any) -> None:
        self.session = session

    async def begin(self, tool: str, arguments: dict[str, Any]) -> Task:
        found = await self.session.call_tool(tool, arguments, allow_claimed=True, allow_input_required=True)
        assert isinstance(found, Task), found
        return found

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        request = mcp_types.Request[dict[str, Any], str](method=method, params=params)
        found: dict[str, Any] = await self.session.send_request(request, _ANY)
        assert found["resultType"] == "complete"
        return found

    async def refused(self, method: str, **params: Any) -> MCPError:
        try:
            found = await self.ask(method, **params)
        except MCPError as error:
            return error
        raise AssertionError(found)

    async def get(self, task: str) -> dict[str, Any]:
        return await self.ask("tasks/get", taskId=task)

    async def update(self, task: str, key: str, said: ElicitResult) -> None:
        answer = said.model_dump(by_alias=True, mode="json", exclude_none=True)
        await self.ask("tasks/update", taskId=task, inputResponses={key: answer})

    async def settled(self, task: str) -> dict[str, Any]:
        """Poll until the task works no more."""
        async with asyncio.timeout(PATIENCE):
            while (found := await self.get(task))["status"] == "working":  # noqa: ASYNC110 - clients of the protocol poll
                await asyncio.sleep(_PAUSE)
        return found

    async def question(self, task: str) -> tuple[str, dict[str, Any]]:
        """Poll until a person has to answer, and give the question with its key."""
        found = await self.settled(task)
        assert found["status"] == "input_required", found
        [(key, asked)] = found["inputRequests"].items()
        return key, asked


@asynccontextmanager
async def tasks_client(
    server: PrenticeServer | StdioServerParameters | Transport, *, asks: bool = False
) -> AsyncIterator[TasksClient]:
    """A client of the SDK that declares the extension, and forms where it `asks`."""
    person = approving() if asks else None
    async with Client(server, mode=MODERN, elicitation_callback=person, extensions=[Tasks()]) as client:
        yield TasksClient(client.session)
        assert person is None or person.questions == []  # a task asks by its status only


def short(directory: Path, backend: str) -> StdioServerParameters:
    """The server in a process of its own, which answers soon that a run goes on."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-c", _PROGRAM, str(directory), backend],
        env={name: value for name, value in os.environ.items() if name.startswith("PRENTICE_")},
    )


class RawTasks:
    """A client that sends lines, and says with each what it takes: forms, tasks, roots, or nothing."""

    def __init__(self, talk: Wire, capabilities: Mapping[str, Any]) -> None:
        self.talk = talk
        self._capabilities = dict(capabilities)
        self._number = 0

    async def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Give the whole answer, which has a `result` or an `error`."""
        self._number += 1
        meta = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": self._capabilities,
        }
        await self.talk.send({"id": self._number, "method": method, "params": {**params, "_meta": meta}})
        return await self.talk.until(id=self._number)

    async def result(self, method: str, **params: Any) -> dict[str, Any]:
        answer = await self.ask(method, **params)
        found: dict[str, Any] = answer["result"]
        return found

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return await self.result("tools/call", name=tool, arguments=dict(arguments))

    async def settled(self, task: str) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            while (found := await self.result("tasks/get", taskId=task))["status"] == "working":  # noqa: ASYNC110 - as above
                await asyncio.sleep(_PAUSE)
        return found


TAKES_TASKS: Mapping[str, Any] = {"extensions": {EXTENSION: {}}}
TAKES_FORMS: Mapping[str, Any] = {**TAKES_TASKS, "elicitation": {"form": {}}}


@asynccontextmanager
async def raw_tasks(
    served: StdioServerParameters, capabilities: Mapping[str, Any] = TAKES_TASKS
) -> AsyncIterator[RawTasks]:
    async with wire(served) as talk:
        yield RawTasks(talk, capabilities)
