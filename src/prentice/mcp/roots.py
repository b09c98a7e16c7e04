"""The client's roots: where the work is, for a server that was started somewhere else and told nothing."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp_types import InputRequiredResult, ListRootsRequest, ListRootsResult, Root
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from prentice.mcp.desk import Desk

_QUESTION: Final = "roots"
_SECONDS: Final = 3.0
"""How long a client may take to list its roots, which it need not ask anybody for."""
SOURCE: Final = "the client's roots"


async def settle_directory(desk: Desk, context: Context[Any, Any]) -> InputRequiredResult | None:
    """Take the client's first root as the directory, where none was named and it has roots; ask at the first call only.

    Gives what the tool has to return where the protocol wants the question returned.
    """
    capabilities = context.client_capabilities
    if not desk.asks_for_roots or capabilities is None or capabilities.roots is None:
        return None
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        said = (context.input_responses or {}).get(_QUESTION)
        if said is None and context.request_state is None:
            return InputRequiredResult(
                input_requests={_QUESTION: ListRootsRequest()}, request_state='{"kind": "roots"}'
            )
        roots = said.roots if isinstance(said, ListRootsResult) else []
    else:
        roots = []
        with suppress(MCPError, TimeoutError):
            async with asyncio.timeout(_SECONDS):
                roots = (await context.session.send_request(ListRootsRequest(), ListRootsResult)).roots
    desk.asks_for_roots = False
    for directory in _directories(roots):
        desk.directory, desk.source = directory, SOURCE
        break
    return None


def _directories(roots: Iterable[Root]) -> Iterable[Path]:
    for root in roots:
        parts = urlsplit(str(root.uri))
        if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
            path = Path(url2pathname(unquote(parts.path)))
            if path.is_dir():
                yield path.resolve()
