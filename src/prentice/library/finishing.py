"""The library's plain methods: each runs its `_async` form to the end, on an event loop of its own."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from prentice.errors import UsageError

T = TypeVar("T")


def finished(begin: Callable[[], Coroutine[Any, Any, T]], *, method: str) -> T:
    """Run what a method begins to its end; `method` is its name without `_async`.

    Raises:
        UsageError: it was called on a running event loop, which would stand still meanwhile.
    """
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(begin())
    raise UsageError(
        f"`{method}` was called on a running event loop.", next_step=f"Await `{method}_async` there instead."
    )
