"""The limit of an answer, for documents of every shape."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_server.clients import text
from prentice.mcp.answers import BYTES_PER_TOKEN, answer, as_many, fitting, size

LIMIT = 4_000 * BYTES_PER_TOKEN
HEAD = {"state": "done", "run_id": "R-1", "next_step": "Go on."}

long_texts = st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=4), st.integers(1, 600))
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30) | long_texts
nested = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=20) | long_texts, inner, max_size=6),
    max_leaves=8,
)
many = st.builds(lambda item, times: [item] * times, nested, st.integers(1, 100))
wide = st.builds(lambda item, times: {str(n): item for n in range(times)}, nested, st.integers(1, 100))
documents = st.dictionaries(st.text(max_size=12), nested | many | wide, max_size=5).map(lambda more: {**more, **HEAD})


@settings(max_examples=60)
@given(documents)
def test_a_document_of_any_shape_keeps_to_the_limit_and_says_where_it_stands(document: dict[str, Any]) -> None:
    for result in (
        answer(document),
        fitting({**document, "diff": "+ a line\n" * 2_000}, [("diff",), ("result", "text")], where="[cut]"),
        as_many([document, document], lambda shown: {**HEAD, "result": {"findings": shown}}),
    ):
        assert size(result) <= LIMIT
        found = result.structured_content
        assert json.loads(text(result)) == found
        assert {name: found[name] for name in HEAD} == HEAD


@pytest.mark.parametrize("letter", ["e", "进", '"', "\u202e", "\\"])
def test_what_is_shortened_keeps_its_shape_and_says_so(letter: str) -> None:
    finding = {"path": "calc.py", "line": 7, "problem": letter * 1_900, "suggestion": letter * 1_900}
    [first, *_] = [{**finding, "more": [letter * 500] * 20}, finding]
    result = as_many([first, finding], lambda shown: {**HEAD, "result": {"findings": shown}})
    assert size(result) <= LIMIT
    found = result.structured_content
    [shown] = found["result"]["findings"]
    assert (shown["path"], shown["line"]) == ("calc.py", 7)
    assert shown["problem"].endswith("…")
    assert found["notes"] == ["Shortened to fit this answer."]


def test_a_deep_document_ends_somewhere() -> None:
    deep: Any = "end"
    for _ in range(100):
        deep = {"below": [deep, "x" * 200]}
    result = answer({**HEAD, "result": deep})
    assert size(result) <= LIMIT
    assert result.structured_content["result"]["below"]
