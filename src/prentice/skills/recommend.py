"""Which models to fetch for this machine: the catalogues, judged as the router judges what is installed."""

import asyncio
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from prentice.backends.hardware import Hardware
from prentice.backends.locality import full_name
from prentice.backends.mlx.catalogue import catalogue
from prentice.backends.mlx.runtime import missing
from prentice.backends.ollama.library import library
from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.decision import Ranked, decide
from prentice.backends.routing.need import KINDS, Kind, Need
from prentice.backends.routing.policy import Pace, Policy, load_policy
from prentice.backends.routing.track_record import NoRecord, TrackRecord
from prentice.backends.routing.traits import traits
from prentice.backends.routing.wall_time import duration, gigabytes, room, runs_on
from prentice.config import Settings

if TYPE_CHECKING:
    from prentice.backends.offered import Offered

SHOWN: Final = 3
"""How many models are recommended for a kind of work."""

_PLACES: Final = {
    "apple_silicon": "Apple silicon", "graphics_card": "the graphics card", "processor": "the processor",
    "mlx_on_processor": "the processor", "mlx_packed_on_processor": "the processor",
}  # fmt: skip

_PURPOSE: Final[dict[Kind, str]] = {"code": "execute", "general": "breakdown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One model to fetch. Sizes in bytes, `seconds` those of a usual call; `measured` where calls made here say so."""

    kind: Kind
    backend: str
    name: str
    size_bytes: int
    takes: int
    limit: int
    context: int
    tokens_a_second: float
    seconds: float
    measured: bool
    installed: bool
    reason: str

    @property
    def command(self) -> str:
        """The command that fetches it."""
        return f"prentice models pull {self.name}"

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "kind": self.kind, "backend": self.backend, "name": self.name, "size_bytes": self.size_bytes,
            "takes_bytes": self.takes, "limit_bytes": self.limit, "context": self.context,
            "tokens_per_second": round(self.tokens_a_second, 1), "seconds": round(self.seconds, 1),
            "measured": self.measured, "installed": self.installed, "reason": self.reason, "command": self.command,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """What suits this machine, the best of each kind first; `notes` say how it was reckoned, or why it is empty."""

    hardware: Hardware
    models: tuple[Recommendation, ...]
    notes: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        machine = self.hardware
        return {
            "hardware": {
                "chip": machine.chip, "cores": machine.cores, "memory": machine.memory,
                "available": machine.available, "gpu_memory": machine.gpu_memory,
                "apple_silicon": machine.apple_silicon,
            },
            "models": [item.document() for item in self.models],
            "notes": list(self.notes),
        }  # fmt: skip


def recommend(
    settings: Settings,
    *,
    hardware: Hardware,
    installed: Sequence[ModelInfo] = (),
    record: TrackRecord | None = None,
    kinds: Sequence[Kind] = KINDS,
    backends: Sequence[str] = (),
) -> Recommended:
    """Recommend models for a machine.

    Speeds measured here replace the assumed ones: of a model itself where it was used, and else of the others, by the
    bytes that they read a second. Nothing is named that does not fit the memory, or for which one would wait too long.

    Raises:
        ConfigError: the settings for the choice make no sense.
    """
    record = record or NoRecord()
    policy = load_policy(settings.policy.get("models"))
    backends = backends or usual_backends(settings, hardware)
    paces = {
        name: _measured_paces(name, installed, hardware=hardware, record=record, policy=policy) for name in backends
    }
    models: list[Recommendation] = []
    notes = _notes(hardware, paces)
    for kind in kinds:
        need = policy.need(_PURPOSE[kind], category="refactoring", deadline=settings.deadline_seconds)
        own = {name: replace(policy, paces={**policy.paces, **its}) for name, its in paces.items()}
        candidates = tuple(_candidates(kind, backends, record))
        fitting = [item for item in candidates if room(item, need, hardware=hardware, policy=policy).fits]
        # Of each backend by its own pace; then all of them in one order, as the router would put them.
        soon = [
            ranked.candidate
            for name in backends
            for ranked in decide(
                need, [item for item in fitting if item.backend == name], hardware=hardware, policy=own[name]
            ).order
            if ranked.expected is not None and ranked.expected.total <= policy.patience[need.prefer]
        ]
        decision = decide(need, soon, hardware=hardware, policy=own[backends[0]])
        models += [
            _recommendation(
                kind, item, need, installed=installed, hardware=hardware, policy=own[item.candidate.backend]
            )
            for item in decision.order[:SHOWN]
        ]
        if not decision.order:
            notes.append(_nothing(kind, fitting=len(fitting), patience=policy.patience[need.prefer]))
    return Recommended(hardware=hardware, models=tuple(models), notes=tuple(notes))


def usual_backends(settings: Settings, hardware: Hardware) -> tuple[str, ...]:
    """Give the backends that models are recommended for: the named one, else those that suit the machine."""
    if settings.backend in {"ollama", "mlx"}:
        return (settings.backend,)
    return ("mlx", "ollama") if hardware.apple_silicon else ("ollama",) if missing() else ("ollama", "mlx")


async def look_and_recommend(
    settings: Settings, *, record: TrackRecord | None = None, kinds: Sequence[Kind] = KINDS
) -> Recommended:
    """Look at this machine and what is installed on it, and recommend.

    Raises:
        ConfigError: the settings make no sense.
    """
    from prentice.backends.hardware import look  # noqa: PLC0415 - asks drivers, which takes a second
    from prentice.backends.routing.survey import survey  # noqa: PLC0415 - brings what asks servers

    hardware = await asyncio.to_thread(look)
    found = await survey(settings, fresh=True, hardware=False)
    installed = [item.info for item in found.candidates]
    return recommend(settings, hardware=hardware, installed=installed, record=record, kinds=kinds)


def _candidates(kind: Kind, backends: Sequence[str], record: TrackRecord) -> Iterable[Candidate]:
    """Give the models of the catalogues that are for a kind of work."""
    rows: dict[str, tuple[Offered, ...]] = {"ollama": library(), "mlx": catalogue()}
    for backend in backends:
        for row in rows[backend]:
            if row.purpose == kind:
                info = ModelInfo(
                    name=row.name,
                    backend=backend,
                    size_bytes=row.size_bytes,
                    quantization=f"{int(row.architecture.bits(row.packing))}-bit",
                    context=row.context,
                    capabilities=("completion",),
                )
                yield Candidate(info=info, cache_per_token=row.cache_per_token, speed=record.speed(backend, row.name))


def _measured_paces(
    backend: str, installed: Sequence[ModelInfo], *, hardware: Hardware, record: TrackRecord, policy: Policy
) -> dict[str, Pace]:
    """Give the pace at which models read their weights here, by the part of the machine that computes."""
    seen: dict[str, list[tuple[float, float | None]]] = {}
    need = policy.need("execute")
    for info in installed:
        speed = record.speed(backend, info.name) if info.backend == backend else None
        if speed is not None and speed.reply and info.size_bytes:
            its = traits(info, policy=policy)
            places = runs_on(Candidate(info=info), need, traits=its, hardware=hardware, policy=policy)
            factor = speed.prompt / speed.reply if speed.prompt else None
            if len(places) == 1:  # of one that is spread, nobody can say what each part did
                [place] = places
                seen.setdefault(place, []).append((speed.reply * info.size_bytes * its.active_share, factor))
    return {place: _pace(rows, usual=policy.paces[place].prompt_factor) for place, rows in seen.items()}


def _pace(rows: Sequence[tuple[float, float | None]], *, usual: float) -> Pace:
    factors = [factor for _, factor in rows if factor]
    return Pace(
        bytes_a_second=statistics.median(row[0] for row in rows),
        prompt_factor=statistics.median(factors) if factors else usual,
    )


def _recommendation(
    kind: Kind,
    item: Ranked,
    need: Need,
    *,
    installed: Sequence[ModelInfo],
    hardware: Hardware,
    policy: Policy,
) -> Recommendation:
    candidate = item.candidate
    again = decide(need, [candidate], hardware=hardware, policy=policy).order[0]
    expected, space = again.expected, room(candidate, need, hardware=hardware, policy=policy)
    assert expected is not None  # noqa: S101 - the sizes of the catalogues are known
    its, info = traits(candidate.info, policy=policy), candidate.info
    speed = need.reply_tokens / expected.reply
    places = runs_on(candidate, need, traits=its, hardware=hardware, policy=policy)
    place = " and ".join(_PLACES[name] for name in places)
    takes, limit = space.takes or 0, space.limit or 0
    says = its.says if its.family else "of a family that is not known here"
    return Recommendation(
        kind=kind,
        backend=candidate.backend,
        name=candidate.name,
        size_bytes=info.size_bytes or 0,
        takes=takes,
        limit=limit,
        context=info.context or 0,
        tokens_a_second=speed,
        seconds=expected.total,
        measured=expected.measured,
        installed=any(full_name(other.name) == full_name(info.name) for other in installed),
        reason=f"{its.family or info.name}: {says}; takes {gigabytes(takes)} of {gigabytes(limit)}; "
        f"{'measured' if expected.measured else 'about'} {speed:.0f} tokens/s on {place}, "
        f"so {duration(expected.total)} for a usual call",
    )


def _notes(hardware: Hardware, paces: Mapping[str, Mapping[str, Pace]]) -> list[str]:
    if hardware.available is None:
        return ["The system does not say how much memory it has, so nothing can be said to fit."]
    known = [name for name, its in paces.items() if its]
    if known:
        return [f"Speeds are estimates from those measured here on {' and '.join(known)}, unless they say `measured`."]
    return ["Speeds are estimates from sizes; `prentice models bench NAME` measures a model that is here."]


def _nothing(kind: Kind, *, fitting: int, patience: float) -> str:
    if not fitting:
        return f"No model of the catalogue for {kind} work fits the memory that is free now."
    return f"Every model for {kind} work that fits would take more than {duration(patience)} for a usual call."
