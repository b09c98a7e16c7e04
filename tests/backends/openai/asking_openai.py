"""Short ways to ask an OpenAI backend in tests."""

import asyncio
from typing import Any

from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.protocol import Message, Piece, Reply, Request

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "enum": ["Oslo"]}},
    "required": ["name"],
    "additionalProperties": False,
}


def request(text: str = "Name a city", **more: Any) -> Request:
    values: dict[str, Any] = {
        "purpose": "test",
        "model": "tiny",
        "messages": (Message(role="user", content=text),),
        "deadline": 10.0,
        "idle": 5.0,
        "max_tokens": 64,
    }
    return Request(**(values | more))


async def collect(backend: OpenAIBackend, asked: Request) -> tuple[list[Piece], Reply]:
    items = [item async for item in backend.stream(asked)]
    reply = items.pop()
    assert isinstance(reply, Reply)
    return [item for item in items if isinstance(item, Piece)], reply


def answers(url: str, *requests: Request, **more: Any) -> list[tuple[list[Piece], Reply]]:
    """Ask one after another over one backend."""

    async def all_of_them() -> list[tuple[list[Piece], Reply]]:
        async with OpenAIBackend(url, **more) as backend:
            return [await collect(backend, asked) for asked in requests]

    return asyncio.run(all_of_them())


def answer(url: str, asked: Request | None = None, **more: Any) -> Reply:
    """Ask once."""
    [(_, reply)] = answers(url, asked or request(), **more)
    return reply
