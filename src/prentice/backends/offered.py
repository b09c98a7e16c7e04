"""Models that can be fetched, with what they need: each backend's list of them is data beside its code."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from prentice.backends.architecture import Architecture, Packing, architectures


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A model of Ollama's library, or on the hub. `family` is named where variants of one model stand in the list."""

    name: str
    purpose: Literal["code", "general"]
    architecture: Architecture
    packing: Packing = "Q4_K_M"
    family: str = ""

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


def offered(package: str, name: str) -> tuple[Offered, ...]:
    """Read a list of models from a TOML file of a package, in the order of the file."""
    table = tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8"))
    known = architectures()
    return tuple(Offered(**{**entry, "architecture": known[entry["architecture"]]}) for entry in table["model"])
