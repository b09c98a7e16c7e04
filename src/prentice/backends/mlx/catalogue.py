"""Models that can be fetched for MLX from the hub: data, not code, in `catalogue.toml`."""

import functools

from prentice.backends.offered import Offered, offered


@functools.cache
def catalogue() -> tuple[Offered, ...]:
    """Read the catalogue, in the order of the file."""
    return offered(__package__, "catalogue.toml")
