import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.hardware import available_memory
from prentice.backends.preference import MEMORY_SHARE, rank, why_after
from prentice.backends.protocol import ModelInfo

GB = 10**9


def model(name: str, size: float | None = 4.0) -> ModelInfo:
    return ModelInfo(name=name, backend="ollama", size_bytes=None if size is None else int(size * GB))


def order(*models: ModelInfo, memory: float | None = None) -> list[str]:
    return [info.name for info in rank(models, memory=None if memory is None else int(memory * GB)).fitting]


def test_the_larger_of_the_general_models_that_fit_comes_first() -> None:
    models = (model("llama3.2:3b", 2), model("qwen2.5:14b", 9), model("llama3.3:70b", 42), model("gemma3:4b", 3.3))
    assert order(*models, memory=16) == ["qwen2.5:14b", "gemma3:4b", "llama3.2:3b"]


def test_code_models_come_after_general_and_unknown_ones_for_a_plan() -> None:
    models = (model("codellama:34b", 19), model("qwen2.5-coder:14b", 9), model("zephyr:7b", 5), model("phi4-mini", 2.5))
    assert order(*models) == ["phi4-mini", "zephyr:7b", "codellama:34b", "qwen2.5-coder:14b"]


def test_families_decide_among_models_of_one_size() -> None:
    names = ["llama3.1:8b", "qwen3:8b", "phi4:8b", "mistral:7b", "gemma2:9b"]
    assert order(*(model(name) for name in reversed(names))) == names


@pytest.mark.parametrize("name", ["llama3.2-vision:11b", "qwen2.5vl:7b", "qwen3-embedding:8b", "llama-guard3:8b"])
def test_relatives_made_for_something_else_are_no_general_models(name: str) -> None:
    assert order(model(name, 9), model("gemma3:1b", 1)) == ["gemma3:1b", name]


def test_what_does_not_fit_is_listed_with_its_size_and_the_limit() -> None:
    [(info, why)] = rank([model("llama3.3:70b", 42)], memory=10 * GB).too_large
    assert info.name == "llama3.3:70b"
    assert "42.0 GB" in why
    assert "8.0 GB" in why


def test_a_size_that_is_not_known_is_tried() -> None:
    assert order(model("odd", None), memory=1) == ["odd"]


def test_the_reason_against_a_model_says_what_decided() -> None:
    best = model("llama3.1:8b", 5)
    assert "made for code" in why_after(model("codellama:7b"), best)
    assert "smaller" in why_after(model("llama3.2:1b", 1), best)
    assert "families" in why_after(model("gemma2:9b", 5), best)


@given(st.lists(st.tuples(st.sampled_from(["llama3.2", "qwen3", "codellama", "x"]), st.floats(0.1, 100)), max_size=8),
       st.floats(1, 200))  # fmt: skip
def test_every_model_is_either_ranked_within_the_memory_or_said_to_be_too_large(
    given_models: list[tuple[str, float]], memory: float
) -> None:
    models = [model(f"{name}:{place}", size) for place, (name, size) in enumerate(given_models)]
    ranking = rank(models, memory=int(memory * GB))
    assert {info.name for info in ranking.fitting} | {info.name for info, _ in ranking.too_large} == {
        info.name for info in models
    }
    assert all((info.size_bytes or 0) <= memory * GB * MEMORY_SHARE for info in ranking.fitting)


def test_this_machine_tells_a_memory_that_makes_sense() -> None:
    memory = available_memory()
    assert memory is None or 10**7 < memory < 10**15
