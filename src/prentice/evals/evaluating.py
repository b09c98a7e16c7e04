"""From a directory and a model's name to an evaluation: who is measured, on what, within which limits."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from prentice import __version__
from prentice.backends.router import Choice, choose
from prentice.config import MOST_SAMPLES, Settings
from prentice.errors import BackendError, PrenticeError, SandboxError, UsageError
from prentice.evals.case import OF_MODELS, PARTS, WITHOUT_MODEL, Case, Part, cases_of, digest
from prentice.evals.evaluation import Evaluation, Measured
from prentice.evals.measuring import Measuring, Progress
from prentice.evals.results import Results
from prentice.evals.seeded import seeded
from prentice.evals.stage import Stage
from prentice.ledger.database import Database
from prentice.ledger.migrations import RECORD
from prentice.library import Prentice
from prentice.prompts import template
from prentice.prompts.tuned import ModelKey
from prentice.skills.ledgers import Ledgers
from prentice.workspace.place import places, taken
from prentice.workspace.sandbox.choosing import chosen

BUILTIN: Final = "builtin"
_PURPOSE: Final = "execute"
_MOST_AT_ONCE: Final = 4
"""Cases at a time: an edit asks for several answers at once by itself."""
_SANDBOXED: Final[frozenset[Part]] = frozenset({"edit", "tools"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be measured: parts (all where none is named), at most so many cases of each, how, and since when."""

    parts: tuple[Part, ...] = ()
    most: int | None = None
    samples: int | None = None
    seed: int = 0
    resume: bool = False

    @property
    def is_all(self) -> bool:
        """Whether every case is wanted."""
        return not self.parts and self.most is None


def evaluate(
    project: Prentice,
    model: str,
    wanted: Wanted,
    *,
    on_begin: Callable[[Measured], None] = lambda _measured: None,
    on_progress: Callable[[Progress], None] = lambda _progress: None,
) -> Evaluation:
    """Measure a model, or Prentice itself where none is named: nothing of the directory is touched.

    `model` can be `builtin`. With no name, a backend that the settings of this call name says which model it has for
    code. Not on a running event loop.

    Raises:
        UsageError: nothing of what is wanted can be measured.
        SandboxError: all that is wanted needs a sandbox, and there is none.
        BackendError: the model cannot be used, or the backend failed; what was measured until then is kept.
        WriteFailedError, LedgerError, WorktreeError: the disk refused; the same.
    """
    return asyncio.run(_evaluate(project, model, wanted, on_begin=on_begin, on_progress=on_progress))


async def _evaluate(
    project: Prentice, model: str, wanted: Wanted, *, on_begin: Callable[[Measured], None],
    on_progress: Callable[[Progress], None],
) -> Evaluation:  # fmt: skip
    settings = _settings(project.settings, model=model, samples=wanted.samples)
    choice = await choose(settings, purpose=_PURPOSE)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(choice.backend)
        measured = await identified(choice)
        on_begin(measured)
        parts, not_measured = _parts(wanted, measured, settings)
        cases = cases_of(parts, most=wanted.most, seed=wanted.seed)
        at_once = _at_once(measured.backend, settings)
        versions = _versions(measured, cases)
        begun_with = {
            "measured": [measured.backend, measured.model, measured.quantization, measured.digest],
            "versions": {name: versions[name] for name in ("prentice", "templates")}, "seed": wanted.seed,
            "samples": settings.execute_samples,
        }  # fmt: skip
        key = ModelKey(name=measured.model, quantization=measured.quantization)
        results = Results(key, backend=measured.backend, begun_with=begun_with)
        results.resume() if wanted.resume else results.begin()
        place = stack.enter_context(taken(places()))
        database = Database(place / "runs.db", RECORD)
        stack.callback(database.close)
        stage = Stage(
            place=place, choice=replace(choice, backend=seeded(choice.backend, seed=wanted.seed)),
            settings=replace(settings, deadline_seconds=settings.deadline_seconds * at_once), database=database,
            recorder=Ledgers(project.directory, project=project.project).calls(settings),
        )  # fmt: skip
        measuring = Measuring(stage=stage, results=results, at_once=at_once, on_progress=on_progress)
        try:
            done = await measuring.all(cases)
        except PrenticeError as error:
            raise _with_way_on(error, results, cases, measured) from error
        found = Evaluation(
            measured=measured, at=_utc(), seed=wanted.seed, samples=settings.execute_samples, at_once=at_once,
            versions=versions, results=tuple(done), not_measured=not_measured,
        )  # fmt: skip
        if wanted.is_all:
            results.finish(found.document())
        return found


async def identified(choice: Choice) -> Measured:
    """Say who was chosen, as far as the backend tells."""
    host = str(getattr(choice.backend, "url", ""))
    if choice.candidate is not None:
        info = choice.candidate.info
    else:
        try:
            listed = await choice.backend.models()
        except BackendError:
            listed = []
        found = next((item for item in listed if item.name == choice.model), None)
        if found is None:
            return Measured(backend=choice.backend.name, model=choice.model, host=host)
        info = found
    return Measured(
        backend=choice.backend.name, model=choice.model, host=info.host or host, quantization=info.quantization,
        digest=info.digest,
    )  # fmt: skip


def _settings(settings: Settings, *, model: str, samples: int | None) -> Settings:
    if samples is not None and not 1 <= samples <= MOST_SAMPLES:
        raise UsageError(
            f"A model cannot be asked for {samples} answers.", next_step=f"Choose from 1 to {MOST_SAMPLES}."
        )
    settings = replace(settings, execute_samples=samples or settings.execute_samples)
    if model == BUILTIN or (not model and settings.backend == "auto"):
        return replace(settings, backend=BUILTIN, model="")
    return replace(settings, model=model or settings.model)


def _parts(
    wanted: Wanted, measured: Measured, settings: Settings
) -> tuple[tuple[Part, ...], tuple[tuple[str, str], ...]]:
    """Give the parts that can be measured, and those that cannot, with the reason.

    Raises:
        UsageError: none can be measured.
        SandboxError: none can be measured without a sandbox.
    """
    is_model = measured.backend != BUILTIN
    able = OF_MODELS if is_model else WITHOUT_MODEL
    asked = wanted.parts or tuple(part for part in PARTS if part in OF_MODELS or not is_model)
    why = "it is done by tools, without a model: `prentice eval --only tools`" if is_model else "needs a model"
    not_measured = [(str(part), why) for part in asked if part not in able]
    parts = [part for part in asked if part in able]
    if _SANDBOXED.intersection(parts):
        try:
            chosen(required=settings.checks_sandbox == "required")
        except SandboxError as error:
            if not set(parts) - _SANDBOXED:
                raise
            not_measured += [(part, f"{error.message} {error.next_step}") for part in parts if part in _SANDBOXED]
            parts = [part for part in parts if part not in _SANDBOXED]
    if not parts:
        name, why = not_measured[0]
        raise UsageError(
            f"Nothing can be measured: {name}: {why}.",
            next_step="Leave `--only` out." if is_model else "Name a model: `prentice eval MODEL`.",
        )
    return tuple(parts), tuple(not_measured)


def _at_once(backend: str, settings: Settings) -> int:
    limits = {
        "ollama": settings.ollama_max_in_flight, "openai": settings.openai_max_in_flight, "mlx": settings.mlx_parallel,
    }  # fmt: skip
    return min(_MOST_AT_ONCE, limits.get(backend, _MOST_AT_ONCE))


def _versions(measured: Measured, cases: Sequence[Case]) -> dict[str, object]:
    key = ModelKey(name=measured.model, quantization=measured.quantization)
    templates = {name: template.find(name, model=key).version for name in template.names()}
    return {"prentice": __version__, "cases": digest(cases), "templates": templates}


def _with_way_on(error: PrenticeError, results: Results, cases: Sequence[Case], measured: Measured) -> PrenticeError:
    """Add to an error how much is kept, and how to go on."""
    kept = sum(results.get(case.name, case.digest) is not None for case in cases)
    error.next_step = f"{error.next_step} {way_on(kept, len(cases), measured)}"
    error.details |= {"kept": kept, "of": len(cases)}
    return error


def way_on(kept: int, of: int, measured: Measured | None) -> str:
    """Say how much of an evaluation is kept, and how to go on with it."""
    name = "" if measured is None or measured.backend == BUILTIN else f" {measured.model}"
    return f"{kept} of {of} cases are measured and kept; `prentice eval{name} --resume` goes on with the others."


def _utc() -> str:
    return datetime.fromtimestamp(time.time(), tz=UTC).isoformat(timespec="seconds")
