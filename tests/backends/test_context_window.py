import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.context_window import (
    CACHE_BUDGET,
    DEFAULT_CACHE_PER_TOKEN,
    SIZES,
    ModelShape,
    TokenRatio,
    choose_window,
    estimate_tokens,
    looks_cut,
)
from prentice.backends.protocol import Message, Request
from prentice.errors import PromptTooLongError

CHEAP = ModelShape(trained=131072, cache_per_token=64)


def asking(size: int, *, max_tokens: int = 1000, context: int | None = None) -> Request:
    message = Message(role="user", content="x" * size)
    return Request(purpose="t", messages=(message,), model="m", max_tokens=max_tokens, context_tokens=context)


def test_tokens_are_estimated_as_utf8_bytes_by_three() -> None:
    assert estimate_tokens("abcdef") == 2
    assert estimate_tokens("日本") == 2
    assert estimate_tokens("") == 0


@given(st.integers(0, 200_000), st.integers(1, 8000), st.integers(16, 400_000), st.integers(512, 262_144))
def test_a_window_holds_prompt_and_a_third_of_the_reply_within_the_trained_one(
    size: int, max_tokens: int, cache: int, trained: int
) -> None:
    request, shape = asking(size, max_tokens=max_tokens), ModelShape(trained=trained, cache_per_token=cache)
    if math.ceil(size / 3) + 8 + math.ceil(max_tokens / 3) > trained:
        with pytest.raises(PromptTooLongError):
            choose_window(request, ratio=TokenRatio(), shape=shape)
        return
    window = choose_window(request, ratio=TokenRatio(), shape=shape)
    assert window.tokens in SIZES or window.tokens == trained
    assert window.prompt_tokens + max_tokens // 3 <= window.tokens <= trained


def test_the_reply_gets_all_its_room_while_the_cache_is_cheap() -> None:
    assert choose_window(asking(300, max_tokens=6000), ratio=TokenRatio(), shape=CHEAP).tokens == 8192


def test_the_reply_gets_a_third_of_its_room_when_the_cache_is_dear() -> None:
    dear = ModelShape(trained=131072, cache_per_token=CACHE_BUDGET // 5000)
    assert choose_window(asking(300, max_tokens=6000), ratio=TokenRatio(), shape=dear).tokens == 4096


def test_a_window_in_use_is_kept_instead_of_a_smaller_one() -> None:
    assert choose_window(asking(30), ratio=TokenRatio(), shape=CHEAP, at_least=16384).tokens == 16384
    small = ModelShape(trained=8000, cache_per_token=64)
    assert choose_window(asking(30), ratio=TokenRatio(), shape=small, at_least=16384).tokens == 4096


def test_a_window_asked_for_is_taken_but_never_above_the_trained_one() -> None:
    assert choose_window(asking(30, context=5000), ratio=TokenRatio(), shape=CHEAP).tokens == 5000
    assert choose_window(asking(30, context=999_999), ratio=TokenRatio(), shape=CHEAP).tokens == 131072


def test_a_prompt_that_does_not_fit_names_tokens_window_and_what_to_do() -> None:
    with pytest.raises(PromptTooLongError) as caught:
        choose_window(asking(30_000), ratio=TokenRatio(), shape=ModelShape(trained=8192))
    assert "10008" in caught.value.message
    assert "8192" in caught.value.message
    assert "--model" in caught.value.next_step


def test_estimates_follow_the_counts_up_at_once_and_down_by_halves() -> None:
    ratio, request = TokenRatio(), asking(3000 - 24)
    assert ratio.estimate(request.messages) == 1000
    ratio.learn(request.messages, counted=2000)
    assert ratio.estimate(request.messages) == 2000
    ratio.learn(request.messages, counted=1000)
    assert ratio.estimate(request.messages) == 1500
    ratio.learn(request.messages, counted=3000)
    assert ratio.estimate(request.messages) == 3000


def test_a_count_without_cached_tokens_does_not_shrink_the_estimate_to_nothing() -> None:
    ratio, request = TokenRatio(), asking(30_000)
    ratio.learn(request.messages, counted=100)
    assert ratio.estimate(request.messages) >= 6000


def test_the_shape_is_read_from_the_models_own_facts() -> None:
    info = {
        "general.architecture": "llama", "llama.context_length": 131072, "llama.block_count": 32,
        "llama.embedding_length": 4096, "llama.attention.head_count": 32, "llama.attention.head_count_kv": 8,
    }  # fmt: skip
    assert ModelShape.from_info(info) == ModelShape(trained=131072, cache_per_token=131072)
    by_layer = info | {"llama.attention.head_count_kv": [8] * 16 + [0] * 16, "llama.attention.key_length": 64}
    assert ModelShape.from_info(by_layer).cache_per_token == 8 * 16 * 128 * 2


@pytest.mark.parametrize("odd", [None, "many", float("nan"), -1, True, [], {}, 10**30])
def test_odd_facts_leave_the_defaults(odd: object) -> None:
    info = {
        "general.architecture": "x",
        "x.context_length": odd,
        "x.block_count": odd,
        "x.attention.head_count_kv": odd,
    }
    assert ModelShape.from_info(info) == ModelShape(trained=None, cache_per_token=DEFAULT_CACHE_PER_TOKEN)


def test_a_cut_prompt_shows_as_half_the_window_or_as_all_of_it() -> None:
    assert looks_cut(counted=1026, window=2048)
    assert looks_cut(counted=2048, window=2048)
    assert not looks_cut(counted=1100, window=2048)
    assert not looks_cut(counted=900, window=2048)
