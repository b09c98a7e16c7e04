"""Whether a model fits this machine, and how long it would take: loading, reading the prompt, writing the reply."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from prentice.backends.context_window import DEFAULT_CACHE_PER_TOKEN, SIZES
from prentice.backends.hardware import Hardware
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.need import Need
from prentice.backends.routing.policy import Policy
from prentice.backends.routing.traits import Traits

_OVERHEAD: Final = 1.1
"""What a runtime takes beside weights and cache; Ollama reckons with ten percent too."""

_WHOLE: Final = 0.9
"""The share on the card from which a model counts as whole there: the limit leaves a fifth of its memory free."""

_PLAIN_BITS: Final = 16
"""Bits from which weights are numbers that a processor computes with as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Seconds that a call is expected to take, by its parts. `measured` tells that they rest on calls made here."""

    load: float
    prompt: float
    reply: float
    measured: bool

    @property
    def total(self) -> float:
        """All of it."""
        return self.load + self.prompt + self.reply

    def __str__(self) -> str:
        """Say it as people do."""
        about = "" if self.measured else ", estimated from its size"
        loading = f", {duration(self.load)} of it to load" if self.load >= 1 else ""
        return f"about {duration(self.total)}{loading}{about}"

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "seconds": round(self.total, 1), "load": round(self.load, 1), "prompt": round(self.prompt, 1),
            "reply": round(self.reply, 1), "measured": self.measured,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The bytes that a model takes with its window, and those that it may take here; None where not known."""

    takes: int | None
    limit: int | None

    @property
    def fits(self) -> bool | None:
        """Whether it fits; None where it is not known."""
        return None if self.takes is None or self.limit is None else self.takes <= self.limit


def duration(seconds: float) -> str:
    """Write a duration for people."""
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 1 else "under 1 s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def gigabytes(size: float) -> str:
    """Write a size for people, in units of 10^9 bytes."""
    return f"{size / 1e9:.1f} GB"


def room(candidate: Candidate, need: Need, *, hardware: Hardware, policy: Policy) -> Room:
    """Tell what a model takes with the window that the need has, and what it may take on this machine."""
    takes = _bytes(candidate, need)
    if candidate.elsewhere or hardware.available is None:
        return Room(takes=takes, limit=None)
    limit = hardware.for_models or 0
    if candidate.backend != "mlx":
        limit += hardware.gpu_memory or 0  # a server spreads a model over card and main memory
    return Room(takes=takes, limit=int(limit * policy.memory_share))


def runs_on(
    candidate: Candidate, need: Need, *, traits: Traits, hardware: Hardware, policy: Policy
) -> Mapping[str, float]:
    """Tell which parts of the machine compute, each with its share of the weights.

    A server puts as many layers on a card as fit there, and leaves the others to the processor. MLX uses no card but
    Apple's.
    """
    if hardware.apple_silicon:
        return {"apple_silicon": 1.0}
    if candidate.backend == "mlx":
        packed = traits.bits is not None and traits.bits < _PLAIN_BITS
        return {"mlx_packed_on_processor" if packed else "mlx_on_processor": 1.0}
    takes, memory = _bytes(candidate, need), hardware.gpu_memory
    share = min(1.0, memory * policy.memory_share / takes) if takes and memory else 0.0
    return {place: part for place, part in (("graphics_card", share), ("processor", 1 - share)) if part}


def spills(candidate: Candidate, need: Need, *, traits: Traits, hardware: Hardware, policy: Policy) -> bool:
    """Whether a model is too large for the card that it would run on; a tenth over the limit still finds room there."""
    places = runs_on(candidate, need, traits=traits, hardware=hardware, policy=policy)
    return not candidate.elsewhere and places.get("graphics_card", 1.0) < _WHOLE


def expected(
    candidate: Candidate, need: Need, *, traits: Traits, hardware: Hardware, policy: Policy
) -> Expectation | None:
    """Expect how long a call takes, from speeds measured here, else from the model's size; None where nothing helps."""
    speed, size = candidate.speed, candidate.info.size_bytes
    measured = speed.prompt is not None and speed.reply is not None
    prompt_speed, reply_speed = speed.prompt, speed.reply
    if not measured:
        if size is None or candidate.elsewhere:
            return None
        places = runs_on(candidate, need, traits=traits, hardware=hardware, policy=policy)
        paces = [(share * size * traits.active_share, policy.paces[place]) for place, share in places.items()]
        prompt_speed = speed.prompt or 1 / sum(part / pace.bytes_a_second / pace.prompt_factor for part, pace in paces)
        reply_speed = speed.reply or 1 / sum(part / pace.bytes_a_second for part, pace in paces)
    assert prompt_speed is not None  # noqa: S101 - measured, or estimated just now
    assert reply_speed is not None  # noqa: S101 - as above
    # With a larger window than it has, a server loads a model anew.
    if candidate.resident and need.window <= (candidate.loaded_context or need.window):
        load = 0.0
    elif speed.load is not None:
        load = speed.load
    else:
        load = policy.load_seconds + (size or 0) / policy.load_bytes_a_second
    return Expectation(
        load=load,
        prompt=max(0, need.prompt_tokens - candidate.warm.get(need.purpose, 0)) / prompt_speed,
        reply=need.reply_tokens / reply_speed,
        measured=measured,
    )


def _bytes(candidate: Candidate, need: Need) -> int | None:
    if candidate.info.size_bytes is None:
        return None
    window = next((size for size in SIZES if size >= need.window), need.window)
    window = min(window, candidate.info.context or window)
    cache = window * (candidate.cache_per_token or DEFAULT_CACHE_PER_TOKEN)
    return int((candidate.info.size_bytes + cache) * _OVERHEAD)
