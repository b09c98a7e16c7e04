"""The order among models that can do the work: criteria, the weightiest first.

| criterion | lower is better |
|---|---|
| structure | a probe showed that it ignores a schema, where one is needed |
| wish | the task prefers another backend |
| record | often right here; not known; mostly wrong here |
| patience | would take longer than people wait, and how long |
| least | too small for this kind of work |
| kind | made for this kind of work, for any, for another |
| backend | the order of backends for this machine |
| tier, size, bits, family | of the last generation; the larger class of size; enough bits; the family's place |
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from prentice.backends.hardware import Hardware
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.need import Need
from prentice.backends.routing.policy import Policy
from prentice.backends.routing.traits import Traits
from prentice.backends.routing.wall_time import Expectation, duration

_KIND_NAMES = {"code": "made for code", "general": "a general model", "unknown": "of a family that is not known here"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """What one criterion makes of one model: a value to sort by, and words.

    `tells`: worth saying by itself; `flaw`: the words speak against it, also where it is the best there is.
    """

    name: str
    value: float | str
    says: str = ""
    tells: bool = False
    flaw: bool = False


def criteria(
    candidate: Candidate,
    need: Need,
    *,
    traits: Traits,
    expected: Expectation | None,
    hardware: Hardware,
    policy: Policy,
) -> tuple[Criterion, ...]:
    """Judge a model by each criterion, the weightiest first; all models have the same ones in the same order."""
    return (
        _structure(candidate, need),
        _wish(candidate, need),
        *_record(candidate, need),
        _patience(expected, need, policy),
        _least(traits, need, policy),
        _kind(traits, need),
        _backend(candidate, hardware, policy),
        *_quality(candidate, need, traits=traits, expected=expected, policy=policy),
    )


def _structure(candidate: Candidate, need: Need) -> Criterion:
    if not need.structured or candidate.structured is None:
        return Criterion(name="structure", value=0)
    if candidate.structured:
        return Criterion(name="structure", value=0, says="holds its replies to a schema, as a probe showed")
    return Criterion(
        name="structure", value=1, says="ignores the schema of a reply, as a probe showed", tells=True, flaw=True
    )


def _wish(candidate: Candidate, need: Need) -> Criterion:
    if not need.preferred_backend:
        return Criterion(name="wish", value=0)
    if candidate.backend == need.preferred_backend:
        return Criterion(name="wish", value=0, says=f"the task prefers {need.preferred_backend}", tells=True)
    return Criterion(name="wish", value=1, says=f"the task prefers {need.preferred_backend}", flaw=True)


def _record(candidate: Candidate, need: Need) -> Iterator[Criterion]:
    """Judge by the record: by its lower bound what is surely right more often than not, and last what is surely not."""
    seen = candidate.outcomes
    low, high = seen.interval
    if not seen.enough:
        says = f"has only {seen} here" if seen.of else "has no record here"
        yield Criterion(name="record", value=1, says=says)
        yield Criterion(name="rate", value=0)
        return
    says = f"was {seen} at {need.kind} work here (at least {low:.0%} with 80 % confidence)"
    group = 0 if low >= 0.5 else 2 if high < 0.5 else 1
    yield Criterion(name="record", value=group, says=says, tells=True, flaw=group == 2)
    yield Criterion(name="rate", value=-low if group != 1 else 0, says=says)


def _patience(expected: Expectation | None, need: Need, policy: Policy) -> Criterion:
    limit = policy.patience[need.prefer]
    if expected is None or expected.total <= limit:
        return Criterion(name="patience", value=0, says=f"answers within {duration(limit)}" if expected else "")
    says = f"would take {expected}, more than the {duration(limit)} that one waits for such work"
    return Criterion(name="patience", value=expected.total, says=says, tells=True, flaw=True)


def _least(traits: Traits, need: Need, policy: Policy) -> Criterion:
    least = policy.least[need.kind]
    if traits.parameters is None or traits.parameters >= least:
        return Criterion(name="least", value=0)
    says = f"has {traits.parameters / 1e9:.1f} billion parameters; {policy.least_says}"
    return Criterion(name="least", value=1, says=says, tells=True, flaw=True)


def _kind(traits: Traits, need: Need) -> Criterion:
    order = ("code", "general", "unknown") if need.kind == "code" else ("general", "unknown", "code")
    says = f"is {_KIND_NAMES[traits.kind]}"
    if traits.kind == need.kind:
        says = f"is made for code, and {need.kind_says}" if need.kind == "code" else f"{says}, and {need.kind_says}"
    place = order.index(traits.kind)
    return Criterion(name="kind", value=place, says=says.removesuffix(", and "), tells=True, flaw=place > 0)


def _backend(candidate: Candidate, hardware: Hardware, policy: Policy) -> Criterion:
    order = policy.backend_order(apple_silicon=hardware.apple_silicon)
    place = order.index(candidate.backend) if candidate.backend in order else len(order)
    machine = "Apple silicon" if hardware.apple_silicon else "a machine without Apple silicon"
    says = f"runs on {candidate.backend}" + (f", the first choice on {machine}" if place == 0 else "")
    return Criterion(name="backend", value=place, says=says)


def _quality(
    candidate: Candidate, need: Need, *, traits: Traits, expected: Expectation | None, policy: Policy
) -> Iterator[Criterion]:
    family_says = f"is of {traits.family}: {traits.says}" if traits.family else "is of a family that is not known here"
    yield Criterion(name="tier", value=traits.tier, says=family_says)
    size_says = f"has {traits.parameters / 1e9:.1f} billion parameters" if traits.parameters else "tells no size"
    poor = traits.bits is not None and traits.bits < policy.poor_below
    bits_says = f"has {traits.bits:g}-bit weights" if traits.bits else ""
    if need.prefer == "speed":
        # Times within a quarter of each other count as equal: they are not known better than that.
        step = -1.0 if expected is None else float(round(math.log(max(expected.total, 0.5), 1.25)))
        yield Criterion(name="coarse", value=int(poor), says=bits_says)
        yield Criterion(name="time", value=step, says=f"takes {expected}" if expected else "")
    else:
        yield Criterion(name="coarse", value=int(poor), says=bits_says)
        yield Criterion(name="size", value=-traits.size_class, says=size_says)
    rank = policy.family_rank(traits.family, kind=need.kind, backend=candidate.backend)
    yield Criterion(name="family", value=rank, says=family_says)
    order = policy.bits[need.prefer]
    bits_rank = order.index(traits.bits) if traits.bits in order else len(order)
    yield Criterion(name="bits", value=bits_rank, says=bits_says)
    yield Criterion(name="bytes", value=-(traits.parameters or 0), says=size_says)
    yield Criterion(name="name", value=candidate.name)
