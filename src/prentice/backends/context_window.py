"""How large a context window to ask for: tokens of the prompt, room for the reply, the memory that both take.

Without the model's tokenizer, tokens are estimated as UTF-8 bytes / 3 and corrected from the counts that come back.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prentice.backends.json_values import count
from prentice.backends.protocol import Message, Request
from prentice.errors import PromptTooLongError

SIZES: Final = (4096, 8192, 16384, 32768, 65536, 131072, 262144)
"""Windows to choose from, in tokens: a server reloads the model when the size changes, so there are few."""

CACHE_BUDGET: Final = 1_610_612_736
"""Bytes (1.5 GiB) that the cache of keys and values may take before the room for the reply is reduced."""

DEFAULT_CACHE_PER_TOKEN: Final = 131_072
"""Bytes per token where the model does not say: Llama 3.1 8B (32 layers, 8 heads of 128, two 2-byte halves)."""

BYTES_PER_TOKEN: Final = 3
_TOKENS_PER_MESSAGE: Final = 8  # role marks and line ends of the common chat templates
_LEAST_COUNT: Final = 64  # counts below are mostly template, and say little of the text
_LEAST_RATIO: Final = 0.6  # five bytes a token; some servers leave cached tokens out of the count
_HEADROOM: Final = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """What decides the cost of a window: the trained window in tokens, and the cache in bytes per token."""

    trained: int | None = None
    cache_per_token: int = DEFAULT_CACHE_PER_TOKEN

    @classmethod
    def from_info(cls, info: Mapping[str, object]) -> "ModelShape":
        """Read the `model_info` of Ollama's `/api/show`; odd or absent values leave the defaults."""
        arch = info.get("general.architecture")
        layers = count(info.get(f"{arch}.block_count"))
        heads = _heads(info.get(f"{arch}.attention.head_count_kv"), layers=layers)
        key = count(info.get(f"{arch}.attention.key_length"))
        if key is None:
            width = count(info.get(f"{arch}.embedding_length"))
            every = count(info.get(f"{arch}.attention.head_count"))
            key = width // every if width and every else None
        value = count(info.get(f"{arch}.attention.value_length")) or key
        trained = count(info.get(f"{arch}.context_length"))
        if heads is None or key is None or value is None:
            return cls(trained=trained)
        return cls(trained=trained, cache_per_token=heads * (key + value) * 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window to ask for, and the estimate of the prompt behind it, both in tokens."""

    tokens: int
    prompt_tokens: int


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text as UTF-8 bytes / 3, rounded up."""
    return math.ceil(len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN)


def estimate_prompt(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a conversation with its template, uncorrected."""
    return sum(estimate_tokens(message.content) + _TOKENS_PER_MESSAGE for message in messages)


class TokenRatio:
    """The correction of one model's estimates: tokens counted by the server / tokens estimated."""

    def __init__(self) -> None:
        self.value = 1.0
        self.learned = False

    def estimate(self, messages: Sequence[Message]) -> int:
        """Estimate the tokens of a conversation, corrected by what was learned."""
        return math.ceil(estimate_prompt(messages) * self.value)

    def learn(self, messages: Sequence[Message], *, counted: int) -> None:
        """Take in a count: up at once, since too small a window fails; down by halves."""
        estimated = estimate_prompt(messages)
        if counted < _LEAST_COUNT or estimated < _LEAST_COUNT:
            return
        ratio = max(counted / estimated, _LEAST_RATIO)
        self.value = ratio if ratio > self.value or not self.learned else (self.value + ratio) / 2
        self.learned = True


def choose_window(request: Request, *, ratio: TokenRatio, shape: ModelShape, at_least: int = 0) -> Window:
    """Choose the window for a request; `at_least` is the size that the model is loaded with already.

    The reply gets room for `max_tokens` where the cache for that stays within CACHE_BUDGET, else for a third of it.

    Raises:
        PromptTooLongError: prompt and a third of the reply do not fit the largest window that may be asked for.
    """
    prompt = ratio.estimate(request.messages)
    least_room = math.ceil(request.max_tokens / 3)
    limit = min(shape.trained or SIZES[-1], request.context_tokens or SIZES[-1])
    if prompt + least_room > limit:
        raise prompt_too_long(prompt=prompt, room=least_room, window=limit, model=request.model)
    if request.context_tokens is not None:
        return Window(tokens=limit, prompt_tokens=prompt)
    padded = math.ceil(prompt * _HEADROOM)
    size = _rounded(padded + request.max_tokens, limit=limit)
    if size * shape.cache_per_token > CACHE_BUDGET:
        size = _rounded(padded + least_room, limit=limit)
    if size < at_least <= limit:
        size = at_least
    return Window(tokens=size, prompt_tokens=prompt)


def prompt_too_long(
    *, prompt: int, window: int, model: str, room: int = 0, measured: bool = False, cut: bool = False
) -> PromptTooLongError:
    """Make the error that names the prompt's tokens, the window and what to do.

    `room` is what the reply needs at least; `measured` tells that the server counted; `cut` that it cut the prompt
    and answered all the same.
    """
    name, about = model or "the model", "" if measured else "more than " if prompt == window else "about "
    needs = f" and the reply at least {room}" if room else ""
    says = f"The prompt takes {about}{prompt} tokens{needs}; the context window of {name} has {window}."
    if cut:
        says = f"The server cut the prompt of {about}{prompt} tokens to fit {window}, and {name} answered a part of it."
    return PromptTooLongError(
        says,
        next_step="Shorten the task's description or its context, or choose a model with a larger window (`--model`).",
        details={"prompt_tokens": prompt, "window": window},
    )


def larger_size(tokens: int, *, shape: ModelShape) -> int | None:
    """Give the next larger window that the model was trained for; None where there is none."""
    limit = min(shape.trained or SIZES[-1], SIZES[-1])
    larger = min(next((size for size in SIZES if size > tokens), limit), limit)
    return larger if larger > tokens else None


def looks_cut(*, counted: int, window: int) -> bool:
    """Whether a count of prompt tokens bears the mark of a prompt that the server cut.

    Ollama's llama-server keeps half of the window and 2 tokens (measured on v0.33: 1026 of 2048); its older runner
    fills the window to the last token (`runner.go`, v0.24.0).
    """
    return counted >= window - 1 or abs(counted - (window // 2 + 2)) <= 1


def _rounded(tokens: int, *, limit: int) -> int:
    return min(next((size for size in SIZES if size >= tokens), limit), limit)


def _heads(value: object, *, layers: int | None) -> int | None:
    """Sum the key-value heads over all layers; some models list them layer by layer."""
    if isinstance(value, list):
        return sum(item for item in value if isinstance(item, int) and item >= 0) or None
    heads = count(value)
    return heads * layers if heads and layers else None
