"""Which backend and model answer: what the user says, else the best of what is there, else the built-in rules.

A backend or a model that the user names is never replaced by another, neither at the choice nor when it fails. With
`auto` and no model named, every backend is asked what it has, the policy orders it (`routing/`), and what fails in the
middle of the work is followed by the next in the order.
"""

from dataclasses import dataclass
from typing import Final

from prentice.backends.locality import Locality, full_name
from prentice.backends.protocol import Backend
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.decision import Decision, decide
from prentice.backends.routing.hosts import hosts_of, ollama_backend
from prentice.backends.routing.need import Need
from prentice.backends.routing.policy import Policy, load_policy
from prentice.backends.routing.probes import Probes
from prentice.backends.routing.survey import BACKENDS, Survey, same_model, survey, survey_of
from prentice.backends.routing.track_record import NoRecord, TrackRecord
from prentice.config import Settings
from prentice.errors import (
    BackendBusyError,
    BackendError,
    BackendUnreachableError,
    ModelNotFoundError,
    ModelUnsupportedError,
    PrenticeError,
    StreamError,
    TimedOutError,
    UsageError,
    WrongServerError,
)

NAMES: Final = ("auto", *BACKENDS, "builtin", "scripted:FILE")
_SCRIPTED: Final = "scripted:"

FAILURES: Final = (
    BackendBusyError, BackendUnreachableError, ModelNotFoundError, ModelUnsupportedError, StreamError, TimedOutError,
    WrongServerError,
)  # fmt: skip
"""What another model may do better. A bad reply is not among them, nor a prompt that is too long or a refusal."""

_OF_THE_SERVER: Final = (BackendUnreachableError, BackendBusyError, WrongServerError)
"""Failures that all models of one server share."""

_LEAST_SECONDS: Final = 1.0
"""What has to be left for another model to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A backend to use (as a context manager), the model to name in requests, and the reasons in plain words.

    `decision` and `survey` are there where Prentice chose, and hold what could take over.
    """

    backend: Backend
    model: str
    reason: str
    considered: tuple[tuple[str, str], ...] = ()
    """What was not chosen, each with the reason against it."""
    candidate: Candidate | None = None
    decision: Decision | None = None
    survey: Survey | None = None

    @property
    def who(self) -> str:
        """The one that answers, for people."""
        return "the built-in rules" if self.backend.name == "builtin" else f"{self.model} on {self.backend.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What `models explain` shows: the decision, backends that are not there, and what the user's words override."""

    decision: Decision
    survey: Survey
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        document = self.decision.document()
        absent = [{"backend": item.backend, "why": item.why} for item in self.survey.absent]
        return {**document, "absent": absent, "notes": [*self.notes, *self.decision.notes]}


async def choose(
    settings: Settings,
    *,
    purpose: str,
    need: Need | None = None,
    record: TrackRecord | None = None,
    probes: Probes | None = None,
) -> Choice:
    """Choose a backend and a model for a purpose such as `breakdown`.

    `need` says more of the work than its purpose does; `record` is what this machine has seen of its models.

    Raises:
        UsageError: no backend has this name.
        ConfigError: the host of a backend, the policy or the script makes no sense.
        BackendError: the backend or model that was asked for by name cannot be used.
    """
    name = settings.backend
    if name == "builtin":
        return _builtin("the backend `builtin` was asked for")
    if name.startswith(_SCRIPTED):
        from prentice.backends.scripted import ScriptedBackend  # noqa: PLC0415 - only for who plays a script

        model = settings.model or "scripted"
        return Choice(backend=ScriptedBackend(name.removeprefix(_SCRIPTED)), model=model, reason=f"`{name}` plays")
    if name != "auto" and name not in BACKENDS:
        raise UsageError(
            f"There is no backend named {name!r}.", next_step=f"Use one of {', '.join(f'`{item}`' for item in NAMES)}."
        )
    if settings.model:
        return await _named(settings, probes=probes)
    policy = load_policy(settings.policy.get("models"))
    record = record or NoRecord()
    need = need or default_need(settings, purpose=purpose, policy=policy, record=record)
    if name != "auto":
        return await _of_backend(settings, need=need, policy=policy, record=record)
    found = (await survey(settings, probes=probes)).with_record(record, kind=need.kind)
    decision = decide(need, found.candidates, hardware=found.hardware, policy=policy)
    return _first(decision, found)


def default_need(settings: Settings, *, purpose: str, policy: Policy, record: TrackRecord) -> Need:
    """Give what a purpose needs where nothing is known of the task."""
    return policy.need(purpose, deadline=settings.deadline_seconds, sizes=record.sizes(purpose))


async def explain(
    settings: Settings, *, need: Need, record: TrackRecord | None = None, probes: Probes | None = None
) -> Explained:
    """Decide as `choose` does with `auto`, and give all reasons; hosts that are known to be silent are asked again.

    Raises:
        ConfigError: the policy makes no sense.
    """
    policy = load_policy(settings.policy.get("models"))
    found = (await survey(settings, probes=probes, fresh=True)).with_record(record or NoRecord(), kind=need.kind)
    candidates = found.candidates
    notes = []
    if settings.model:
        candidates = tuple(item for item in candidates if same_model(item.info, settings.model))
        notes.append(f"You named the model {settings.model}: no other takes its place.")
        if not candidates:
            notes.append(f"No backend here has {settings.model}.")
    if settings.backend in BACKENDS:
        candidates = tuple(item for item in candidates if item.backend == settings.backend)
        notes.append(f"You named the backend {settings.backend}: no other takes its place.")
    elif settings.backend != "auto":
        candidates = ()
        notes.append(f"You named the backend {settings.backend}: no model is asked.")
    decision = decide(need, candidates, hardware=found.hardware, policy=policy)
    return Explained(decision=decision, survey=found, notes=tuple(notes))


async def after_failure(
    choice: Choice, error: PrenticeError, *, settings: Settings, left: float, probes: Probes | None = None
) -> Choice | None:
    """Give who takes over from a choice that failed in the middle of its work; None where nobody may.

    Nobody may where the user named the backend or the model, and where the failure is not the backend's. With less
    than a second `left` only the built-in rules can still answer.
    """
    if choice.decision is None or choice.candidate is None or choice.survey is None:
        return None
    if not isinstance(error, FAILURES):
        return None
    if left < _LEAST_SECONDS:
        return _builtin("no time is left for another model")
    gone = isinstance(error, _OF_THE_SERVER)
    url = choice.candidate.info.host
    if isinstance(error, StreamError) and url.startswith("http"):
        # A server that broke off may be gone altogether; then its other models are not worth an attempt each.
        locality = Locality(allowed_hosts=settings.allowed_hosts)
        gone = not await (probes or Probes()).listens(url, locality=locality)
    remaining = choice.decision.after(choice.candidate, whole_place=gone)
    if remaining.best is None:
        return _builtin(f"{choice.who} failed, and there is no other model")
    return _first(remaining, choice.survey)


def _first(decision: Decision, found: Survey) -> Choice:
    """Give the best model of an order, else the built-in rules."""
    against = (
        *((item.candidate.name, item.against) for item in decision.order[1:]),
        *((item.candidate.name, item.why) for item in decision.refused),
    )
    if decision.best is None:
        reason = _why_builtin(decision, found)
        absent = tuple((item.backend, item.why) for item in found.absent if item.backend != "mlx" or not against)
        return _builtin(reason, considered=against or absent)
    best = decision.best
    says = "; ".join(best.reasons)
    time = f" ({best.expected})" if best.expected else ""
    return Choice(
        backend=found.opened(best.candidate),
        model=best.candidate.name,
        reason=f"{best.candidate.name} on {best.candidate.backend} {says}{time}",
        considered=against,
        candidate=best.candidate,
        decision=decision,
        survey=found,
    )


def _why_builtin(decision: Decision, found: Survey) -> str:
    if decision.refused:
        if all(item.requirement == "memory" for item in decision.refused):
            return "no installed model fits the memory"
        first = decision.refused[0]
        more = f", and {len(decision.refused) - 1} more cannot either" if len(decision.refused) > 1 else ""
        return f"no installed model can be used: {first.candidate.name}: {first.why}{more}"
    if why := found.why_absent("ollama"):
        return f"no model can be used. {why}"
    return "Ollama has no model that can answer; `prentice models pull llama3.2` gets one"


async def _of_backend(settings: Settings, *, need: Need, policy: Policy, record: TrackRecord) -> Choice:
    """Choose among the models of the backend that the user named; nothing takes over when it fails.

    Raises:
        BackendError, ConfigError: it cannot be used, or has no model.
    """
    found = (await survey_of(settings.backend, settings)).with_record(record, kind=need.kind)
    decision = decide(need, found.candidates, hardware=found.hardware, policy=policy)
    best = _first(decision, found) if decision.best else _smallest(decision, found)
    if best is None:
        raise _no_model(settings)
    return Choice(backend=best.backend, model=best.model, reason=best.reason, considered=best.considered)


async def _named(settings: Settings, *, probes: Probes | None) -> Choice:
    """Give the model that the user named, at the backend that was named too, else at the first that has it.

    Raises:
        BackendError, ConfigError: no backend has it, or it cannot be used.
    """
    name, backend = settings.model, settings.backend
    if backend == "auto" or len(hosts_of(backend, settings)) > 1:
        there = await survey(settings, probes=probes, hardware=False)
        holders = [
            item for item in there.candidates if same_model(item.info, name) and backend in {"auto", item.backend}
        ]
        if holders:
            # The first that may, by the order of hosts; one that has the model in memory goes before.
            best = min(holders, key=lambda item: (bool(item.refusal), not item.resident))
            backend, settings = best.backend, there.places[best.place]
        elif backend == "auto":
            from prentice.backends.mlx.model_directory import directory_named  # noqa: PLC0415 - for a named model only

            backend = "mlx" if directory_named(name) else "ollama"
    if backend == "ollama":
        return await _named_at_ollama(settings)
    if backend == "mlx":
        from prentice.backends.mlx.opening import opened as mlx  # noqa: PLC0415 - only for who uses MLX

        await mlx(settings).check(name)
        return Choice(backend=mlx(settings), model=name, reason=f"{name} was asked for")
    from prentice.backends.openai.opening import opened as openai  # noqa: PLC0415 - brings the HTTP client with it

    server = openai(settings)
    try:
        await server.check(name)
    finally:
        await server.close()
    return Choice(backend=server, model=name, reason=f"{name} was asked for")


async def _named_at_ollama(settings: Settings) -> Choice:
    from prentice.backends.ollama.errors import model_not_found  # noqa: PLC0415 - with Ollama only

    backend, model = ollama_backend(settings), settings.model
    try:
        installed = await backend.installed()
    finally:
        await backend.close()
    Locality(allowed_remote_models=settings.allowed_remote_models).check_name(model)
    for item in installed:
        if full_name(item.info.name) == full_name(model):
            if item.refusal is not None:
                raise item.refusal
            if item.why_not:
                raise ModelUnsupportedError(
                    f"The model {model} cannot be used: {item.why_not}",
                    next_step="Choose another with `--model`; `prentice models` lists those installed.",
                )
            others = tuple(
                (other.info.name, other.why_not or "another was asked for") for other in installed if other is not item
            )
            return Choice(backend=backend, model=item.info.name, reason=f"{model} was asked for", considered=others)
    raise model_not_found(model, installed=[item.info.name for item in installed if not item.why_not])


def _smallest(decision: Decision, found: Survey) -> Choice | None:
    """Give the smallest model where all are refused for their size alone; the user wanted this backend."""
    large = [item for item in decision.refused if item.requirement in {"memory", "deadline"}]
    if not large:
        return None
    smallest = min(large, key=lambda item: item.candidate.info.size_bytes or 0).candidate
    return Choice(
        backend=found.opened(smallest),
        model=smallest.name,
        reason=f"{smallest.name} is the smallest of the installed models, none of which fits the memory and the time",
        considered=tuple((item.candidate.name, item.why) for item in decision.refused if item.candidate != smallest),
    )


def _no_model(settings: Settings) -> BackendError:
    """Give the error of a backend that is there and has no model."""
    if settings.backend == "ollama":
        from prentice.backends.ollama.errors import no_model  # noqa: PLC0415 - with Ollama only
        from prentice.backends.ollama.host import configured_url  # noqa: PLC0415 - as above

        return no_model(configured_url(settings.ollama_host))
    fetch = "`prentice models pull mlx-community/Qwen2.5-Coder-7B-Instruct-4bit`"
    return ModelNotFoundError(
        f"The backend {settings.backend} has no model that can answer.",
        next_step=f"Fetch one with {fetch}." if settings.backend == "mlx" else "Load a model in the server.",
    )


def _builtin(reason: str, *, considered: tuple[tuple[str, str], ...] = ()) -> Choice:
    from prentice.backends.builtin import MODEL, BuiltinBackend  # noqa: PLC0415 - not needed with a model

    return Choice(backend=BuiltinBackend(), model=MODEL, reason=reason, considered=considered)
