"""Where cases are carried out: a repository of its own for each, and the product's own runs in it.

The bodies, steps, guards, formats and checks are those of every other run. Three things differ. The model is the one
that is measured, for every purpose. The record of earlier work is left out, so that no case depends on what was done
before it. And a model is not spared any case: the deterministic tools are left out where one is measured.
"""

import asyncio
import shlex
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from prentice.backends.protocol import CallRecord, Recorder, TextKeeper
from prentice.backends.router import Choice
from prentice.config import Settings
from prentice.errors import WorktreeError
from prentice.evals.case import Case
from prentice.ledger.database import Database
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.proposals_table import ProposalsTable
from prentice.ledger.runs_table import RunsTable
from prentice.runs.engine import DurableRuns
from prentice.runs.protocol import Json, StepContext
from prentice.runs.registry import Registry
from prentice.skills.breakdown import run as breakdown_run
from prentice.skills.execute import run as execute_run
from prentice.skills.execute.services import ExecutionServices, in_thread
from prentice.skills.optimize import run as optimize_run
from prentice.workspace.git import Git
from prentice.workspace.place import remove

if TYPE_CHECKING:
    from prentice.skills.services import Services

PURPOSE: Final = "eval"
"""Under which the user's record keeps the calls of an evaluation: not as the work that they stand for."""
TESTING: Final = (sys.executable, "-m", "unittest")
_READABLE: Final = (sys.prefix, sys.base_prefix)
_IDENTITY: Final = (
    ("user.name", "prentice"), ("user.email", "prentice@localhost"), ("commit.gpgsign", "false"),
    ("init.defaultBranch", "main"),
)  # fmt: skip
_AT_ONCE: Final = 2
"""Repositories whose tests run at the same time."""


@dataclass(slots=True)
class Calls:
    """A recorder that keeps the calls of one case, and hands them on."""

    inner: Recorder
    made: list[CallRecord] = field(default_factory=list)

    def call(self, record: CallRecord) -> None:
        """Keep one record."""
        self.made.append(record)
        if record.backend not in {"builtin", "scripted"}:
            self.inner.call(replace(record, purpose=PURPOSE))

    def keep_texts(self, *, prompt_digest: str, model: str, prompt: str, reply: str) -> None:
        """Hand on the texts of one call, where the user keeps texts."""
        if isinstance(self.inner, TextKeeper):
            self.inner.keep_texts(prompt_digest=prompt_digest, model=model, prompt=prompt, reply=reply)


@dataclass(slots=True, kw_only=True)
class MeasuredServices(ExecutionServices):
    """The outside of a run whose model is given."""

    given: Choice

    async def choice(self, purpose: str, *, preferred_backend: str = "") -> Choice:
        """Give the model that is measured, whatever the purpose."""
        del purpose, preferred_backend
        return self.given


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One case being carried out: its directory, and what carries its runs."""

    root: Path
    services: MeasuredServices
    runs: DurableRuns[ExecutionServices]
    table: RunsTable

    async def carry(self, kind: str, arguments: Mapping[str, Json]) -> tuple[str, Json]:
        """Carry a run to its end; give its id and its result.

        Raises:
            PrenticeError: what ended the run.
        """
        run = await self.runs.submit(kind, arguments)
        return run, await self.runs.outcome(run)

    def step(self, name: str, *, run: str = "R-1", n: int = 1) -> Any:  # noqa: ANN401 - whatever the step gave
        """Give the result of a step, the n-th of its name; None where it was not done."""
        found = self.table.step_result(run, name, n)
        return found[0] if found else None


@dataclass(slots=True, kw_only=True)
class Stage:
    """What all cases of an evaluation share. `place` is a directory of our own that is removed in the end."""

    place: Path
    choice: Choice
    settings: Settings
    database: Database
    recorder: Recorder
    checking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    @property
    def has_model(self) -> bool:
        """Whether a model is measured, and not the rules."""
        return self.choice.backend.name != "builtin"

    @asynccontextmanager
    async def bench(self, case: Case, calls: Calls) -> AsyncIterator[Bench]:
        """Make the repository of a case, and what carries its runs; all of it is gone afterwards.

        Raises:
            WorktreeError: git is missing, or the disk refused.
        """
        root = self.place / f"{case.part}-{case.id}"
        await in_thread(lambda _stopped: repository(root, case.files))
        services = MeasuredServices(
            directory=root, settings=self._settings(), proposals=ProposalsTable(self.database, case.name),
            executions=ExecutionsTable(self.database, case.name), recorder=calls, given=self.choice,
            verifying=self.checking,
        )  # fmt: skip
        table = RunsTable(self.database, case.name)
        try:
            async with (
                services,
                DurableRuns(table, self._registry(), lambda _run, _options: nullcontext(services)) as runs,
            ):
                yield Bench(root=root, services=services, runs=runs, table=table)
        finally:
            await in_thread(lambda _stopped: remove(root))

    def _settings(self) -> Settings:
        """Give the user's settings, with the checks of the cases' repositories in place of a project's own."""
        return replace(
            self.settings,
            checks_commands=(f"test: {shlex.join(TESTING)}",),
            checks_readable=(*self.settings.checks_readable, *_READABLE),
            min_subtasks=3,
            max_subtasks=8,
        )

    def _registry(self) -> Registry[ExecutionServices]:
        registry: Registry[ExecutionServices] = Registry()
        execute_run.register(registry)
        breakdown_run.register(cast("Registry[Services]", registry))
        optimize_run.register(cast("Registry[Services]", registry))
        if self.has_model:
            registry.add_step("execute.tools", _no_tools, acts=False)
        return registry


async def _no_tools(context: StepContext[ExecutionServices], *, facts: Json) -> Json:
    """Leave the tools out: it is the model that is measured."""
    del context, facts
    return {"declined": []}


def repository(root: Path, files: Mapping[str, str]) -> Path:
    """Make a repository with one commit of these files.

    Raises:
        WorktreeError: git is missing, or the disk refused.
    """
    try:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorktreeError(
            f"The repository of a case cannot be made in {root}: {error.strerror or error}.",
            next_step="Free disk space there, or set PRENTICE_HOME to a directory that can be written.",
        ) from error
    git = Git(directory=root, overrides=_IDENTITY)
    git.ask("init", "--quiet")
    if files:
        git.ask("add", "--all")
    git.ask("commit", "--quiet", "--allow-empty", "--message=first")
    return root
