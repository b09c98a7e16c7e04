from datetime import date

import pytest

from prentice.backends.architecture import architectures

PUBLISHED = {
    "qwen2.5-7b": 7.61, "qwen2.5-14b": 14.7, "qwen2.5-32b": 32.5, "mistral-small-24b": 23.57, "llama3.1-8b": 8.03,
}  # fmt: skip
"""Billions of parameters as the models' cards give them."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_parameters_that_follow_are_those_of_the_cards(name: str) -> None:
    assert architectures()[name].parameters / 1e9 == pytest.approx(PUBLISHED[name], rel=0.01)


def test_the_bits_of_llamas_usual_mixture_are_those_that_its_authors_measured() -> None:
    eight = architectures()["llama3.1-8b"]
    assert eight.bits("Q4_K_M") == pytest.approx(4.8944, abs=0.005)  # tools/quantize/README.md of llama.cpp
    assert eight.size_bytes("Q4_K_M") == pytest.approx(4.58 * 2**30, rel=0.005)
    assert eight.cache_per_token == 131_072


def test_every_architecture_has_a_source_and_a_date() -> None:
    for known in architectures().values():
        assert known.source.startswith("https://")
        assert known.date >= date(2026, 11, 22)
