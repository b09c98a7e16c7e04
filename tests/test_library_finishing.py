"""The library's methods beside their `_async` forms."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import prentice
from prentice import Prentice
from prentice.errors import UsageError

CALLS: dict[str, Callable[[Prentice], Any]] = {
    "breakdown": lambda opened: opened.breakdown("Add retries to the client"),
    "execute": lambda opened: opened.execute("Add retries to the client"),
    "request_changes": lambda opened: opened.request_changes("R-1", "No."),
    "optimize": lambda opened: opened.optimize("Add retries to the client"),
    "summarize": lambda opened: opened.summarize(text="Add retries to the client"),
    "models": lambda opened: opened.models(),
    "explain_model": lambda opened: opened.explain_model("Add retries to the client"),
    "show_model": lambda opened: opened.show_model("tiny"),
    "pull_model": lambda opened: opened.pull_model("tiny"),
    "remove_model": lambda opened: opened.remove_model("tiny"),
    "recommend_models": lambda opened: opened.recommend_models(),
    "bench_model": lambda opened: opened.bench_model("tiny"),
    "work": lambda opened: opened.work(),
}


@pytest.mark.parametrize("method", CALLS)
def test_a_method_that_would_stop_a_running_event_loop_names_the_one_to_await(tmp_path: Path, method: str) -> None:
    async def main() -> None:
        CALLS[method](prentice.open(tmp_path))

    with pytest.raises(UsageError, match=f"`{method}` was called on a running event loop") as caught:
        asyncio.run(main())
    assert f"`{method}_async`" in caught.value.next_step
    assert asyncio.iscoroutinefunction(getattr(Prentice, f"{method}_async"))
    assert list(tmp_path.iterdir()) == []


def test_beside_no_event_loop_it_runs_to_its_end(tmp_path: Path) -> None:
    assert prentice.open(tmp_path, backend="builtin").summarize(text="It retries. It waits.").summary
