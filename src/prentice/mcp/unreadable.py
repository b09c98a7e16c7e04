"""Lines on stdin that are no message: answered, where the SDK would let the client wait for ever."""

import json
from types import TracebackType
from typing import Any, Final, Self, TypeAlias

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError
from pydantic import ValidationError

Incoming: TypeAlias = SessionMessage | Exception

_LONGEST_ID: Final = 100


class AnsweringUnreadable:
    """What comes in, without the lines that are no message: each of those is answered with an error.

    The error carries the request's id, where the line tells one. It stands in for the stream that the SDK reads from.
    """

    def __init__(self, incoming: Any, outgoing: Any) -> None:  # noqa: ANN401 - the SDK's streams have no public type
        self._incoming = incoming
        self._outgoing = outgoing

    async def receive(self) -> Incoming:
        """Give the next message."""
        while True:
            item: Incoming = await self._incoming.receive()
            if not isinstance(item, Exception):
                return item
            if (answer := refusal(item)) is not None:
                await self._outgoing.send(SessionMessage(answer))

    async def aclose(self) -> None:
        """End it."""
        await self._incoming.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Incoming:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def refusal(error: Exception) -> JSONRPCError | None:
    """Give the answer to a line that is no message, by what the SDK said of it; None where none is due.

    An empty line wants none, and neither does a broken answer: its id is one of ours.
    """
    found = error.errors() if isinstance(error, ValidationError) else []
    whole: object = next((item["input"] for item in found if isinstance(item["input"], dict)), None)
    if found and found[0]["type"] == "json_invalid":
        line = found[0]["input"]
        if not line.strip():
            return None
        try:
            whole = json.loads(line)  # it takes half a pair of surrogates, which the SDK does not
        except (ValueError, RecursionError):
            return _error(PARSE_ERROR, "The line is not JSON.")
    fields = whole if isinstance(whole, dict) else {}
    if "method" not in fields and fields.keys() & {"result", "error"}:
        return None
    return _error(INVALID_REQUEST, "The line is no message of JSON-RPC 2.0.", of=fields.get("id"))


def _error(code: int, says: str, *, of: object = None) -> JSONRPCError:
    is_id = type(of) is int or (isinstance(of, str) and len(of) <= _LONGEST_ID)
    return JSONRPCError(jsonrpc="2.0", id=of if is_id else None, error=ErrorData(code=code, message=says))  # type: ignore[arg-type]  # just checked
