"""Models, templates and schemas that are not as they should be: a typed error each, and MLX goes on as before."""

import asyncio
import json
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import pytest

from engines.backend_behaviour import Served, collect
from engines.model_files import ModelFiles
from engines.tiny_mlx_variants import copied, memory_in_use, wait_for, weights_of, write_weights
from prentice.backends.mlx.backend import MlxBackend
from prentice.backends.mlx.engine import Engine
from prentice.backends.mlx.loading import check_memory
from prentice.backends.mlx.model_directory import examine
from prentice.backends.protocol import Message, Request
from prentice.errors import BackendError, ModelUnsupportedError, PromptTooLongError

pytestmark = pytest.mark.engine

SOON = 60.0
"""Seconds; the longest of these takes one, but machines of continuous integration are slow."""


@pytest.fixture
def model(tmp_path: Path, tiny_models: ModelFiles) -> Path:
    """A copy of the trained model, to be broken."""
    return copied(ModelFiles.directory(tiny_models.trained), tmp_path / "model")


def failing(engine: Engine, request: Request) -> BackendError:
    """Give the error that a request ends with, within the time."""

    async def ask() -> BackendError:
        async with asyncio.timeout(SOON):
            with pytest.raises(BackendError) as caught:
                await collect(MlxBackend(engine), request)
            return caught.value

    error = asyncio.run(ask())
    assert error.next_step
    return error


def still_answers(engine: Engine, served: Served) -> bool:
    async def ask() -> bool:
        return (await collect(MlxBackend(engine), served.short()))[1].reply_tokens == 4

    return asyncio.run(ask())


def edited(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def without_shard(model: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def of_wrong_type(model: Path) -> None:
    weights = weights_of(model)
    weights["model.norm.weight"] = mx.ones((128,), dtype=mx.int64)
    write_weights(model, weights)


def of_wrong_shape(model: Path) -> None:
    weights = weights_of(model)
    weights["model.layers.0.mlp.up_proj.weight"] = mx.ones((7, 7))
    write_weights(model, weights)


def without_a_tensor(model: Path) -> None:
    weights = weights_of(model)
    del weights["model.layers.1.self_attn.q_proj.weight"]
    write_weights(model, weights)


def cut_off(model: Path) -> None:
    file = model / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])


def with_a_huge_header(model: Path) -> None:
    (model / "model.safetensors").write_bytes(struct.pack("<Q", 2**62) + b"{}")


def unknown(model: Path) -> None:
    edited(model / "config.json", lambda config: config.update(model_type="perceptron"))


def with_code(model: Path) -> None:
    edited(model / "config.json", lambda config: config.update(model_file="own.py"))


def impossible(model: Path) -> None:
    edited(model / "config.json", lambda config: config.update(num_attention_heads=0))


def without_config(model: Path) -> None:
    (model / "config.json").unlink()


def without_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").unlink()


def with_damaged_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").write_text('{"model": 1}', encoding="utf-8")


def without_end(model: Path) -> None:
    (model / "generation_config.json").unlink()
    (model / "tokenizer_config.json").unlink()


def without_numbers(model: Path) -> None:
    weights = weights_of(model)
    weights["model.norm.weight"] = mx.full((128,), float("nan"))
    write_weights(model, weights)


@pytest.mark.parametrize(
    ("breaking", "says"),
    [
        (without_shard, "model-00002-of-00002.safetensors"),
        (of_wrong_type, "model.norm.weight .* of the type I64"),
        (of_wrong_shape, "up_proj"),
        (without_a_tensor, "q_proj"),
        (cut_off, "cut off"),
        (with_a_huge_header, "no safetensors file"),
        (unknown, "architecture perceptron"),
        (with_code, "does not run"),
        (impossible, "cannot load"),
        (without_config, r"no config\.json"),
        (without_tokenizer, "no tokenizer"),
        (with_damaged_tokenizer, "tokenizer .* cannot be read"),
        (without_end, "which token ends"),
        (without_numbers, "NaN"),
    ],
)
def test_a_model_that_is_not_whole_is_told_about(
    breaking: Callable[[Path], None], says: str, model: Path, mlx_engine: Engine, mlx_served: Served
) -> None:
    assert still_answers(mlx_engine, mlx_served)
    before = memory_in_use()
    breaking(model)
    error = failing(mlx_engine, replace(mlx_served.short(), model=str(model)))
    assert error.code == "model_unsupported"
    assert re.search(says, error.message)
    assert still_answers(mlx_engine, mlx_served)
    wait_for(lambda: memory_in_use() < before + 3_000_000)  # MLX frees in a thread of its own


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ raise_exception('only on Mondays') }}", "only on Mondays"),
        ("{% include '/etc/passwd' %}", "loader"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "unsafe"),
        ("{% for i in range(99999999999) %}{% endfor %}", "without end"),
        ("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", "without end"),
        ("{{ 'a' * 9999999999 }}", "too large"),
        ("{% for m in messages %}{{ m.nothing.at.all }}{% endfor %}", "has no attribute"),
        ("{% if %}", "Expected"),
    ],
)
def test_a_template_that_misbehaves_is_refused(
    template: str, says: str, model: Path, mlx_engine: Engine, mlx_served: Served
) -> None:
    (model / "chat_template.jinja").write_text(template, encoding="utf-8")
    error = failing(mlx_engine, replace(mlx_served.short(), model=str(model)))
    assert error.code == "model_unsupported"
    assert "chat template" in error.message
    assert says in error.message
    assert still_answers(mlx_engine, mlx_served)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "frob"},
        {"type": "object", "properties": {"a": {"$ref": "#/nowhere"}}},
        {"type": "string", "pattern": "(?<=a)b("},
        {"type": "integer", "minimum": 5, "maximum": 1},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
    ],
)
def test_a_schema_that_cannot_be_enforced_is_refused(
    schema: dict[str, object], mlx_engine: Engine, mlx_served: Served
) -> None:
    error = failing(mlx_engine, replace(mlx_served.short(), schema=schema))
    assert error.code == "model_unsupported"
    assert "schema" in error.message
    assert still_answers(mlx_engine, mlx_served)


def test_a_prompt_beyond_the_trained_window_is_counted_and_refused(mlx_engine: Engine, mlx_served: Served) -> None:
    message = Message(role="user", content="many words " * 12_000)
    error = failing(mlx_engine, replace(mlx_served.short(), messages=(message,), context_tokens=None))
    assert isinstance(error, PromptTooLongError)
    assert error.details["window"] == 16_384


def test_a_model_larger_than_the_memory_is_refused_before_it_is_loaded(model: Path) -> None:
    directory = examine(model)
    with pytest.raises(ModelUnsupportedError, match="GB of memory"):
        check_memory(directory, memory=directory.size_bytes)
    check_memory(directory, memory=2 * directory.size_bytes)
    check_memory(directory, memory=None)


def test_a_model_that_wants_no_system_message_gets_it_with_the_users(
    model: Path, mlx_engine: Engine, mlx_served: Served
) -> None:
    template = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n"
    )
    (model / "chat_template.jinja").write_text(template, encoding="utf-8")
    request = replace(mlx_served.plan(temperature=0.0), model=str(model))

    async def ask() -> str:
        return (await collect(MlxBackend(mlx_engine), request))[1].text

    assert json.loads(asyncio.run(ask()))["subtasks"]
