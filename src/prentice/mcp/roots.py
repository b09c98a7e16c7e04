"""The client's roots: where the work is, for a server that was started somewhere else and told nothing."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mcp import MCPError
from mcp.server.mcpserver import Context
from mcp_types import InputRequiredResult, ListRootsRequest, ListRootsResult
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import BaseModel, ValidationError

from prentice.mcp.desk import Desk
from prentice.mcp.steps import project_root

_QUESTION: Final = "roots"
_SECONDS: Final = 3.0
"""How long a client may take to list its roots, which it need not ask anybody for; after that it has none for us."""
SOURCE: Final = "the client's roots"


class _Roots(BaseModel):
    """A client's roots, read so that one which is no file takes none of the others with it."""

    roots: list[Any] = []


async def settle_directory(desk: Desk, context: Context[Any, Any]) -> InputRequiredResult | None:
    """Take the client's first root as the directory, where none was named and it has roots; ask at the first call only.

    Gives what the tool has to return where the protocol wants the question returned.
    """
    capabilities = context.client_capabilities
    if not desk.asks_for_roots or capabilities is None or capabilities.roots is None:
        return None
    if context.protocol_version in MODERN_PROTOCOL_VERSIONS:
        said = (context.input_responses or {}).get(_QUESTION)
        now = time.monotonic()
        desk.asked_for_roots = desk.asked_for_roots or now
        if said is None and context.request_state is None and now < desk.asked_for_roots + _SECONDS:
            return InputRequiredResult(
                input_requests={_QUESTION: ListRootsRequest()}, request_state='{"kind": "roots"}'
            )
        addresses = [str(root.uri) for root in said.roots] if isinstance(said, ListRootsResult) else []
    else:
        addresses = []
        with suppress(MCPError, TimeoutError, ValidationError):
            async with asyncio.timeout(_SECONDS):
                found = await context.session.send_request(ListRootsRequest(), _Roots)
            addresses = [str(root["uri"]) for root in found.roots if isinstance(root, dict) and "uri" in root]
    desk.asks_for_roots = False
    for directory in _directories(addresses):
        desk.directory, desk.source = project_root(directory), SOURCE
        break
    return None


def _directories(addresses: Iterable[str]) -> Iterable[Path]:
    for address in addresses:
        with suppress(OSError, ValueError):  # what no system takes for a path, or no parser for an address
            parts = urlsplit(address)
            path = Path(url2pathname(parts.path))
            if parts.scheme == "file" and parts.netloc in {"", "localhost"} and path.is_dir():
                yield path.resolve()
