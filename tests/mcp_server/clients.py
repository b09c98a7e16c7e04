"""Real clients of the SDK, for servers in this process and for the real program over its standard streams."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_types
from mcp import StdioServerParameters
from mcp.client import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

ERAS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28"}
"""Modes of the SDK's client, one for each way that the protocol works, with the revision that is then spoken."""
PATIENCE = 60.0
"""Seconds that anything here may take at most."""


@dataclass
class Person:
    """Who sits at the client: answers every question in the same way, and remembers the questions."""

    answer: ElicitResult
    before: Callable[[], Awaitable[object]] | None = None
    """What has to happen before the answer is given."""
    questions: list[str] = field(default_factory=list)

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        del context
        self.questions.append(params.message)
        if self.before:
            await self.before()
        return self.answer


def approving() -> Person:
    return Person(ElicitResult(action="accept", content={"approve": True}))


def served_at(directory: Path, *arguments: str) -> StdioServerParameters:
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "prentice", "mcp", "--project", str(directory), "--backend", "builtin", *arguments],
        env={name: value for name, value in os.environ.items() if name.startswith("PRENTICE_")},
    )


def document(result: CallToolResult) -> dict[str, Any]:
    """Give the structure of an answer that is none of an error."""
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


def error(result: CallToolResult) -> dict[str, Any]:
    """Give the error document, which the text has to tell as well."""
    assert result.is_error
    found: dict[str, Any] = result.structured_content["error"]
    assert found["message"] in text(result)
    assert found["next_step"] in text(result)
    assert found["directory"] in text(result)
    return found


def text(result: CallToolResult) -> str:
    [block] = result.content
    assert isinstance(block, mcp_types.TextContent)
    return block.text


class Wire:
    """A client that says what it likes, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hello(self, capabilities: Mapping[str, Any]) -> None:
        """Shake hands, as the earlier era does."""
        client = {"name": "wire", "version": "1"}
        params = {"protocolVersion": ERAS["legacy"], "capabilities": dict(capabilities), "clientInfo": client}
        await self.send({"id": 1, "method": "initialize", "params": params})
        await self.until(id=1)
        await self.send({"method": "notifications/initialized"})

    async def send(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        await self._process.stdin.drain()

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """Read to the message that has these parts."""
        assert self._process.stdout
        async with asyncio.timeout(PATIENCE):
            while True:
                line = await self._process.stdout.readline()
                assert line, "the server ended"
                found: dict[str, Any] = json.loads(line)
                if wanted.items() <= found.items():
                    return found

    def vanish(self) -> None:
        """Be gone without a word: nothing is read any more, and nothing is sent."""
        assert self._process.stdin
        self._process.stdin.close()

    async def kill(self) -> None:
        """End the server as `kill -9` does."""
        self._process.kill()
        await asyncio.wait_for(self._process.wait(), PATIENCE)

    async def end(self) -> int:
        """Hang up, and give the server's exit code."""
        self.vanish()
        return await asyncio.wait_for(self._process.wait(), PATIENCE)


@asynccontextmanager
async def wire(served: StdioServerParameters) -> AsyncIterator[Wire]:
    """The real program, spoken to without the SDK."""
    process = await asyncio.create_subprocess_exec(
        served.command, *served.args, env={**os.environ, **(served.env or {})},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1_000_000,
    )  # fmt: skip
    talk = Wire(process)
    try:
        yield talk
    finally:
        await talk.end()
