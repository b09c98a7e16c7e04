"""The decision: which models can do a piece of work, in which order, and why. Pure.

First what is required (allowed, made for text, window, memory, deadline); whoever lacks it is refused, with the reason.
Then an order by criteria (`ordering.py`), of which the first that differs between two models decides between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from prentice.backends.hardware import Hardware
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.need import Need
from prentice.backends.routing.ordering import Criterion, criteria
from prentice.backends.routing.policy import Policy
from prentice.backends.routing.traits import Traits, traits
from prentice.backends.routing.wall_time import Expectation, duration, expected, gigabytes, room, spills

Requirement = Literal["allowed", "text", "window", "memory", "deadline"]
"""What every model has to meet before it is compared with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A model in its place of the order. `reasons` speak for it, `against` says why it does not stand first."""

    candidate: Candidate
    reasons: tuple[str, ...]
    against: str = ""
    expected: Expectation | None = None

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "backend": self.candidate.backend, "host": self.candidate.info.host, "model": self.candidate.name,
            "expected": self.expected.document() if self.expected else None, "reasons": list(self.reasons),
            "against": self.against,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A model that cannot do this piece of work, and why."""

    candidate: Candidate
    requirement: Requirement
    why: str

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        info = self.candidate.info
        return {
            "backend": info.backend, "host": info.host, "model": info.name, "requirement": self.requirement,
            "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """All models that can do the work, best first, and those that cannot. `notes` concern none of them alone."""

    need: Need
    order: tuple[Ranked, ...]
    refused: tuple[Refused, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> Ranked | None:
        """The model to use; None where none can do the work."""
        return self.order[0] if self.order else None

    def after(self, failed: Candidate, *, whole_place: bool) -> "Decision":
        """Give what is left when a model failed, or all that its server serves (`whole_place`)."""
        left = tuple(
            item
            for item in self.order
            if item.candidate is not failed and not (whole_place and item.candidate.place == failed.place)
        )
        return replace(self, order=left)

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "need": self.need.document(),
            "choice": self.best.document() if self.best else None,
            "order": [item.document() for item in self.order],
            "refused": [item.document() for item in self.refused],
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    candidate: Candidate
    traits: Traits
    expected: Expectation | None
    spills: bool
    """It is too large for the graphics card, so that the processor computes a part of it."""
    criteria: tuple[Criterion, ...]

    @property
    def key(self) -> tuple[float | str, ...]:
        return tuple(item.value for item in self.criteria)


def decide(need: Need, candidates: Sequence[Candidate], *, hardware: Hardware, policy: Policy) -> Decision:
    """Order the models that can do the work, best first, with their reasons; say of the others why they cannot."""
    judged: list[_Judged] = []
    refused: list[Refused] = []
    for candidate in candidates:
        its = traits(candidate.info, policy=policy)
        time = expected(candidate, need, traits=its, hardware=hardware, policy=policy)
        lack = _lack(candidate, need, its=its, time=time, hardware=hardware, policy=policy)
        if lack is not None:
            refused.append(lack)
            continue
        rows = criteria(candidate, need, traits=its, expected=time, hardware=hardware, policy=policy)
        over = spills(candidate, need, traits=its, hardware=hardware, policy=policy)
        judged.append(_Judged(candidate=candidate, traits=its, expected=time, spills=over, criteria=rows))
    judged.sort(key=lambda item: item.key)
    judged, spared = _with_ready_first(judged, need, policy=policy)
    order = tuple(_ranked(item, judged, spared=spared, hardware=hardware) for item in judged)
    return Decision(need=need, order=order, refused=tuple(refused), notes=_notes(need, candidates))


def _lack(
    candidate: Candidate, need: Need, *, its: Traits, time: Expectation | None, hardware: Hardware, policy: Policy
) -> Refused | None:
    """Give the first requirement that a model does not meet; None where it meets all."""

    def lacks(requirement: Requirement, why: str) -> Refused:
        return Refused(candidate=candidate, requirement=requirement, why=why)

    if candidate.refusal:
        return lacks("allowed", candidate.refusal)
    if its.not_for_text:
        return lacks("text", its.not_for_text)
    context = candidate.info.context
    if context is not None and context < need.window:
        return lacks("window", f"its window has {context} tokens, and {need.window} are needed")
    space = room(candidate, need, hardware=hardware, policy=policy)
    if not candidate.resident and space.fits is False:
        takes, limit = gigabytes(space.takes or 0), gigabytes(space.limit or 0)
        return lacks("memory", f"takes {takes} with its window, and {limit} of memory may be used")
    if time is not None and time.total > need.deadline:
        return lacks("deadline", f"would take {time}, and the call has {duration(need.deadline)}")
    return None


def _with_ready_first(judged: list[_Judged], need: Need, *, policy: Policy) -> tuple[list[_Judged], _Judged | None]:
    """Move a model that is in memory, or fits the card whole, before one that is not, where the two are close.

    Gives the list, and the model that was spared; close means of the same kind and tier, and few classes of size apart.
    """
    if not judged or judged[0].candidate.resident or need.preferred_backend:
        return judged, None
    best = judged[0]
    for item in judged[1:]:
        if (
            (item.candidate.resident or (best.spills and not item.spills and _same_place(item, best)))
            and _decisive(item, best) in {"backend", "tier", "size", "time", "bits", "family", "bytes", "name"}
            and (item.traits.kind, item.traits.tier) == (best.traits.kind, best.traits.tier)
            and best.traits.size_class - item.traits.size_class <= policy.ready_classes
            and item.expected is not None
            and (best.expected is None or item.expected.total < best.expected.total)
        ):
            return [item, *(other for other in judged if other is not item)], best
    return judged, None


def _same_place(item: _Judged, other: _Judged) -> bool:
    return item.candidate.place == other.candidate.place


def _ranked(item: _Judged, judged: Sequence[_Judged], *, spared: _Judged | None, hardware: Hardware) -> Ranked:
    best = judged[0]
    if item is best:
        reasons = tuple(_for(item, judged[1:], spared=spared, hardware=hardware))
        return Ranked(candidate=item.candidate, expected=item.expected, reasons=reasons)
    return Ranked(
        candidate=item.candidate,
        expected=item.expected,
        reasons=tuple(row.says for row in item.criteria if row.tells and row.name != _decisive(item, best)),
        against=_against(item, best, spared=spared),
    )


def _for(best: _Judged, others: Sequence[_Judged], *, spared: _Judged | None, hardware: Hardware) -> list[str]:
    """Say what speaks for the model that was chosen: what set it apart from others, and how long it takes."""
    decided = {_decisive(other, best) for other in others}
    rows = [row for row in best.criteria if row.says and (row.tells or row.name in decided)]
    said = [row.says for row in rows if not row.flaw]
    if best.candidate.resident:
        where = f", where {spared.candidate.name} would have to be loaded" if spared else ""
        said.append(f"is in memory already{where}")
    elif spared is not None:
        said.append(f"fits the graphics card, where {spared.candidate.name} would leave a part to the processor")
    if not others:
        said.append("is the only one here that can do it")
    if best.candidate.elsewhere:
        said.append(f"runs on {best.candidate.info.host}, which you allowed")
    elif hardware.available is not None and best.candidate.info.size_bytes is not None:
        said.append("fits the memory")
    if flaws := [row.says for row in rows if row.flaw and row.name != "wish"]:
        said.append(f"is the best there is, though it {', and '.join(flaws)}")
    return list(dict.fromkeys(said))


def _against(item: _Judged, best: _Judged, *, spared: _Judged | None) -> str:
    if item is spared and best.candidate.resident:
        return f"would have to be loaded, and {best.candidate.name} is in memory and close to it"
    if item is spared:
        return f"does not fit the graphics card whole, and {best.candidate.name} does and is close to it"
    name = _decisive(item, best)
    mine, its = (next((row.says for row in one.criteria if row.name == name), "") for one in (item, best))
    if name in {"", "name"}:
        return f"is as good; the order of names puts {best.candidate.name} first"
    if name == "bytes":
        return f"is smaller than {best.candidate.name}"
    return mine if not its or not mine else f"{mine}; {best.candidate.name} {its}"


def _decisive(item: _Judged, best: _Judged) -> str:
    """Name the first criterion in which two models differ."""
    pairs = zip(item.criteria, best.criteria, strict=True)
    return next((mine.name for mine, its in pairs if mine.value != its.value), "")


def _notes(need: Need, candidates: Sequence[Candidate]) -> tuple[str, ...]:
    wish = need.preferred_backend
    if not wish or any(candidate.backend == wish for candidate in candidates):
        return ()
    return (f"The task prefers the backend {wish}, which serves no model here.",)
