import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.parallel import MOST_AT_ONCE, gather, turns_of
from prentice.backends.protocol import CallRecord, Message, Piece, Reply, Request
from prentice.backends.scripted import ScriptedBackend
from prentice.errors import ModelNotFoundError, PrenticeError, StoppedError, StreamError, TimedOutError

if TYPE_CHECKING:
    from backends.conftest import Loopback


class Watched(ScriptedBackend):
    """A scripted backend that counts who is at work."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.began: list[str] = []
        self.working = self.most = 0
        self.changed = asyncio.Condition()

    async def until(self, working: int) -> None:
        async with asyncio.timeout(5.0), self.changed:
            await self.changed.wait_for(lambda: self.working >= working)

    async def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
        self.began.append(request.prompt)
        self.working += 1
        self.most = max(self.most, self.working)
        async with self.changed:
            self.changed.notify_all()
        try:
            async for item in super().stream(request):
                yield item
        finally:
            self.working -= 1


class Kept:
    def __init__(self) -> None:
        self.records: list[CallRecord] = []

    def call(self, record: CallRecord) -> None:
        self.records.append(record)


def script(tmp_path: Path, *lines: object) -> Watched:
    path = tmp_path / "script.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Watched(path)


def asking(text: str, *, deadline: float = 10.0) -> Request:
    return Request(
        purpose="test", model="tiny", messages=(Message(role="user", content=text),), deadline=deadline, idle=deadline
    )


def test_replies_come_in_the_order_of_the_requests_however_long_each_takes(tmp_path: Path) -> None:
    backend = script(tmp_path, {"text": "slow", "match": "one", "delay": 0.2}, {"text": "fast", "match": "two"})
    replies = asyncio.run(gather(backend, [asking("one"), asking("two")]))
    assert [reply.text for reply in replies] == ["slow", "fast"]
    assert backend.most == 2


def test_nothing_asked_is_nothing_answered(tmp_path: Path) -> None:
    assert asyncio.run(gather(script(tmp_path), [])) == []


def test_each_piece_comes_with_the_place_of_its_request(tmp_path: Path) -> None:
    backend = script(tmp_path, {"chunks": ["a", "b"], "match": "one"}, {"chunks": ["c"], "match": "two"})
    heard: list[tuple[int, str]] = []
    asked = [asking("one"), asking("two")]
    asyncio.run(gather(backend, asked, on_piece=lambda place, piece: heard.append((place, piece.text))))
    assert sorted(heard) == [(0, "a"), (0, "b"), (1, "c")]


def test_no_more_than_the_backend_takes_work_at_a_time(tmp_path: Path) -> None:
    backend = script(tmp_path, *[{"text": "x", "delay": 0.02}] * 40)
    replies = asyncio.run(gather(backend, [asking(f"{number}") for number in range(40)]))
    assert len(replies) == 40
    assert backend.most == MOST_AT_ONCE


def test_the_first_failure_ends_the_others_and_each_call_is_recorded(tmp_path: Path) -> None:
    backend = script(tmp_path, {"endless": True, "match": "long", "delay": 0.05}, {"error": "stream_failed"})
    kept = Kept()
    start = time.monotonic()
    with pytest.raises(StreamError):
        asyncio.run(gather(backend, [asking("long"), asking("short")], recorder=kept))
    assert time.monotonic() - start < 5.0
    assert backend.working == 0
    assert {record.finish for record in kept.records} == {StreamError.code, StoppedError.code}


def test_collecting_puts_each_error_in_the_place_of_its_reply(tmp_path: Path) -> None:
    backend = script(tmp_path, {"error": "stream_failed", "match": "bad"}, {"text": "a"}, {"text": "b"})
    outcomes = asyncio.run(gather(backend, [asking("one"), asking("bad"), asking("two")], on_error="collect"))
    assert [type(outcome) for outcome in outcomes] == [Reply, StreamError, Reply]


def test_a_defect_is_never_collected(tmp_path: Path) -> None:
    class Broken(Watched):
        async def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
            if request.prompt == "bad":
                raise ZeroDivisionError
            async for item in super().stream(request):
                yield item

    backend = script(tmp_path, {"endless": True, "delay": 0.05})
    backend.__class__ = Broken
    with pytest.raises(ZeroDivisionError):
        asyncio.run(gather(backend, [asking("long"), asking("bad")], on_error="collect"))
    assert backend.working == 0


def test_cancelling_ends_all_of_a_group_and_nobody_else(tmp_path: Path) -> None:
    backend = script(tmp_path, *[{"endless": True, "match": "long", "delay": 0.05}] * 3, {"text": "kept", "delay": 0.2})

    async def cancel() -> tuple[list[Reply], int]:
        other = asyncio.create_task(gather(backend, [asking("short")]))
        group = asyncio.create_task(gather(backend, [asking("long")] * 3))
        await backend.until(working=4)
        group.cancel()
        with pytest.raises(asyncio.CancelledError):
            await group
        return await other, turns_of(backend).working

    replies, working = asyncio.run(cancel())
    assert [reply.text for reply in replies] == ["kept"]
    assert (working, backend.working) == (0, 0)


def test_the_wait_for_a_turn_counts_into_the_deadline(tmp_path: Path) -> None:
    backend = script(tmp_path, *[{"endless": True, "match": "long", "delay": 0.05}] * MOST_AT_ONCE, {"text": "x"})

    async def ask() -> list[Reply | PrenticeError]:
        asked = [asking("long", deadline=1.0)] * MOST_AT_ONCE + [asking("late", deadline=0.3)]
        return await gather(backend, asked, on_error="collect")

    late = asyncio.run(ask())[-1]
    assert isinstance(late, TimedOutError)
    assert "late" not in backend.began


def test_two_groups_share_a_backend_in_turn(tmp_path: Path) -> None:
    backend = script(tmp_path, *[{"text": "x", "delay": 0.01}] * 90)

    async def both() -> None:
        many = asyncio.create_task(gather(backend, [asking(f"many{number}") for number in range(80)]))
        await backend.until(working=1)
        await gather(backend, [asking(f"few{number}") for number in range(8)])
        assert sum(name.startswith("many") for name in backend.began) < 60
        await many

    asyncio.run(both())


def test_the_same_call_serves_ollama_which_gets_no_more_than_the_setting_allows(ollama: "Loopback") -> None:
    async def ask() -> list[Reply]:
        async with OllamaBackend(ollama.url, max_in_flight=1) as backend:
            assert turns_of(backend) is backend.turns
            return await gather(backend, [asking(f"{number}") for number in range(5)])

    assert [reply.text for reply in asyncio.run(ask())] == ["Hello"] * 5
    assert ollama.most_at_once["/api/chat"] == 1


def test_cancelling_a_group_ends_its_connections(ollama: "Loopback") -> None:
    ollama.streams(ollama.piece("Hel"), then="hang")
    started = threading.Event()

    async def cancel() -> None:
        async with OllamaBackend(ollama.url) as backend:
            asked = gather(backend, [asking("a"), asking("b")], on_piece=lambda *_: started.set())
            group = asyncio.create_task(asked)
            assert await asyncio.to_thread(started.wait, 5.0)
            group.cancel()
            with pytest.raises(asyncio.CancelledError):
                await group
            assert await asyncio.to_thread(ollama.client_left.wait, 5.0)
            assert backend.turns.working == 0

    asyncio.run(cancel())


def test_a_missing_model_fails_the_group_once(ollama: "Loopback") -> None:
    ollama.says("/api/show", {"error": "model 'tiny' not found"}, status=404)

    async def ask() -> list[Reply]:
        async with OllamaBackend(ollama.url) as backend:
            return await gather(backend, [asking("a"), asking("b")])

    with pytest.raises(ModelNotFoundError):
        asyncio.run(ask())
    assert ollama.bodies("/api/chat") == []
