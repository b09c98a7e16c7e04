from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prentice.backends.mlx.runtime import load_openblas

load_openblas()
mx = pytest.importorskip("mlx.core", exc_type=ImportError)

from prentice.backends.mlx.rows_cache import RowsCache  # noqa: E402 - imports mlx

WIDTH = 2


def tokens(rows: list[list[int]]) -> tuple[Any, Any]:
    """Keys and values that tell which token they stand for."""
    widest = max(len(row) for row in rows)
    keys = mx.array([[[[token] * WIDTH for token in row + [-1] * (widest - len(row))]] for row in rows], mx.float32)
    return keys, keys + 0.5


def fed(cache: RowsCache, rows: list[list[int]]) -> None:
    if len(rows) > 1:
        cache.feed([len(row) for row in rows])
    cache.update_and_fetch(*tokens(rows))


def held(cache: RowsCache) -> list[list[int]]:
    assert cache.keys is not None
    assert cache.values is not None
    keys: Any = cache.keys[:, 0, :, 0].tolist()
    values: Any = cache.values[:, 0, :, 1].tolist()
    rows = [(keys[row][:length], values[row][:length]) for row, length in enumerate(cache.lengths)]
    assert all([key + 0.5 for key in row] == others for row, others in rows)
    return [[int(key) for key in row] for row, _ in rows]


@settings(max_examples=40)
@given(st.data())
def test_rows_hold_what_they_were_fed_through_joining_leaving_and_uneven_growth(data: st.DataObject) -> None:
    model: list[list[int]] = []
    cache: RowsCache | None = None
    number = 0
    for _ in range(data.draw(st.integers(2, 8))):
        action = data.draw(st.sampled_from(["join", "feed", "leave"])) if model else "join"
        if action == "join":
            row = list(range(number, number + data.draw(st.integers(1, 300))))
            number += len(row)
            fresh = RowsCache()
            fed(fresh, [row])
            model.append(row)
            if cache is None:
                cache = RowsCache.merge([fresh])
            else:
                cache.extend(fresh)
        elif action == "feed" and cache is not None:
            more = [[number + at for at in range(data.draw(st.integers(0, 3)))] for _ in model]
            more[0] = more[0] or [number]
            number += 10
            fed(cache, more)
            model = [row + new for row, new in zip(model, more, strict=True)]
        elif cache is not None and len(model) > 1:
            keep = sorted(data.draw(st.sets(st.integers(0, len(model) - 1), min_size=1)))
            cache.filter(keep)
            model = [model[row] for row in keep]
    assert cache is not None
    assert held(cache) == model


def test_each_token_sees_its_own_row_up_to_itself() -> None:
    cache = RowsCache.merge([RowsCache(), RowsCache()])
    fed(cache, [[1, 2, 3], [4]])
    cache.feed([1, 2])
    mask = cache.make_mask(2)
    assert not isinstance(mask, str | None)
    assert mask.astype(mx.int32).tolist() == [
        [[[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]],
        [[[1, 1, 0, 0, 0], [1, 1, 1, 0, 0]]],
    ]
    assert cache.offset.tolist() == [3, 1]  # type: ignore[union-attr]  # an array, since the rows differ


def test_rows_of_one_length_need_no_mask() -> None:
    cache = RowsCache()
    fed(cache, [[1, 2]])
    assert (cache.make_mask(1), cache.make_mask(3), cache.offset) == (None, "causal", 2)


def test_a_prefix_shares_memory_until_either_is_written_to() -> None:
    cache = RowsCache()
    fed(cache, [[1, 2, 3]])
    part = cache.prefix(2)
    fed(part, [[9]])
    assert (held(cache), held(part)) == ([[1, 2, 3]], [[1, 2, 9]])


def test_rows_that_hold_nothing_yet_can_join_others() -> None:
    full, empty = RowsCache(), RowsCache()
    fed(full, [[1, 2]])
    joined = RowsCache.merge([empty, full])
    fed(joined, [[7], [8]])
    assert held(joined) == [[7], [1, 2, 8]]
