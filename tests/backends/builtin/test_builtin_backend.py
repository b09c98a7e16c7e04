"""The built-in backend through the protocol that every backend speaks."""

import asyncio
import json
import subprocess
import sys

import pytest

from prentice.backends.builtin import BuiltinBackend
from prentice.backends.protocol import Backend, Piece, Reply, Request
from prentice.errors import ModelUnsupportedError, TextError
from prentice.tasks.plan import PlanningFacts


def ask(request: Request) -> list[Piece | Reply]:
    async def collect() -> list[Piece | Reply]:
        async with BuiltinBackend() as backend:
            return [item async for item in backend.stream(request)]

    return asyncio.run(collect())


def request(name: str, *, purpose: str = "breakdown") -> Request:
    return Request(purpose=purpose, messages=(), facts=PlanningFacts(name=name).document())


def test_it_is_a_backend_with_one_model() -> None:
    backend: Backend = BuiltinBackend()
    (model,) = asyncio.run(backend.models())
    assert (backend.name, model.name, model.backend) == ("builtin", "rules", "builtin")


def test_a_breakdown_comes_as_one_piece_of_compact_json_and_the_reply() -> None:
    piece, reply = ask(request("Migrate Python MCP server to Go SDK"))
    assert isinstance(piece, Piece)
    assert isinstance(reply, Reply)
    assert piece.text == reply.text
    document = json.loads(reply.text)
    assert json.dumps(document, ensure_ascii=False, separators=(",", ":")) == reply.text
    assert list(document) == ["subtasks"]
    assert set(document["subtasks"][0]) == {
        "key", "name", "description", "acceptance_criteria", "complexity", "category", "dependencies", "covers",
    }  # fmt: skip
    assert (reply.prompt_tokens, reply.reply_tokens, reply.finish) == (0, 0, "stop")


def test_another_purpose_is_refused_with_a_way_out() -> None:
    with pytest.raises(ModelUnsupportedError) as caught:
        ask(request("Add a login page", purpose="optimize"))
    assert "--backend" in caught.value.next_step


def test_a_breakdown_without_facts_is_refused() -> None:
    with pytest.raises(ModelUnsupportedError):
        ask(Request(purpose="breakdown", messages=()))


def test_a_text_that_cannot_be_planned_is_a_text_error() -> None:
    with pytest.raises(TextError):
        ask(request("fix it"))


def test_importing_it_loads_neither_pydantic_nor_a_client_nor_the_playbooks() -> None:
    code = (
        "import sys, prentice.backends.builtin\n"
        "print([name for name in ('pydantic', 'httpx2', 'prentice.backends.builtin.planner') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
