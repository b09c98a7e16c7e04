"""Models that can be fetched for MLX, with what they need: data, not code, in `catalogue.toml`."""

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from prentice.backends.architecture import Architecture, Packing, architectures


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model on the hub."""

    name: str
    family: str
    purpose: Literal["code", "general"]
    architecture: Architecture
    packing: Packing

    @property
    def context(self) -> int:
        """Its trained window, in tokens."""
        return self.architecture.context

    @property
    def size_bytes(self) -> int:
        """Bytes of the weights, computed."""
        return self.architecture.size_bytes(self.packing)

    @property
    def cache_per_token(self) -> int:
        """Bytes of keys and values for each token of the window."""
        return self.architecture.cache_per_token


@functools.cache
def catalogue() -> tuple[Listed, ...]:
    """Read the catalogue, in the order of the file."""
    table = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))
    known = architectures()
    return tuple(Listed(**{**entry, "architecture": known[entry["architecture"]]}) for entry in table["model"])
