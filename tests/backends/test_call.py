import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from prentice.backends.call import complete, prompt_digest
from prentice.backends.protocol import Backend, CallRecord, Message, Piece, Reply, Request
from prentice.backends.scripted import ScriptedBackend
from prentice.errors import StreamError, TimedOutError

REQUEST = Request(purpose="breakdown", messages=(Message(role="user", content="Split it."),), model="m", deadline=5.0)


class Kept:
    def __init__(self) -> None:
        self.records: list[CallRecord] = []

    def call(self, record: CallRecord) -> None:
        self.records.append(record)


class Stubborn(ScriptedBackend):
    """A backend that knows no deadline, or ends without a reply."""

    def __init__(self, path: Path, *, silent: bool) -> None:
        super().__init__(path)
        self.silent = silent
        self.closed = False

    async def stream(self, request: Request) -> AsyncIterator[Piece | Reply]:
        del request
        try:
            yield Piece(text="a")
            if self.silent:
                await asyncio.Event().wait()
        finally:
            self.closed = True


def script(tmp_path: Path, *lines: object) -> ScriptedBackend:
    path = tmp_path / "script.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return ScriptedBackend(path)


def test_a_call_gives_the_reply_reports_its_pieces_and_is_recorded(tmp_path: Path) -> None:
    kept = Kept()
    pieces: list[Piece] = []
    backend = script(tmp_path, {"chunks": ["a", "b"]})
    call = complete(backend, REQUEST, recorder=kept, on_piece=pieces.append, prompt_version="v1")
    reply = asyncio.run(call)
    assert reply.text == "ab"
    assert [piece.text for piece in pieces] == ["a", "b"]
    [record] = kept.records
    assert (record.purpose, record.backend, record.model, record.finish) == ("breakdown", "scripted", "m", "stop")
    assert (record.prompt_version, record.prompt_digest) == ("v1", prompt_digest(REQUEST))
    assert (record.prompt_tokens, record.reply_tokens) == (reply.prompt_tokens, reply.reply_tokens)
    assert record.total > 0


def test_a_failed_call_is_recorded_by_the_code_of_its_error(tmp_path: Path) -> None:
    kept = Kept()
    with pytest.raises(StreamError):
        asyncio.run(complete(script(tmp_path, {"error": "stream_failed"}), REQUEST, recorder=kept))
    assert [record.finish for record in kept.records] == ["stream_failed"]
    assert kept.records[0].estimated


def test_a_cut_reply_is_recorded_as_cut(tmp_path: Path) -> None:
    kept = Kept()
    asyncio.run(complete(script(tmp_path, {"endless": True}), REQUEST, recorder=kept))
    assert [record.finish for record in kept.records] == ["length"]


def test_the_deadline_holds_for_a_backend_that_knows_none(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    kept, backend = Kept(), Stubborn(tmp_path / "empty", silent=True)
    request = Request(purpose="t", messages=REQUEST.messages, deadline=0.2)
    with pytest.raises(TimedOutError):
        asyncio.run(complete(backend, request, recorder=kept))
    assert backend.closed
    assert [(record.finish, record.reply_tokens) for record in kept.records] == [("timed_out", 1)]


def test_a_stream_without_a_reply_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    kept = Kept()
    with pytest.raises(StreamError, match="scripted"):
        asyncio.run(complete(Stubborn(tmp_path / "empty", silent=False), REQUEST, recorder=kept))
    assert [record.finish for record in kept.records] == ["stream_failed"]


def test_a_cancelled_call_ends_the_stream_and_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    kept, backend = Kept(), Stubborn(tmp_path / "empty", silent=True)

    async def cancel() -> None:
        came = asyncio.Event()
        call = asyncio.create_task(complete(backend, REQUEST, recorder=kept, on_piece=lambda _: came.set()))
        await asyncio.wait_for(came.wait(), 5)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert backend.closed

    asyncio.run(cancel())
    assert [record.finish for record in kept.records] == ["stopped"]


def test_a_fault_of_whoever_watches_ends_the_stream_and_is_recorded(tmp_path: Path) -> None:
    kept = Kept()

    def break_down(piece: Piece) -> None:
        raise RuntimeError(piece.text)

    with pytest.raises(RuntimeError):
        asyncio.run(complete(script(tmp_path, {"text": "a"}), REQUEST, recorder=kept, on_piece=break_down))
    assert [record.finish for record in kept.records] == ["error"]


def test_the_digest_follows_text_roles_and_schema() -> None:
    other_role = Request(purpose="t", messages=(Message(role="system", content="Split it."),))
    with_schema = Request(purpose="t", messages=REQUEST.messages, schema={"type": "object"})
    assert prompt_digest(REQUEST) == prompt_digest(Request(purpose="other", messages=REQUEST.messages))
    assert len({prompt_digest(item) for item in (REQUEST, other_role, with_schema)}) == 3


def test_the_scripted_backend_is_a_backend(tmp_path: Path) -> None:
    backend: Backend = script(tmp_path)
    assert backend.name == "scripted"
