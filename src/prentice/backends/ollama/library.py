"""Models of Ollama's library that can be fetched: data, not code, in `library.toml`."""

import functools

from prentice.backends.offered import Offered, offered


@functools.cache
def library() -> tuple[Offered, ...]:
    """Read the library, in the order of the file."""
    return offered(__package__, "library.toml")
