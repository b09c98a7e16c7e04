"""What MLX alone does: rows that decode together, prefixes that are read once, models that come and go."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import pytest

from engines.backend_behaviour import (
    Served,
    a_deadline_ends_an_endless_reply,
    cancelling_the_reader_ends_the_work,
    collect,
    leaving_a_reply_ends_the_work,
    unfit,
)
from engines.model_files import ModelFiles
from engines.tiny_mlx_variants import in_four_bits, in_type, memory_in_use, wait_for, with_sliding_windows
from prentice.backends.mlx.backend import Held, MlxBackend
from prentice.backends.mlx.engine import Engine
from prentice.backends.mlx.job import Job
from prentice.backends.mlx.limits import Limits
from prentice.backends.mlx.model_directory import examine
from prentice.backends.protocol import Message, Piece, Reply, Request, Sampling
from prentice.errors import StreamError

pytestmark = pytest.mark.engine

FOREIGN = ("transformers", "torch", "huggingface_hub", "mlx_lm.utils", "mlx_lm.generate")
SMALL = 3_000_000
"""Bytes that may stay behind when a model of 3 MB is unloaded: masks and constants of MLX's own."""


@contextmanager
def engine_at(place: Path, **limits: float) -> Iterator[Engine]:
    engine = Engine(prefixes=place, limits=Limits(**limits))  # type: ignore[arg-type]  # whole numbers where asked
    try:
        yield engine
    finally:
        engine.close()


def ask(engine: Engine, *requests: Request) -> list[Reply]:
    async def all_at_once() -> list[Reply]:
        async with MlxBackend(engine) as backend:
            return [reply for _, reply in await asyncio.gather(*(collect(backend, item) for item in requests))]

    return asyncio.run(all_at_once())


def ask_one(engine: Engine, request: Request) -> Reply:
    [reply] = ask(engine, request)
    return reply


async def _exhausted(stream: AsyncGenerator[Piece | Reply]) -> None:
    async for _ in stream:
        pass


def taught(text: str, *, model: str, tokens: int = 40, **more: object) -> Request:
    """A request with a long system message, whose reply is free text."""
    system = " ".join(f"Rule {number}: test {number} passes for the login page." for number in range(30))
    messages = (Message(role="system", content=system), Message(role="user", content=text))
    values = {"purpose": "test", "model": model, "messages": messages, "max_tokens": tokens, "deadline": 60.0}
    return Request(**(values | {"sampling": Sampling(temperature=0.0)} | more))  # type: ignore[arg-type]  # fields by name


def test_samples_together_are_the_samples_alone(mlx_engine: Engine, mlx_served: Served) -> None:
    samples = [replace(mlx_served.plan(temperature=0.7, seed=seed), schema=None) for seed in range(6)]
    together = [reply.text for reply in ask(mlx_engine, *samples)]
    alone = [ask_one(mlx_engine, sample).text for sample in samples]
    assert together == alone
    assert len(set(together)) > 1


def test_plain_and_constrained_rows_of_different_prompts_do_not_mix(mlx_engine: Engine, mlx_served: Served) -> None:
    requests = [mlx_served.plan(number, temperature=0.7, seed=number) for number in range(6)]
    requests = [item if number % 2 else replace(item, schema=None) for number, item in enumerate(requests)]
    requests += [replace(mlx_served.plan(1, model=mlx_served.trained), max_tokens=7)]
    together = [reply.text for reply in ask(mlx_engine, *requests)]
    assert together == [ask_one(mlx_engine, request).text for request in requests]


def test_forced_tokens_lead_to_the_text_that_is_written_freely(mlx_engine: Engine, mlx_served: Served) -> None:
    held = [mlx_served.plan(number, temperature=0.0) for number in range(8)]
    free = [replace(request, schema=None) for request in held]
    assert [reply.text for reply in ask(mlx_engine, *held)] == [reply.text for reply in ask(mlx_engine, *free)]


def test_random_weights_keep_to_the_schema_at_any_temperature(mlx_engine: Engine, mlx_served: Served) -> None:
    requests = [
        mlx_served.plan(seed, model=mlx_served.random, most=3, temperature=(0.0, 0.7, 1.3)[seed % 3], seed=seed)
        for seed in range(24)
    ]
    found = [unfit(reply, request) for request, reply in zip(requests, ask(mlx_engine, *requests), strict=True)]
    assert found == [[]] * 24


def test_without_a_schema_the_same_weights_write_nonsense(mlx_engine: Engine, mlx_served: Served) -> None:
    request = mlx_served.plan(model=mlx_served.random)
    assert unfit(ask_one(mlx_engine, replace(request, schema=None, max_tokens=300)), request)


@pytest.mark.parametrize(
    "sampling", [Sampling(temperature=1.5, top_k=1, seed=1), Sampling(temperature=1.5, top_p=0.01, seed=1)]
)
def test_the_narrowest_choice_is_the_likeliest_token(
    mlx_engine: Engine, mlx_served: Served, sampling: Sampling
) -> None:
    narrow = replace(mlx_served.plan(), schema=None, sampling=sampling)
    surest = replace(narrow, sampling=Sampling(temperature=0.0))
    wild = replace(narrow, sampling=Sampling(temperature=1.5, seed=1))
    texts = [reply.text for reply in ask(mlx_engine, narrow, surest, wild)]
    assert texts[0] == texts[1] != texts[2]


def test_a_prompt_read_before_is_not_read_again(tmp_path: Path, mlx_served: Served) -> None:
    requests = [taught(f"Look at the {thing}", model=mlx_served.trained) for thing in ("mail queue", "price table")]
    with engine_at(tmp_path / "none", memory_cache_bytes=0, disk_cache_bytes=0) as plain:
        uncached = [ask_one(plain, request) for request in requests]
    with engine_at(tmp_path / "some", disk_cache_bytes=0) as engine:
        first, second, again = (ask_one(engine, request) for request in [*requests, requests[0]])
    assert [reply.cached_tokens for reply in uncached] == [0, 0]
    assert first.cached_tokens == 0
    assert second.cached_tokens is not None
    assert 300 < second.cached_tokens < second.prompt_tokens
    assert again.cached_tokens == again.prompt_tokens - 1
    assert [first.text, second.text, again.text] == [uncached[0].text, uncached[1].text, uncached[0].text]


def test_what_templates_begin_with_is_read_from_disk_by_the_next_process(tmp_path: Path, mlx_served: Served) -> None:
    with engine_at(tmp_path) as engine:
        ask_one(engine, taught("Look at the mail queue", model=mlx_served.trained))
    asked = taught("Order the new badges", model=mlx_served.trained)
    with engine_at(tmp_path) as engine:
        reply = ask_one(engine, asked)
    with engine_at(tmp_path / "other", disk_cache_bytes=0) as plain:
        assert ask_one(plain, asked).text == reply.text
    assert reply.cached_tokens is not None
    assert reply.cached_tokens > 300
    [file] = tmp_path.glob("*/*.safetensors")
    assert file.parent.stat().st_mode & 0o077 == 0
    assert b"mail" not in file.read_bytes()[:4096]


def test_what_is_in_memory_and_what_is_computed_is_known_before_the_next_call(
    tmp_path: Path, mlx_served: Served
) -> None:
    place = Path(mlx_served.trained)

    def held(engine: Engine) -> Held:
        """Give what is known of the model, listed by the name that it is asked for by."""
        [found] = [
            item
            for item in asyncio.run(MlxBackend(engine, directories=(place.parent,)).held())
            if item.info.name == place.name
        ]
        return found

    with engine_at(tmp_path / "kept") as engine:
        assert (held(engine).resident, held(engine).warm) == (False, {})
        backend = MlxBackend(engine, directories=(place.parent,))
        first = asyncio.run(collect(backend, taught("Look at the mail queue", model=place.name)))[1]
        assert (backend.resident, held(engine).resident) == (place.name, True)
        warm = held(engine).warm["test"]
        second = asyncio.run(collect(backend, taught("Order the new badges", model=place.name)))[1]
        assert second.cached_tokens is not None
        assert 300 < warm <= second.cached_tokens < first.prompt_tokens
    with engine_at(tmp_path / "kept") as engine:  # the next process
        assert (held(engine).resident, held(engine).warm) == (False, {"test": warm})
    with engine_at(tmp_path / "kept", disk_cache_bytes=0) as engine:
        assert held(engine).warm == {}


def test_a_damaged_file_of_a_prefix_is_removed_and_costs_nothing(tmp_path: Path, mlx_served: Served) -> None:
    asked = taught("Look at the mail queue", model=mlx_served.trained)
    with engine_at(tmp_path) as engine:
        first = ask_one(engine, asked)
    [file] = tmp_path.glob("*/*.safetensors")
    file.write_bytes(file.read_bytes()[:-1000])
    with engine_at(tmp_path) as engine:
        reply = ask_one(engine, asked)
    assert (reply.text, reply.cached_tokens) == (first.text, 0)


def test_a_changed_model_knows_no_prefix_of_the_old_one(tmp_path: Path, tiny_models: ModelFiles) -> None:
    model = in_type(ModelFiles.directory(tiny_models.trained), tmp_path / "model", mx.float32)
    asked = taught("Look at the mail queue", model=str(model))
    with engine_at(tmp_path / "prefixes") as engine:
        ask_one(engine, asked)
        (model / "generation_config.json").write_text('{"eos_token_id": [2]}', encoding="utf-8")
        assert ask_one(engine, asked).cached_tokens == 0


def test_prefixes_on_disk_stay_within_their_budget(tmp_path: Path, mlx_served: Served) -> None:
    budget = 1_500_000  # about one prefix of 500 tokens
    with engine_at(tmp_path, disk_cache_bytes=budget) as engine:
        for number in range(3):
            asked = taught("Look at it", model=mlx_served.trained, tokens=2)
            system = Message(role="system", content=f"{number} {asked.messages[0].content}")
            ask_one(engine, replace(asked, messages=(system, asked.messages[1])))
    files = list(tmp_path.glob("*/*.safetensors"))
    assert files
    assert sum(file.stat().st_size for file in files) <= budget


@pytest.mark.parametrize("variant", ["float16", "bfloat16", "4-bit", "sliding"])
def test_other_kinds_of_weights_and_layers_answer_alone_and_together(
    variant: str, tmp_path: Path, tiny_models: ModelFiles, mlx_served: Served
) -> None:
    trained, place = ModelFiles.directory(tiny_models.trained), tmp_path / "model"
    match variant:
        case "4-bit":
            in_four_bits(trained, place)
        case "sliding":
            with_sliding_windows(trained, place, window=64)
        case _:
            in_type(trained, place, getattr(mx, variant))
    requests = [replace(mlx_served.plan(number, temperature=0.0), model=str(place)) for number in range(3)]
    with engine_at(tmp_path / "prefixes") as engine:
        alone = [ask_one(engine, request) for request in requests]
        together = ask(engine, *requests)
    assert [unfit(reply, request) for reply, request in zip(together, requests, strict=True)] == [[]] * 3
    assert [reply.finish for reply in alone] == ["stop"] * 3
    if variant == "sliding":
        assert [reply.text for reply in alone] == [reply.text for reply in together]


def test_two_models_take_turns(mlx_engine: Engine, mlx_served: Served) -> None:
    plan = mlx_served.plan(temperature=0.0)
    other = replace(mlx_served.short(), max_tokens=20)
    replies = ask(mlx_engine, plan, other, plan, other)
    assert [reply.model for reply in replies] == [mlx_served.trained, mlx_served.random] * 2
    assert replies[0].text == replies[2].text
    assert replies[1].text == replies[3].text


def test_an_idle_model_is_unloaded_and_its_memory_comes_back(tmp_path: Path, mlx_served: Served) -> None:
    with engine_at(tmp_path, idle_seconds=0.2) as engine:
        before = memory_in_use()
        reply = ask_one(engine, mlx_served.plan(temperature=0.0))
        wait_for(lambda: not engine.resident)
        wait_for(lambda: memory_in_use() < before + SMALL)
        assert ask_one(engine, mlx_served.plan(temperature=0.0)).text == reply.text


def test_a_call_cancelled_while_it_waits_reads_or_writes_leaves_the_others_alone(
    tmp_path: Path, mlx_served: Served
) -> None:
    async def cancel_at_every_stage(engine: Engine) -> None:
        backend = MlxBackend(engine)
        expected = (await collect(backend, mlx_served.plan(temperature=0.0)))[1].text
        long = taught("many words " * 1500, model=mlx_served.trained, tokens=400)
        for pieces in (0, 0, 1, 5):
            other = asyncio.create_task(collect(backend, mlx_served.plan(temperature=0.0)))
            stream = backend.stream(long)
            task = asyncio.ensure_future(anext(stream))
            if pieces:
                await task
                for _ in range(pieces):
                    await anext(stream)
            else:
                await asyncio.sleep(0)
                task.cancel()
            await stream.aclose() if pieces else None
            assert (await other)[1].text == expected

    with engine_at(tmp_path, parallel=1) as engine:
        asyncio.run(cancel_at_every_stage(engine))
    with engine_at(tmp_path) as engine:
        asyncio.run(cancel_at_every_stage(engine))


def test_leaving_a_reply_frees_its_place_for_the_next(tmp_path: Path, mlx_served: Served) -> None:
    with engine_at(tmp_path, parallel=1) as engine:
        served = replace(mlx_served, opened=lambda: MlxBackend(engine))
        leaving_a_reply_ends_the_work(served)
        cancelling_the_reader_ends_the_work(served)
        a_deadline_ends_an_endless_reply(served)


def test_an_event_loop_closed_in_the_middle_leaves_the_engine_well(mlx_engine: Engine, mlx_served: Served) -> None:
    directory = examine(Path(mlx_served.random), name=mlx_served.random)

    async def begin() -> Job:
        job = Job(mlx_served.endless(), directory=directory)
        mlx_engine.submit(job)
        while not any(isinstance(item, Piece) for item in await job.receive()):
            pass
        return job

    job = asyncio.run(begin())
    wait_for(lambda: job.ended)
    assert ask_one(mlx_engine, mlx_served.short()).reply_tokens == 4


def test_closing_the_engine_ends_what_is_under_way(tmp_path: Path, mlx_served: Served) -> None:
    with engine_at(tmp_path) as engine:

        async def close_in_the_middle() -> None:
            backend = MlxBackend(engine)
            stream = backend.stream(mlx_served.endless())
            await anext(stream)
            await asyncio.to_thread(engine.close)
            with pytest.raises(StreamError, match="was ended"):
                await _exhausted(stream)

        asyncio.run(close_in_the_middle())
        assert ask_one(engine, mlx_served.short()).reply_tokens == 4


def test_a_whole_reply_needs_neither_transformers_nor_the_hubs_client(tmp_path: Path, mlx_served: Served) -> None:
    program = f"""
import asyncio, json, sys
from pathlib import Path
from prentice.backends.mlx.backend import Held, MlxBackend
from prentice.backends.mlx.engine import Engine
from prentice.backends.protocol import Message, Request
from prentice.skills.breakdown.reply import plan_schema

async def main():
    request = Request(purpose="test", model={mlx_served.random!r}, messages=(Message(role="user", content="Say"),),
                      schema=plan_schema(min_subtasks=1, max_subtasks=1, criteria=0), max_tokens=2000)
    async for item in MlxBackend(engine).stream(request):
        pass
    json.loads(item.text)

engine = Engine(prefixes=Path({str(tmp_path)!r}))
assert not [name for name in sys.modules if name.split(".")[0] in ("mlx", "mlx_lm", "llguidance", "numpy", "jinja2")]
asyncio.run(main())
loaded = [name for name in {FOREIGN!r} if name in sys.modules]
import mlx_lm
print(json.dumps([loaded, callable(mlx_lm.load)]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [[], True]
