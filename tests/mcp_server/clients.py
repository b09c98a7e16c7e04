"""Real clients of the SDK, for servers in this process and for the real program over its standard streams."""

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mcp_types
from mcp import StdioServerParameters
from mcp.client import ClientRequestContext
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

ERAS = {"legacy": "2025-11-25", "2026-07-28": "2026-07-28"}
"""Modes of the SDK's client, one for each way that the protocol works, with the revision that is then spoken."""


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
        env={"PRENTICE_HOME": os.environ["PRENTICE_HOME"]},
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
