"""What names say of models: families, sizes, bits, experts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.policy import load_policy
from prentice.backends.routing.traits import Traits, traits

POLICY = load_policy()


def of(name: str, **more: object) -> Traits:
    return traits(ModelInfo(name=name, backend="ollama", **more), policy=POLICY)  # type: ignore[arg-type]  # by name


@pytest.mark.parametrize(
    ("name", "family", "kind", "billions", "bits"),
    [
        ("qwen2.5-coder:7b", "Qwen Coder", "code", 7, None),
        ("qwen3-coder:30b-a3b-q4_K_M", "Qwen3 Coder", "code", 30, 4),
        ("hf.co/unsloth/Qwen3-Coder-30B-A3B-Instruct-GGUF:IQ3_XS", "Qwen3 Coder", "code", 30, 3),
        ("codellama:13b-instruct-q8_0", "CodeLlama", "code", 13, 8),
        ("mlx-community/CodeLlama-34b-Instruct-hf-4bit", "CodeLlama", "code", 34, 4),
        ("mlx-community/Phi-3.5-mini-instruct-4bit", "Phi", "general", 3.8, 4),
        ("phi4", "Phi", "general", 14.7, None),
        ("llama3.2", "Llama 3", "general", 3.2, None),
        ("meta-llama/Llama-3.3-70B-Instruct", "Llama 3", "general", 70, None),
        ("llama2:7b", "Older general", "general", 7, None),
        ("mistral", "Mistral", "general", 7.2, None),
        ("mixtral:8x7b-instruct-v0.1-q5_K_M", "Mistral", "general", 56, 5),
        ("mlx-community/Qwen2.5-7B-Instruct-bf16", "Qwen", "general", 7, 16),
        ("gpt-oss:20b", "GPT-OSS", "general", 20, None),
        ("devstral:24b", "Devstral", "code", 24, None),
        ("deepseek-coder-v2:16b-lite-instruct-q4_0", "DeepSeek Coder V2", "code", 16, 4),
        ("deepseek-coder:6.7b", "DeepSeek Coder", "code", 6.7, None),
        ("starcoder2:3b", "StarCoder", "code", 3, None),
        ("smollm2:135m", "", "unknown", 0.135, None),
        ("Qwen2.5-Coder-1.5B-Instruct-AWQ", "Qwen Coder", "code", 1.5, 4),
        ("granite-code:8b", "Granite", "code", 8, None),
        ("mystery", "", "unknown", None, None),
    ],
)
def test_names_are_read_as_people_read_them(
    name: str, family: str, kind: str, billions: float | None, bits: float | None
) -> None:
    its = of(name)
    assert (its.family, its.kind, its.bits) == (family, kind, bits)
    assert its.parameters == (pytest.approx(billions * 1e9) if billions else None)


def test_parameters_come_from_the_bytes_where_the_name_tells_none() -> None:
    assert of("mystery", size_bytes=4_000_000_000, quantization="Q8_0").parameters == pytest.approx(4e9)
    assert of("mystery", size_bytes=4_500_000_000).parameters == pytest.approx(8e9)


def test_what_the_server_says_of_bits_goes_before_the_name() -> None:
    assert of("llama3.1:8b-q4_0", quantization="Q8_0").bits == 8


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("qwen3:30b-a3b", 0.1),
        ("qwen3:30b", 0.11),
        ("qwen3-coder:30b", 0.11),
        ("qwen3-coder:latest", 0.11),
        ("qwen3-coder:480b", 0.09),
        ("mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit", 0.1),
        ("gpt-oss", 0.17),
        ("gpt-oss:20b", 0.17),
        ("openai/gpt-oss-120b", 0.044),
        ("deepseek-coder-v2:16b", 0.15),
        ("deepseek-coder-v2:236b", 0.09),
        ("mixtral:8x7b", 0.28),
        ("qwen3:32b", 1),
        ("qwen2.5-coder:32b", 1),
        ("deepseek-coder:33b", 1),
        ("mistral:7b", 1),
    ],
)
def test_experts_are_read_from_the_name_or_the_table(name: str, share: float) -> None:
    assert of(name).active_share == pytest.approx(share)


@pytest.mark.parametrize(
    "name",
    [
        "codellama:7b-code",
        "codellama:34b-python-q4_K_M",
        "codellama/CodeLlama-7b-hf",
        "codellama/CodeLlama-13b-Python-hf",
        "codegemma:7b-code",
        "starcoder2:3b",
        "bigcode/starcoder",
        "qwen2.5-coder:7b-base",
    ],
)
def test_models_that_only_complete_code_are_never_chosen(name: str) -> None:
    assert "not trained to follow instructions" in of(name).not_for_text


@pytest.mark.parametrize(
    "name",
    [
        "codellama",
        "codellama:7b",
        "codellama:7b-instruct",
        "mlx-community/CodeLlama-7b-Instruct-hf-4bit-MLX",
        "codegemma:7b-instruct",
        "starcoder2:instruct",
        "HuggingFaceH4/starchat2-15b",
        "granite-code:8b",
    ],
)
def test_models_for_code_that_follow_instructions_may_be_chosen(name: str) -> None:
    assert not of(name).not_for_text


@given(st.text(max_size=60), st.none() | st.integers(1, 10**13))
def test_any_name_is_read_without_an_error(name: str, size: int | None) -> None:
    its = of(name, size_bytes=size)
    assert its.parameters is None or its.parameters > 0
    assert 0 < its.active_share <= 1
    assert 0 <= its.size_class <= 5
