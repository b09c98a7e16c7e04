"""Models that can be fetched for MLX, with what they need: data, not code, in `catalogue.toml`."""

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model on the hub. `parameters` are in billions, `context` in tokens, `bits` those of a weight."""

    name: str
    family: str
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

    @property
    def fetch(self) -> str:
        """The command that fetches it."""
        return f"hf download {self.name}"


@functools.cache
def catalogue() -> tuple[Listed, ...]:
    """Read the catalogue, in the order of the file."""
    table = tomllib.loads(files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))
    return tuple(Listed(**entry) for entry in table["model"])
