"""Models of Ollama's library that can be fetched, with what they need: data, not code, in `library.toml`."""

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A model of the library. `parameters` are in billions, `context` in tokens, `bits` those of a weight."""

    name: str
    purpose: Literal["code", "general"]
    parameters: float
    bits: float
    layers: int
    kv_heads: int
    head_dim: int
    context: int

    @property
    def size_bytes(self) -> int:
        """Bytes of the weights, computed."""
        return int(self.parameters * 1e9 * self.bits / 8)

    @property
    def cache_per_token(self) -> int:
        """Bytes of keys and values for each token of the window, at two bytes a number."""
        return 2 * self.layers * self.kv_heads * self.head_dim * 2


@functools.cache
def library() -> tuple[Offered, ...]:
    """Read the library, in the order of the file."""
    table = tomllib.loads(files(__package__).joinpath("library.toml").read_text(encoding="utf-8"))
    return tuple(Offered(**entry) for entry in table["model"])
