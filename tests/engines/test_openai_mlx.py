"""The OpenAI backend on `mlx_lm.server`, which reads no schema: the shared behaviour, and the typed error instead."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engines.backend_behaviour import CASES_WITHOUT_STRUCTURE, Records, Served
from engines.model_files import ModelFiles
from engines.openai_process import mlx_server
from prentice.backends.asking import ask
from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.openai.findings import FindingsInMemory
from prentice.backends.protocol import Request
from prentice.errors import ReplyCutError, ReplyError
from prentice.skills.breakdown.reply import PlanReply

pytestmark = pytest.mark.engine
pytest.importorskip("mlx_lm", reason="`mlx_lm.server` comes with mlx-lm: run `uv sync --group engines`")

TRAINED, RANDOM = "prentice/tiny-trained", "prentice/tiny-random"


class Unconstrained(Served):
    """Asks for plans without a schema: the trained model knows no prompt that has one in it."""

    def plan(self, number: int = 0, *, model: str = "", most: int = 8, **sampling: Any) -> Request:
        return replace(super().plan(number, model=model, most=most, **sampling), schema=None)


@pytest.fixture(scope="module")
def url(tiny_models: ModelFiles, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    models = {TRAINED: tiny_models.directory(tiny_models.trained), RANDOM: tiny_models.directory(tiny_models.random)}
    with mlx_server(models, directory=tmp_path_factory.mktemp("mlx-server")) as server:
        yield server


@pytest.fixture
def served(url: str, held_out_tasks: list[str]) -> Served:
    return Unconstrained(
        opened=lambda: OpenAIBackend(url), name="openai", trained=TRAINED, random=RANDOM, tasks=held_out_tasks
    )


@pytest.mark.parametrize("case", CASES_WITHOUT_STRUCTURE, ids=lambda case: case.__name__)
def test_on_mlx_server(case: Callable[[Served], None], served: Served) -> None:
    case(served)


def test_that_nothing_holds_it_to_a_schema_is_found_out_once_and_a_cut_reply_is_not_repaired(
    url: str, held_out_tasks: list[str]
) -> None:
    held = Served(
        opened=lambda: OpenAIBackend(url), name="openai", trained=TRAINED, random=RANDOM, tasks=held_out_tasks
    )
    findings, records = FindingsInMemory(), Records()

    async def asked(request: Request) -> PlanReply:
        async with OpenAIBackend(url, findings=findings) as backend:
            return await ask(backend, request, PlanReply, recorder=records)

    with pytest.raises(ReplyError) as caught:
        asyncio.run(asked(replace(held.plan(model=RANDOM), max_tokens=4000)))
    assert caught.value.problems
    assert [record.finish for record in records.calls] == ["stop", "stop"]
    assert findings.recall(f"{url}/v1", RANDOM) == "prompt"
    with pytest.raises(ReplyCutError):
        asyncio.run(asked(replace(held.plan(model=RANDOM), max_tokens=8)))
    assert len(records.calls) == 3
