"""The list of models: where each is, how large, whether it fits, how fast it is here, how often it was right."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from prentice.backends.hardware import Hardware
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.hosts import SERVERS
from prentice.backends.routing.need import KINDS
from prentice.backends.routing.policy import Policy
from prentice.backends.routing.survey import Absent, Survey
from prentice.backends.routing.track_record import Outcomes, Speed, TrackRecord
from prentice.backends.routing.traits import Traits, traits
from prentice.backends.routing.wall_time import room


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One model. `fits` is None where its size or the machine's memory is not known."""

    candidate: Candidate
    traits: Traits
    fits: bool | None
    speed: Speed
    record: tuple[tuple[str, Outcomes], ...]
    """Outcomes by kind of work, where there are any."""

    def document(self) -> dict[str, object]:
        """Give it as the JSON document of the contract."""
        info = self.candidate.info
        document: dict[str, object] = {
            "backend": info.backend, "host": info.host, "name": info.name, "size_bytes": info.size_bytes,
            "quantization": info.quantization, "context": info.context, "fits": self.fits,
            "family": self.traits.family, "kind": self.traits.kind, "resident": self.candidate.resident,
            "usable": not self.why_not, "why_not": self.why_not,
        }  # fmt: skip
        if self.speed.calls:
            document["speed"] = {
                "prompt": self.speed.prompt, "reply": self.speed.reply, "load": self.speed.load,
                "calls": self.speed.calls,
            }  # fmt: skip
        if self.record:
            document["record"] = {kind: {"right": seen.right, "of": seen.of} for kind, seen in self.record}
        return document

    @property
    def why_not(self) -> str:
        """Why it is never chosen; empty where it may be."""
        return self.candidate.refusal or self.traits.not_for_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The models that are here, and the servers whose models cannot be listed, each with the reason."""

    models: tuple[Listed, ...]
    absent: tuple[Absent, ...]


def inventory(found: Survey, *, policy: Policy, record: TrackRecord) -> Inventory:
    """List what was found, and the servers that were not; that MLX is not installed is no news to a list."""
    absent = tuple(item for item in found.absent if item.backend in SERVERS)
    return Inventory(models=tuple(listed(found, policy=policy, record=record)), absent=absent)


def listed(found: Survey, *, policy: Policy, record: TrackRecord) -> list[Listed]:
    """List what was found, by backend and name."""
    # The record keeps speeds by names: of a model that several hosts have, they say nothing of each.
    times = Counter((candidate.backend, candidate.name) for candidate in found.candidates)
    return [
        _listed(candidate, found.hardware, policy, record, alone=times[candidate.backend, candidate.name] == 1)
        for candidate in _sorted(found.candidates)
    ]


def _listed(candidate: Candidate, hardware: Hardware, policy: Policy, record: TrackRecord, *, alone: bool) -> Listed:
    info = candidate.info
    need = policy.need("execute")
    outcomes = ((kind, record.outcomes(info.backend, info.name, kind=kind)) for kind in KINDS)
    return Listed(
        candidate=candidate,
        traits=traits(info, policy=policy),
        fits=True if candidate.resident else room(candidate, need, hardware=hardware, policy=policy).fits,
        speed=record.speed(info.backend, info.name) if alone else Speed(),
        record=tuple((kind, seen) for kind, seen in outcomes if seen.of),
    )


def _sorted(candidates: Iterable[Candidate]) -> list[Candidate]:
    return sorted(candidates, key=lambda item: (item.backend, item.name))
