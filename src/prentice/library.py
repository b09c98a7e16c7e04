"""The library: one object over one directory, which every surface uses.

    import prentice

    project = prentice.open(".")
    plan = project.breakdown("Migrate Python MCP server to Go SDK")
    project.approve(plan.id)

Planning is imported when it is first used: reading and changing tasks stays quick.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from prentice import config
from prentice.config import Settings
from prentice.errors import NoProjectError, ProposalError, UsageError
from prentice.store.project import Project, find_project, init_project
from prentice.store.todo2_file import Todo2File, timestamp
from prentice.tasks import workflow
from prentice.tasks.edits import not_found
from prentice.tasks.record import Task
from prentice.tasks.rules import Actor
from prentice.tasks.todolist import TodoList

if TYPE_CHECKING:
    from prentice.ledger.runs_table import RunRow
    from prentice.runs.protocol import Event, RunState
    from prentice.skills.analyze import Assessment
    from prentice.skills.breakdown.approve import Approved
    from prentice.skills.breakdown.proposal import Proposal
    from prentice.skills.doctor import Finding
    from prentice.skills.estimate import Estimate
    from prentice.skills.ledgers import Ledgers
    from prentice.tasks.plan import RepositoryFacts


def open_project(
    directory: str | Path = ".",
    *,
    backend: str | None = None,
    model: str | None = None,
    actor: Actor = "script",
    options: Mapping[str, object] | None = None,
) -> "Prentice":
    """Open the project that a directory belongs to, or the directory itself where there is none.

    `actor` is who is recorded as deciding; `options` are further fields of `Settings`.

    Raises:
        UsageError: the directory does not exist.
        ConfigError: a settings file does not make sense.
    """
    path = Path(directory)
    if not path.is_dir():
        raise UsageError(f"{path} is not a directory.", next_step="Give the directory of the project: `--project DIR`.")
    project = find_project(path)
    given = {"backend": backend, "model": model, **(options or {})}
    settings = config.load(project.root if project else None, options=given)
    return Prentice(path.resolve(), project=project, settings=settings, actor=actor)


class Prentice:
    """Tasks, plans and assessments of one directory. Methods that end in `_async` are for a running event loop."""

    def __init__(self, directory: Path, *, project: Project | None, settings: Settings, actor: Actor) -> None:
        self.directory = directory
        self.project = project
        self.settings = settings
        self.actor: Actor = actor

    # -- tasks ---------------------------------------------------------------------------------------------------

    def init(self) -> list[str]:
        """Make what is missing of the project's files and give the paths that were made."""
        self.project, made = init_project(self.project.root if self.project else self.directory, now=timestamp())
        self._ledgers.project = self.project
        return made

    def tasks(self) -> TodoList:
        """Read the project's list.

        Raises:
            NoProjectError: there is no project here.
            StoreError: the file cannot be read.
        """
        return self._file().read()

    def task(self, task_id: str) -> Task:
        """Give one task.

        Raises:
            TaskNotFoundError: no task has the id.
        """
        tasks = self.tasks().tasks
        if task_id not in tasks:
            raise not_found(task_id, tasks)
        return tasks[task_id]

    def add(
        self,
        name: str,
        *,
        description: str = "",
        priority: str = "medium",
        tags: Sequence[str] = (),
        depends: Sequence[str] = (),
    ) -> Task:
        """Add a task.

        Raises:
            RuleError: a dependency does not exist.
            UsageError: the name is empty, or the priority is none of Todo2's.
        """
        return self._file().change(
            lambda editor: workflow.add(
                editor, name, description=description, priority=priority, tags=tags, depends=depends
            )
        )

    def edit(self, task_id: str, **fields: object) -> Task:
        """Change fields of a task: `name`, `description`, `priority`, `tags`, `dependencies`; None leaves a field.

        Raises:
            TaskNotFoundError, RuleError, UsageError: as for `add`.
        """
        return self._file().change(lambda editor: workflow.edit(editor, task_id, fields))

    def comment(self, task_id: str, content: str, *, kind: str = "note") -> Task:
        """Add a comment to a task and give the task.

        Raises:
            UsageError: the type is unknown or the comment empty.
            TaskNotFoundError: no task has the id.
        """
        return self._file().change(lambda editor: workflow.comment(editor, task_id, content, kind=kind))

    def set_status(self, task_id: str, status: str) -> Task:
        """Move a task, under the workflow rules.

        Raises:
            RuleError: the move is not allowed; `details["rule"]` says which rule.
            TaskNotFoundError: no task has the id.
        """
        return self._file().change(lambda editor: workflow.move(editor, task_id, status, actor=self.actor))

    def doctor(self) -> "list[Finding]":
        """Look over the machine and the project."""
        from prentice.skills.doctor import examine

        return examine(
            self.settings,
            root=self._root,
            read_tasks=self.tasks if self.project else None,
            open_ledger=lambda: self._ledgers.current()[0].path,
        )

    # -- judging -------------------------------------------------------------------------------------------------

    def analyze(self, task: str) -> "Assessment":
        """Judge a task, given by id or as free text: complexity, category, lane, reasons, questions, estimate."""
        return next(self.analyze_each([task]))

    def analyze_each(self, tasks: Sequence[str] = ()) -> "Iterator[Assessment]":
        """Judge tasks one after the other, all open ones of the project where none is named; reads the list once.

        Raises:
            TaskNotFoundError, TextError: for any of the names, before the first assessment.
            NoProjectError: none was named, and there is no project here.
        """
        from prentice.context import mentions
        from prentice.context.repository import survey
        from prentice.skills.analysis.policy import load_policy
        from prentice.skills.analyze import analyze

        todolist = self.tasks() if self.project or not tasks else TodoList({})
        known = todolist.tasks
        subjects = [self._subject_in(todolist, task) for task in tasks]
        subjects = subjects or [task for task in known.values() if task.is_open]
        policy = load_policy(self.settings.policy)
        dependents = Counter(need for task in known.values() for need in set(task.dependencies))
        surveys: dict[object, RepositoryFacts] = {}
        for subject in subjects:
            names = mentions.possible_paths(subject.text), mentions.symbols(subject.text)
            if names not in surveys:  # texts that name the same things of the repository share what was found
                surveys[names] = survey(self._root, subject.text)
            yield analyze(
                subject,
                repository=surveys[names],
                dependencies={need: known[need].status for need in subject.dependencies if need in known},
                policy=policy,
                dependents=dependents[subject.id],
            )

    def subject(self, task: str) -> Task:
        """Give the task that an argument means: the one with this id, else one made up from the free text."""
        return self._subject_in(self.tasks() if self.project else TodoList({}), task)

    def estimate(self, task: str) -> "Estimate":
        """Estimate the work of a task, given by id or as free text."""
        return self.analyze(task).estimate

    async def analyze_async(self, task: str) -> "Assessment":
        """Do `analyze` beside a running event loop."""
        import asyncio

        return await asyncio.to_thread(self.analyze, task)

    async def estimate_async(self, task: str) -> "Estimate":
        """Do `estimate` beside a running event loop."""
        import asyncio

        return await asyncio.to_thread(self.estimate, task)

    # -- planning ------------------------------------------------------------------------------------------------

    def breakdown(
        self,
        task: str,
        *,
        context: str = "",
        min_subtasks: int | None = None,
        max_subtasks: int | None = None,
        on_event: "Callable[[Event], None] | None" = None,
    ) -> "Proposal":
        """Plan a task, given by id or as free text, and keep the plan as a proposal.

        Raises:
            BreakdownRejectedError: no plan came that can be used.
            BackendError: the backend failed.
            TextError, TaskNotFoundError: the task cannot be planned for.
        """
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            pass
        else:
            raise UsageError(
                "`breakdown` was called on a running event loop.", next_step="Await `breakdown_async` there instead."
            )
        return asyncio.run(
            self.breakdown_async(
                task, context=context, min_subtasks=min_subtasks, max_subtasks=max_subtasks, on_event=on_event
            )
        )

    async def breakdown_async(
        self,
        task: str,
        *,
        context: str = "",
        min_subtasks: int | None = None,
        max_subtasks: int | None = None,
        on_event: "Callable[[Event], None] | None" = None,
    ) -> "Proposal":
        """Do `breakdown` on the running event loop; `on_event` is told of the run's id, its steps and its progress."""
        import asyncio

        from prentice.runs import protocol
        from prentice.runs.engine import InProcessRuns
        from prentice.runs.registry import Registry
        from prentice.skills.breakdown import run as breakdown_run
        from prentice.skills.services import Services

        settings = self._with_bounds(min_subtasks, max_subtasks)
        task_id, text = self._reference(task)
        registry: Registry[Services] = Registry()
        breakdown_run.register(registry)
        services = Services(
            directory=self._root,
            settings=settings,
            proposals=self._ledgers.proposals(),
            recorder=self._ledgers.calls(),
            todo2=self._file() if self.project else None,
        )
        async with services:
            runs = InProcessRuns(self._ledgers.runs(), registry, services)
            run = await runs.submit(
                breakdown_run.BREAKDOWN,
                {
                    "task": task_id,
                    "text": text,
                    "context_text": context,
                    "min_subtasks": settings.min_subtasks,
                    "max_subtasks": settings.max_subtasks,
                },
            )
            if on_event:
                on_event(protocol.Event(kind="started", data={"run": run}))
            watching = asyncio.create_task(_tell(runs.watch(run), on_event)) if on_event else None
            try:
                proposal_id = await runs.outcome(run)
            finally:
                if watching:
                    await watching
        return self.proposal(proposal_id)

    def run_state(self, run_id: str) -> "RunState":
        """Give a run as the ledger has it; the result of a finished breakdown is its proposal's id.

        Raises:
            RunError: there is none of that id here.
        """
        from prentice.errors import RunError
        from prentice.runs.protocol import RunState

        if self._ledgers.is_blank:  # reading makes no file
            raise RunError(f"There is no run {run_id} here.", next_step="Start one: `prentice breakdown TASK`.")
        row = self._ledgers.runs().get(run_id)
        return RunState(
            id=row.id, kind=row.kind, state=row.state, arguments=row.arguments, result=row.result, error=row.error
        )

    def runs(self, task_id: str) -> "list[RunRow]":
        """Give the runs made for a task, oldest first."""
        if self._ledgers.is_blank:
            return []
        return self._ledgers.runs().of_task(task_id)

    def proposals(self) -> list["Proposal"]:
        """Give the proposals made here, oldest first."""
        from prentice.skills.breakdown.proposal import Proposal

        if self._ledgers.is_blank:
            return []  # nothing was planned yet; reading makes no file
        return [Proposal.from_row(row) for row in self._ledgers.proposals().all()]

    def proposal(self, proposal_id: str) -> "Proposal":
        """Give one proposal.

        Raises:
            ProposalError: there is none of that id here.
        """
        from prentice.skills.breakdown.proposal import Proposal

        return Proposal.from_row(self._ledgers.proposals().get(proposal_id))

    def approve(self, proposal_id: str, *, only: Sequence[str] = (), edited: "Proposal | None" = None) -> "Approved":
        """Make a proposal's subtasks into tasks; again gives the same answer and makes nothing.

        `only` takes some of its keys; `edited` is the proposal with a changed plan. Outside a project, one is made.

        Raises:
            ProposalError, RuleError: it cannot be approved; nothing was changed.
        """
        from prentice.skills.breakdown.approve import approve, chosen_keys

        proposal = self.proposal(proposal_id)
        if edited is not None:
            if proposal.state == "approved":
                raise ProposalError(
                    f"{proposal_id} is approved already; its plan cannot change any more.",
                    next_step="Edit its tasks instead: `prentice edit TASK`.",
                )
            proposal = replace(proposal, subtasks=edited.subtasks)
        chosen_keys(proposal, only)
        if self.project is None:
            self.init()
        return approve(proposal, todo2=self._file(), proposals=self._ledgers.proposals(), actor=self.actor, only=only)

    async def approve_async(self, proposal_id: str, *, only: Sequence[str] = ()) -> "Approved":
        """Do `approve` beside a running event loop."""
        import asyncio

        return await asyncio.to_thread(self.approve, proposal_id, only=only)

    def reject(self, proposal_id: str, *, reason: str = "") -> "Proposal":
        """Set a proposal aside and give it.

        Raises:
            ProposalError: it was approved before, or does not exist.
        """
        from prentice.skills.breakdown.approve import reject

        reject(self.proposal(proposal_id), proposals=self._ledgers.proposals(), actor=self.actor, reason=reason)
        return self.proposal(proposal_id)

    # -- inside --------------------------------------------------------------------------------------------------

    @property
    def _root(self) -> Path:
        return self.project.root if self.project else self.directory

    def _file(self) -> Todo2File:
        if self.project is None:
            raise NoProjectError(
                f"There is no Todo2 project in {self.directory} or above it.",
                next_step="Run `prentice init` in the project's directory.",
            )
        return Todo2File(
            self.project.todo2_path,
            max_bytes=self.settings.max_file_mb * 1_000_000,
            wait=self.settings.lock_seconds,
        )

    def _reference(self, task: str, known: Mapping[str, Task] | None = None) -> tuple[str, str]:
        """Tell an id from free text: give (id, empty) or (empty, text). `known` are the tasks, where they were read."""
        from prentice.skills.task_text import check_text, looks_like_id

        if known is None:
            known = self.tasks().tasks if self.project else {}
        if task in known:
            return task, ""
        if looks_like_id(task):
            if self.project is None:
                self._file()
            raise not_found(task, known)
        return "", check_text(task)

    def _subject_in(self, todolist: TodoList, task: str) -> Task:
        """Give the task of the list, or one made up for a free text."""
        from prentice.skills.task_text import split_text

        task_id, text = self._reference(task, todolist.tasks)
        if task_id:
            return todolist.tasks[task_id]
        name, description = split_text(text)
        return Task(id="", name=name, description=description)

    def _with_bounds(self, low: int | None, high: int | None) -> Settings:
        low = self.settings.min_subtasks if low is None else low
        high = self.settings.max_subtasks if high is None else high
        if not 1 <= low <= high <= 20:
            raise UsageError(f"A plan cannot have {low} to {high} subtasks.", next_step="Choose 1 <= min <= max <= 20.")
        return replace(self.settings, min_subtasks=low, max_subtasks=high)

    @cached_property
    def _ledgers(self) -> "Ledgers":
        from prentice.skills.ledgers import Ledgers

        return Ledgers(self.directory, project=self.project)


async def _tell(events: "AsyncIterator[Event]", on_event: "Callable[[Event], None]") -> None:
    async for event in events:
        on_event(event)
