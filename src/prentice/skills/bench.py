"""Measuring a model on this machine: how long it loads, how fast it reads a prompt and writes a reply."""

import math
from dataclasses import dataclass
from typing import Final

from prentice.backends.call import complete
from prentice.backends.protocol import Message, Recorder, Reply, Request, Sampling
from prentice.backends.router import Choice
from prentice.errors import ModelUnsupportedError

PURPOSE: Final = "bench"
VERSION: Final = "bench/1"
REPLY_TOKENS: Final = 128

_SENTENCES: Final = (
    "The harbour opens at six, and the first boats bring mussels and plaice.",
    "A gull sits on the scale until somebody needs it.",
    "At seven the ice arrives, by cart, from the cellar behind the church.",
    "Prices are written with chalk, and wiped off when the wind turns.",
)
_TIMES: Final = 9
"""About 600 tokens: enough that reading them can be timed, and little enough for the smallest window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What was measured, in seconds and tokens a second; None where the backend or a short reply does not tell."""

    backend: str
    model: str
    load: float | None
    prompt_tokens: int
    reply_tokens: int
    prompt_speed: float | None
    reply_speed: float | None
    first_token: float
    total: float
    estimated: bool
    """Whether a count of tokens is an estimate, since the server tells none."""

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "backend": self.backend, "model": self.model, "load": _rounded(self.load),
            "prompt_tokens": self.prompt_tokens, "reply_tokens": self.reply_tokens,
            "prompt_tokens_per_second": _rounded(self.prompt_speed),
            "reply_tokens_per_second": _rounded(self.reply_speed),
            "first_token": _rounded(self.first_token), "total": _rounded(self.total), "estimated": self.estimated,
        }  # fmt: skip


async def bench(choice: Choice, *, recorder: Recorder, deadline: float, idle: float) -> Bench:
    """Ask twice: once to load the model, then for the speeds; both calls are kept in the record.

    The prompts differ from their first word on, so that nothing of the second has been computed before.

    Raises:
        ModelUnsupportedError: there is no model to measure.
        BackendError: a call failed.
    """
    if choice.backend.name in {"builtin", "scripted"}:
        raise ModelUnsupportedError(
            f"There is no model to measure: {choice.reason}.",
            next_step="Name one that is here (`prentice models`), or get one: `prentice models recommend`.",
        )

    async def asked(number: int, tokens: int) -> Reply:
        request = Request(
            purpose=PURPOSE,
            model=choice.model,
            messages=(Message(role="user", content=prompt(number)),),
            sampling=Sampling(temperature=0.0, seed=number),
            max_tokens=tokens,
            deadline=deadline,
            idle=idle,
        )
        return await complete(choice.backend, request, recorder=recorder, prompt_version=VERSION)

    async with choice.backend:
        cold = await asked(1, 1)
        warm = await asked(2, REPLY_TOKENS)
    read, waited = warm.prompt_tokens - (warm.cached_tokens or 0), warm.first_token - warm.load
    wrote, writing = warm.reply_tokens - 1, warm.total - warm.first_token
    return Bench(
        backend=warm.backend,
        model=warm.model,
        load=cold.load or None,
        prompt_tokens=warm.prompt_tokens,
        reply_tokens=warm.reply_tokens,
        prompt_speed=_rate(read, waited),
        reply_speed=_rate(wrote, writing),
        first_token=warm.first_token,
        total=warm.total,
        estimated=warm.estimated,
    )


def prompt(number: int) -> str:
    """Give one of the fixed prompts."""
    turned = [_SENTENCES[(index + number) % len(_SENTENCES)] for index in range(_TIMES * len(_SENTENCES))]
    return f"{number}. {' '.join(turned)}\n\nGo on with this story for as long as you can."


def _rate(tokens: int, seconds: float) -> float | None:
    return tokens / seconds if tokens > 0 and seconds > 0 and math.isfinite(seconds) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
