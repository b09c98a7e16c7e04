"""The Qwen2 architecture at its smallest, in MLX: 0.7 million parameters, one matrix for embedding and output."""

from typing import TypeAlias

import mlx.core as mx
from mlx.nn.layers.activations import silu
from mlx.nn.layers.base import Module
from mlx.nn.layers.embedding import Embedding
from mlx.nn.layers.linear import Linear
from mlx.nn.layers.normalization import RMSNorm
from mlx.nn.layers.positional_encoding import RoPE
from mlx.utils import tree_flatten

VOCABULARY = 896
HIDDEN, LAYERS, FEED_FORWARD, HEADS, KV_HEADS, HEAD = 128, 3, 384, 4, 2, 32
ROPE_THETA = 1e4
EPSILON = 1e-6

Seen: TypeAlias = tuple[mx.array, mx.array]
"""Keys and values of the tokens before, of shape (rows, KV_HEADS, tokens, HEAD)."""


class Part(Module):
    """A piece of the network whose type checker sees through mlx's untyped base."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # mlx leaves it without annotations

    def weights(self) -> dict[str, mx.array]:
        """Give every parameter by its place: `blocks.0.attention.q.bias`."""
        flat: dict[str, mx.array] = {}
        tree_flatten(self.parameters(), destination=flat)  # type: ignore[no-untyped-call]  # as above
        return flat


class Attention(Part):
    """Grouped-query attention with biases on queries, keys and values."""

    def __init__(self) -> None:
        super().__init__()
        self.q = Linear(HIDDEN, HEADS * HEAD, bias=True)
        self.k = Linear(HIDDEN, KV_HEADS * HEAD, bias=True)
        self.v = Linear(HIDDEN, KV_HEADS * HEAD, bias=True)
        self.output = Linear(HEADS * HEAD, HIDDEN, bias=False)
        self.rope = RoPE(HEAD, traditional=False, base=ROPE_THETA)

    def __call__(self, x: mx.array, past: Seen | None) -> tuple[mx.array, Seen]:
        rows, length, _ = x.shape
        q, k, v = (layer(x).reshape(rows, length, -1, HEAD).transpose(0, 2, 1, 3) for layer in (self.q, self.k, self.v))
        offset = 0 if past is None else past[0].shape[2]
        q, k = self.rope(q, offset=offset), self.rope(k, offset=offset)
        if past is not None:
            k, v = (
                mx.concatenate([mx.broadcast_to(old, (rows, *old.shape[1:])), new], axis=2)
                for old, new in zip(past, (k, v), strict=True)
            )
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=HEAD**-0.5, mask="causal")
        return self.output(y.transpose(0, 2, 1, 3).reshape(rows, length, -1)), (k, v)


class Block(Part):
    """One layer: attention and a gated feed-forward, each behind a norm and beside a residual."""

    def __init__(self) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(HIDDEN, eps=EPSILON)
        self.attention = Attention()
        self.feed_norm = RMSNorm(HIDDEN, eps=EPSILON)
        self.gate = Linear(HIDDEN, FEED_FORWARD, bias=False)
        self.up = Linear(HIDDEN, FEED_FORWARD, bias=False)
        self.down = Linear(FEED_FORWARD, HIDDEN, bias=False)

    def __call__(self, x: mx.array, past: Seen | None) -> tuple[mx.array, Seen]:
        attended, seen = self.attention(self.attention_norm(x), past)
        x = x + attended
        y = self.feed_norm(x)
        return x + self.down(silu(self.gate(y)) * self.up(y)), seen


class TinyQwen2(Part):
    """A causal language model; `past` holds what every row of the batch has in common before its first token."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = Embedding(VOCABULARY, HIDDEN)
        self.blocks = [Block() for _ in range(LAYERS)]
        self.norm = RMSNorm(HIDDEN, eps=EPSILON)

    def __call__(self, tokens: mx.array, past: list[Seen] | None = None) -> tuple[mx.array, list[Seen]]:
        """Give the logits of each next token, and the keys and values to continue from."""
        x = self.embedding(tokens)
        seen = []
        for number, block in enumerate(self.blocks):
            x, layer_seen = block(x, past[number] if past else None)
            seen.append(layer_seen)
        return self.norm(x) @ self.embedding.weight.T, seen
