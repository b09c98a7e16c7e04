"""Models of Ollama's library that can be fetched, with what they need: data, not code, in `library.toml`."""

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from prentice.backends.architecture import Architecture, Packing, architectures


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A model of the library."""

    name: str
    purpose: Literal["code", "general"]
    architecture: Architecture
    packing: Packing = "Q4_K_M"

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
def library() -> tuple[Offered, ...]:
    """Read the library, in the order of the file."""
    table = tomllib.loads(files(__package__).joinpath("library.toml").read_text(encoding="utf-8"))
    known = architectures()
    return tuple(Offered(**{**entry, "architecture": known[entry["architecture"]]}) for entry in table["model"])
