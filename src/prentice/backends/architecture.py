"""The shapes of known models, and what follows from them: parameters, bytes of weights, bytes of keys and values.

The shapes are data with sources and dates, in `architectures.toml`; everything else is arithmetic.
"""

import datetime as dt
import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final, Literal

Packing = Literal["Q4_K_M", "4-bit", "16-bit"]
"""How weights are stored: llama.cpp's usual mixture, MLX's groups of four bits, or in full."""

_Q4_K: Final = 144 * 8 / 256
_Q6_K: Final = 210 * 8 / 256
"""Bits of a weight in llama.cpp's blocks of 256: 144 and 210 bytes (`ggml-common.h`)."""

_MLX_4: Final = 4 + 2 * 16 / 64
"""Bits of a weight in MLX's groups of 64: four, with a scale and a bias of 16 for each group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A decoder as its `config.json` describes it. `width` is of a token's state, `inner` of the feed-forward part.

    `tied`: the embeddings serve as the output matrix too; `biases`: queries, keys and values have them.
    """

    layers: int
    width: int
    inner: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    tied: bool
    biases: bool
    context: int
    source: str
    date: dt.date

    @property
    def parameters(self) -> int:
        """All weights: embeddings and output, attention and feed-forward parts, and the vectors between them."""
        queries, shared = self.heads * self.head_dim, self.kv_heads * self.head_dim
        attention = 2 * self.width * queries + 2 * self.width * shared
        biases = queries + 2 * shared if self.biases else 0
        layer = attention + 3 * self.width * self.inner + 2 * self.width + biases
        return self.layers * layer + self._matrices * self.vocabulary * self.width + self.width

    @property
    def cache_per_token(self) -> int:
        """Bytes of keys and values for each token of the window, at two bytes a number."""
        return 2 * self.layers * self.kv_heads * self.head_dim * 2

    def bits(self, packing: Packing) -> float:
        """Give the bits that a weight takes on the average.

        `Q4_K_M` stores the output matrix, and in half of the layers the values and the last feed-forward matrix, with
        six bits, the others with four (llama.cpp, `llama_tensor_get_type`). For Llama 3.1 8B that makes 4.893, where
        llama.cpp's `tools/quantize/README.md` gives 4.8944.
        """
        if packing != "Q4_K_M":
            return _MLX_4 if packing == "4-bit" else 16
        finer = self.vocabulary * self.width + self.layers / 2 * self.width * (
            self.kv_heads * self.head_dim + self.inner
        )
        return _Q4_K + (_Q6_K - _Q4_K) * finer / self.parameters

    def size_bytes(self, packing: Packing) -> int:
        """Give the bytes of the weights."""
        return int(self.parameters * self.bits(packing) / 8)

    @property
    def _matrices(self) -> int:
        return 1 if self.tied else 2


@functools.cache
def architectures() -> dict[str, Architecture]:
    """Read the known architectures by name."""
    table = tomllib.loads(files(__package__).joinpath("architectures.toml").read_text(encoding="utf-8"))
    return {name: Architecture(**entry) for name, entry in table.items()}
