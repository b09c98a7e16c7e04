from typing import Any

import pytest

from prentice.backends.mlx.runtime import load_openblas

load_openblas()
mx = pytest.importorskip("mlx.core", exc_type=ImportError)

from prentice.backends.mlx.prefix_cache import PrefixCache  # noqa: E402 - imports mlx
from prentice.backends.mlx.rows_cache import RowsCache  # noqa: E402 - imports mlx

LONG = list(range(100))
BUDGET = 1_000_000


class Uncut:
    """A cache of a kind that cannot be cut, as sliding windows have."""

    nbytes = 800


def caches_of(tokens: list[int]) -> list[Any]:
    """One layer whose keys tell the tokens."""
    cache = RowsCache()
    keys = mx.array([[[[float(token)] for token in tokens]]])
    cache.update_and_fetch(keys, keys)
    return [cache]


def known_of(cache: PrefixCache, prompt: list[int]) -> list[int]:
    """The tokens that are taken over, read back from the keys."""
    found = cache.find(prompt)
    if found.caches is None:
        return []
    [layer] = found.caches
    assert layer.lengths == [found.tokens]
    keys: Any = layer.keys[0, 0, :, 0].tolist()
    return [int(key) for key in keys]


def test_a_prompt_takes_over_exactly_what_it_shares() -> None:
    cache = PrefixCache(budget=BUDGET)
    cache.keep(LONG, caches_of(LONG))
    assert known_of(cache, [*LONG[:60], 7, 8, 9]) == LONG[:60]
    assert known_of(cache, [*LONG, 7]) == LONG
    assert known_of(cache, LONG) == LONG[:-1]
    assert known_of(cache, [5, *LONG]) == []
    assert known_of(cache, [*LONG[:10], 7, 8, 9]) == []


def test_the_entry_that_shares_most_is_taken() -> None:
    cache = PrefixCache(budget=BUDGET)
    other = [*LONG[:40], *range(500, 560)]
    cache.keep(LONG, caches_of(LONG))
    cache.keep(other, caches_of(other))
    assert known_of(cache, [*LONG[:50], 3]) == LONG[:50]
    assert known_of(cache, [*other[:70], 3]) == other[:70]


def test_what_is_handed_out_can_be_written_to_without_harm() -> None:
    cache = PrefixCache(budget=BUDGET)
    cache.keep(LONG, caches_of(LONG))
    found = cache.find([*LONG[:60], 7])
    assert found.caches is not None
    extra = mx.array([[[[-1.0]]]])
    found.caches[0].update_and_fetch(extra, extra)
    assert known_of(cache, [*LONG, 7]) == LONG


def test_entries_that_were_not_used_longest_make_room() -> None:
    cache = PrefixCache(budget=2 * 800)
    lists = [[start, *LONG[1:]] for start in (1000, 2000, 3000)]
    cache.keep(lists[0], caches_of(lists[0]))
    cache.keep(lists[1], caches_of(lists[1]))
    assert known_of(cache, [*lists[0], 7])
    cache.keep(lists[2], caches_of(lists[2]))
    assert [bool(known_of(cache, [*tokens, 7])) for tokens in lists] == [True, False, True]
    assert cache.nbytes <= 2 * 800


def test_a_longer_entry_replaces_its_own_beginning() -> None:
    cache = PrefixCache(budget=BUDGET)
    cache.keep(LONG[:50], caches_of(LONG[:50]))
    before = cache.nbytes
    cache.keep(LONG, caches_of(LONG))
    assert cache.nbytes == 2 * before


def test_caches_that_cannot_be_cut_count_whole_or_tell_where_prompts_part() -> None:
    cache = PrefixCache(budget=BUDGET)
    cache.keep(LONG, [Uncut()])
    assert cache.find([*LONG, 7]).tokens == 100
    parted = cache.find([*LONG[:60], 7])
    assert (parted.tokens, parted.caches, parted.parting) == (0, None, 60)


def test_nothing_is_kept_without_a_budget() -> None:
    cache = PrefixCache(budget=0)
    cache.keep(LONG, caches_of(LONG))
    assert cache.find([*LONG, 7]).tokens == 0
