from collections import Counter
from typing import cast

import pytest

from prentice.backends.mlx.runtime import load_openblas
from prentice.backends.protocol import Sampling

load_openblas()
mx = pytest.importorskip("mlx.core", exc_type=ImportError)

from prentice.backends.mlx.sampling import Draw, draw_tokens  # noqa: E402 - imports mlx

CHANCES = (0.5, 0.3, 0.15, 0.05)


def drawn(count: int, *, temperature: float = 1.0, top_p: float = 1.0, top_k: int = 0) -> Counter[int]:
    logits = mx.log(mx.array([CHANCES] * count))
    draws = [Draw(temperature=temperature, top_p=top_p, top_k=top_k, seed=7)] * count
    return Counter(cast("list[int]", draw_tokens(logits, draws, places=range(count)).tolist()))


def test_tokens_come_as_often_as_they_are_likely() -> None:
    found = drawn(4000)
    for token, chance in enumerate(CHANCES):
        assert found[token] / 4000 == pytest.approx(chance, abs=0.03)


def test_a_high_temperature_evens_out_and_a_low_one_sharpens() -> None:
    assert drawn(2000, temperature=5.0)[3] > 2 * drawn(2000)[3]
    assert drawn(2000, temperature=0.2)[0] > 1800


def test_top_k_leaves_the_likeliest() -> None:
    assert set(drawn(500, top_k=2)) == {0, 1}


def test_top_p_leaves_the_fewest_that_reach_the_share() -> None:
    assert set(drawn(500, top_p=0.7)) == {0, 1}
    assert set(drawn(500, top_p=0.5)) == {0}


def test_a_row_draws_the_same_whoever_stands_beside_it() -> None:
    logits = mx.random.normal((3, 50))
    rows = [
        Draw(temperature=0.9, top_p=1.0, top_k=0, seed=3),
        Draw(temperature=0.0, top_p=1.0, top_k=0, seed=4),
        Draw(temperature=0.7, top_p=0.9, top_k=5, seed=5),
    ]
    together = draw_tokens(logits, rows, places=[4, 9, 2]).tolist()
    alone = [
        draw_tokens(logits[number : number + 1], [row], places=[place]).item()
        for number, (row, place) in enumerate(zip(rows, [4, 9, 2], strict=True))
    ]
    assert together == alone


def test_what_is_not_asked_for_is_the_models_own_default() -> None:
    own = {"do_sample": True, "temperature": 0.6, "top_p": 0.95, "top_k": 20}
    assert Draw.of(Sampling(seed=1), defaults=own) == Draw(temperature=0.6, top_p=0.95, top_k=20, seed=1)
    assert Draw.of(Sampling(seed=1, top_k=3), defaults=own).top_k == 3
    assert Draw.of(Sampling(seed=1), defaults={"temperature": 0.6}).temperature == 0.0
    assert Draw.of(Sampling(seed=2**40 + 1), defaults={}).seed == 257
    assert len({Draw.of(Sampling(), defaults={}).seed for _ in range(4)}) == 4
