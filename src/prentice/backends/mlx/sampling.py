"""Drawing tokens: every row of a batch by its own rules, and from its own seed, whoever decodes beside it."""

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import mlx.core as mx

from prentice.backends.protocol import Sampling

_HALF: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How one row draws. Temperature 0 takes the likeliest token; `top_k` 0 and `top_p` 1 leave all in."""

    temperature: float
    top_p: float
    top_k: int
    seed: int

    @classmethod
    def of(cls, asked: Sampling, *, defaults: Mapping[str, object]) -> "Draw":
        """Take what was asked for, and the model's own defaults (its generation_config.json) for the rest."""
        drawn = defaults.get("do_sample") is True
        temperature = _number(asked.temperature, defaults.get("temperature") if drawn else None, 1.0 if drawn else 0.0)
        top_p = _number(asked.top_p, defaults.get("top_p") if drawn else None, 1.0)
        top_k = int(_number(asked.top_k, defaults.get("top_k") if drawn else None, 0))
        seed = secrets.randbits(32) if asked.seed is None else (asked.seed ^ (asked.seed >> 32)) & _HALF
        return cls(temperature=max(0.0, temperature), top_p=top_p if top_p > 0 else 1.0, top_k=max(0, top_k), seed=seed)


def draw_tokens(logits: mx.array, draws: Sequence[Draw], *, places: Sequence[int]) -> mx.array:
    """Draw a token for each row of logits, of shape (rows, vocabulary).

    `places` are the numbers of tokens that the rows drew before; seed and place decide the chance. The Gumbel-max
    trick: the largest of logits / temperature + noise is a sample of their softmax.
    """
    if all(draw.temperature == 0 for draw in draws):
        return mx.argmax(logits, axis=-1)
    heat = mx.array([[draw.temperature or 1.0] for draw in draws])
    keys = mx.array([[draw.seed, place & _HALF] for draw, place in zip(draws, places, strict=True)], dtype=mx.uint32)
    noise = mx.vmap(lambda key: mx.random.gumbel((logits.shape[-1],), key=key))(keys)
    cold = mx.array([[draw.temperature == 0] for draw in draws])
    scaled = _narrowed(logits.astype(mx.float32) / heat, draws)
    return mx.argmax(mx.where(cold, logits.astype(mx.float32), scaled + noise), axis=-1)


def _narrowed(logits: mx.array, draws: Sequence[Draw]) -> mx.array:
    """Take out what `top_k` and `top_p` exclude; rows with the same rule are cut together."""
    rules: defaultdict[tuple[int, float], list[int]] = defaultdict(list)
    for row, draw in enumerate(draws):
        if draw.temperature and (draw.top_k or draw.top_p < 1):
            rules[draw.top_k, draw.top_p].append(row)
    for (top_k, top_p), rows in rules.items():
        index = mx.array(rows)
        cut = logits[index]
        if 0 < top_k < cut.shape[-1]:
            least = mx.min(mx.topk(cut, top_k, axis=-1), axis=-1, keepdims=True)
            cut = mx.where(cut < least, -mx.inf, cut)
        if top_p < 1:
            cut = _nucleus(cut, top_p)
        logits = cut if len(rows) == logits.shape[0] else _replaced(logits, index, cut)
    return logits


def _nucleus(logits: mx.array, share: float) -> mx.array:
    """Keep the likeliest tokens that together reach the share (Holtzman et al., 2020)."""
    ordered = mx.sort(logits, axis=-1)
    chances = mx.softmax(ordered, axis=-1)
    above = mx.cumsum(chances, axis=-1, reverse=True, inclusive=False)
    dropped = mx.sum(above >= share, axis=-1, keepdims=True)
    return mx.where(logits < mx.take_along_axis(ordered, dropped, axis=-1), -mx.inf, logits)


def _replaced(logits: mx.array, index: mx.array, rows: mx.array) -> mx.array:
    logits[index] = rows
    return logits


def _number(*candidates: object) -> float:
    return next(float(item) for item in candidates if isinstance(item, int | float) and not isinstance(item, bool))
