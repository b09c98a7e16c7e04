"""Carrying out tasks: executions, and the decisions on what they propose."""

from collections.abc import Collection, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from prentice.errors import LockedError, RunError, UsageError, WriteFailedError
from prentice.library.finishing import finished
from prentice.library.models import Models
from prentice.library.optimizing import Optimizing
from prentice.library.running import settings_with, wishes_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from prentice.ledger.executions_table import ExecutionsTable
    from prentice.ledger.runs_table import Submission
    from prentice.runs.protocol import Json
    from prentice.skills.execute.reviewing import Reviewing
    from prentice.skills.execute.services import ExecutionServices
    from prentice.skills.execute.several import Listener, Wish
    from prentice.tasks.record import Task


class Executing(Optimizing, Models):
    """From a simple task to a change that waits for review."""

    def execute(
        self,
        tasks: str | Sequence[str] = (),
        *,
        ready: bool = False,
        apply: bool = False,
        format: str = "",  # noqa: A002 - the word that users know it by
        samples: int | None = None,
        anyway: bool = False,
        uncommitted: bool = False,
        on_event: "Listener | None" = None,
    ) -> list[dict[str, Any]]:
        """Carry out tasks, given by id or as free text, and give a document for each (docs/executing.md).

        `ready` takes all tasks of the project that can be started now and are simple enough. `apply` lets the gate put
        a change into the user's files; without it every change waits for review. `format` is an edit format, `samples`
        how many answers a model gives, `anyway` goes on where the analyzer would not, `uncommitted` starts from the
        files as they are instead of the last commit. `on_event` is told of each task's run, its steps and its progress.

        Raises:
            UsageError: the options make no sense.
            PrenticeError: a single task could not be tried. Of several, each that could not has the state `failed`.
        """
        return finished(
            lambda: self.execute_async(
                tasks, ready=ready, apply=apply, format=format, samples=samples, anyway=anyway,
                uncommitted=uncommitted, on_event=on_event,
            ),
            method="execute",
        )  # fmt: skip

    async def execute_async(
        self,
        tasks: str | Sequence[str] = (),
        *,
        ready: bool = False,
        apply: bool = False,
        format: str = "",  # noqa: A002 - as above
        samples: int | None = None,
        anyway: bool = False,
        uncommitted: bool = False,
        on_event: "Listener | None" = None,
        attempt_of: str = "",
        comment: str = "",
    ) -> list[dict[str, Any]]:
        """Do `execute` on the running event loop; `attempt_of` is a run to be tried again, with a `comment` on it."""
        import asyncio

        from prentice.runs.registry import Registry
        from prentice.skills.execute import run as execute_run
        from prentice.skills.execute.choosing_format import format_named
        from prentice.skills.execute.several import AT_ONCE, Carrier

        given = [tasks] if isinstance(tasks, str) else list(tasks)
        arguments = {
            "apply": apply, "format": format_named(format).value if format else "", "samples": self._samples(samples),
            "anyway": anyway, "uncommitted": uncommitted, "attempt_of": attempt_of, "comment": comment,
        }  # fmt: skip
        if self.project:
            await asyncio.to_thread(self._settled)
        wishes = await asyncio.to_thread(self._wishes, given, ready=ready)
        if not wishes:
            return []
        registry: Registry[ExecutionServices] = Registry()
        execute_run.register(registry)
        async with (
            self._execution_services() as services,
            self._engine(
                registry, lambda: nullcontext(services), settings=self.settings, slots=AT_ONCE, others=self._services_of
            ) as runs,
        ):
            carrier = Carrier(runs=runs, services=services, arguments=arguments, on_event=on_event)
            if len(wishes) == 1:
                return [await carrier.one(wishes[0], uncommitted=uncommitted)]
            return await carrier.all(wishes)

    def reviews(self, *, waiting: bool = False) -> list[dict[str, Any]]:
        """Give the documents of the executions made here, oldest first; `waiting` gives those that are undecided."""
        if self._ledgers.is_blank:
            return []
        rows = self._reviewing().all(waiting=waiting)
        return [{**row.document, "run_id": row.run, "state": row.state} for row in rows]

    def review(self, run_id: str) -> dict[str, Any]:
        """Give an execution as it stands: its document, its hunks, and every decision on it.

        Raises:
            RunError: no execution has the id.
        """
        return self._reviewing().show(run_id).document()

    def approve_change(self, run_id: str, *, hunks: Collection[tuple[str, int]] | None = None) -> dict[str, Any]:
        """Say yes to a change, or to some of its hunks, named by path and number; `apply` puts it into the files.

        Outside a project, one is made.

        Raises:
            RunError: no execution has the id.
            ReviewError, UsageError: it cannot be approved so, or not by this actor.
        """
        self._made_a_project_for(run_id, hunks=hunks)
        return self._reviewing().approve(run_id, hunks=hunks).document()

    def add_finding(self, run_id: str, number: int) -> "Task":
        """Make a task of a finding of a review of code, known by its number from 1; an open task of that name is given.

        Raises:
            RunError: no execution has the id.
            UsageError: it has no such finding.
        """
        from prentice.skills.code_review.finding import Finding, finding_task

        found = self.review(run_id).get("findings", ())
        if not 1 <= number <= len(found):
            has = f"{len(found)} findings" if len(found) != 1 else "one finding"
            raise UsageError(
                f"{run_id} has no finding {number}; it has {has if found else 'none'}.",
                next_step=f"`prentice review {run_id}` shows them with their numbers.",
            )
        fields = finding_task(Finding.from_document(found[number - 1]))
        open_tasks = self.tasks().tasks.values() if self.project else ()
        same = next((task for task in open_tasks if task.is_open and task.name == fields["name"]), None)
        return same or self.add(**fields)

    def reject_change(self, run_id: str, *, reason: str = "") -> dict[str, Any]:
        """Say no to a change.

        Raises:
            RunError: no execution has the id.
            ReviewError: it is applied, or this actor may not.
        """
        return self._reviewing().reject(run_id, reason=reason).document()

    def request_changes(self, run_id: str, comment: str, *, on_event: "Listener | None" = None) -> dict[str, Any]:
        """Send a change back with a comment, and give the document of the run that tries again.

        The same backend and model try again, unless the project was opened with others by name.

        Raises:
            RunError: no execution has the id.
            ReviewError: it is applied, or the comment is empty.
            PrenticeError: as for `execute`.
        """
        return finished(
            lambda: self.request_changes_async(run_id, comment, on_event=on_event), method="request_changes"
        )

    async def request_changes_async(
        self, run_id: str, comment: str, *, on_event: "Listener | None" = None
    ) -> dict[str, Any]:
        """Do `request_changes` on the running event loop."""
        import asyncio

        row = self._ledgers.runs().get(run_id)
        before = row.arguments
        await asyncio.to_thread(self._wishes, [before["task"] or before["text"]], ready=False)
        standing = await asyncio.to_thread(self._reviewing().request_changes, run_id, comment)
        again = copy(self)
        if not self.names_backend:
            again.settings = settings_with(self.settings, self._wishes_after(row))
        [document] = await again.execute_async(
            standing.task or before["text"], format=before["format"], samples=before["samples"],
            uncommitted=before["uncommitted"], on_event=on_event, attempt_of=standing.run, comment=comment,
        )  # fmt: skip
        return document

    def send_back(self, run_id: str, comment: str) -> str:
        """Send a change back with a comment, and give the id of the run that tries again; a worker carries it.

        The same comment again gives the same run. Who tries again is as for `request_changes`.

        Raises:
            RunError: no execution has the id.
            ReviewError: it is applied, or the comment is empty.
            TaskNotFoundError: its task is gone.
        """
        asked = self._sent_back(run_id, comment)
        if self.names_backend:
            asked = replace(asked, options=wishes_of(self.settings))
        submitted = self._ledgers.runs().submit(asked)
        self.see_to_a_worker()
        return submitted.id

    def apply(self, run_id: str) -> dict[str, Any]:
        """Put a change into the user's files; one that nobody decided on is approved by this.

        Outside a project, one is made.

        Raises:
            RunError: no execution has the id.
            ReviewError: it cannot be applied, or not by this actor.
            ApplyConflictError: files are not what the change starts from; nothing was changed.
        """
        self._made_a_project_for(run_id)
        return self._reviewing().apply(run_id).document()

    def undo(self, run_id: str) -> dict[str, Any]:
        """Take an applied change out of the files again, exactly.

        Raises:
            RunError: no execution has the id.
            ReviewError: it was not applied, or this actor may not.
            UndoRefusedError: files were edited since; nothing was changed.
        """
        return self._reviewing().undo(run_id).document()

    def _made_a_project_for(self, run_id: str, *, hunks: Collection[tuple[str, int]] | None = None) -> None:
        """Make the directory a project, which takes over its runs, where the change can be approved.

        Raises:
            RunError: no execution has the id.
            ReviewError, UsageError: the change cannot be approved so, or not by this actor.
        """
        if self.project is None:
            self._reviewing().check_approvable(run_id, hunks=hunks)
            self.init()

    def _settled(self) -> None:
        """Let the files settle first, where a killed process left a change half applied; unless somebody is at it."""
        with suppress(LockedError, WriteFailedError):
            self._reviewing().settle(wait=0)

    def _reviewing(self) -> "Reviewing":
        from prentice.skills.execute.reviewing import Reviewing

        return Reviewing(
            root=self._root,
            executions=self._executions(),
            settings=self.settings,
            actor=self.actor,
            todo2=self._file() if self.project else None,
            record=self._ledgers.track_record(),
            worker=self._worker_name(None),
        )

    def _sent_back(self, run_id: str, comment: str) -> "Submission":
        """Send a change back, once it is known that its task is still there, and give the run that tries again.

        It is done by the backend and the model that the first attempt was to be done by.
        """
        from prentice.ledger.runs_table import Submission
        from prentice.skills.execute.run import EXECUTE

        row = self._run(run_id)
        if row.kind == EXECUTE and row.state != "finished":
            raise RunError(
                f"{run_id} has come to no change: it is {row.state}.",
                next_step=f"`prentice runs show {run_id}` says why; carry out the task anew.",
            )
        [wish] = self._wishes([row.arguments["task"] or row.arguments["text"]], ready=False)
        standing = self._reviewing().request_changes(run_id, comment)
        return Submission(
            kind=row.kind,
            arguments={**row.arguments, "apply": False, "attempt_of": standing.run, "comment": comment},
            options=self._wishes_after(row),
            touches=wish.foreseen.touches,
            idempotency=f"attempt {standing.run} {comment}",
        )

    def _wishes(self, given: Sequence[str], *, ready: bool) -> "list[Wish]":
        """Give what is to be carried out, with the files that each task names.

        Raises:
            UsageError: nothing was named.
            TaskNotFoundError, TextError: there is no such task.
        """
        from prentice.context.repository import survey
        from prentice.skills.execute.gathering import named_files
        from prentice.skills.execute.ordering import Foreseen
        from prentice.skills.execute.several import Wish

        if not given and not ready:
            raise UsageError(
                "No task was named.", next_step="Name tasks by id or text, or take all that are ready: `--ready`."
            )
        todolist = self.tasks() if self.project else None
        references = [(task, *self._reference(task, todolist.tasks if todolist else {})) for task in given]
        if ready:
            named = {task_id for _, task_id, _ in references}
            waiting = [task.id for task in self.tasks().ready() if task.id not in named]
            judged = self.analyze_each(waiting) if waiting else ()
            references += [(its.task, its.task, "") for its in judged if its.can_auto_execute]
        wishes = []
        for task, task_id, text in dict.fromkeys(references):
            subject = todolist.tasks[task_id] if todolist and task_id else None
            seen = survey(self._root, subject.text if subject else text)
            missing = {path.written for path in seen.named_paths if not path.found}
            foreseen = Foreseen(
                id=task_id,
                dependencies=todolist.blockers(subject) if todolist and subject else (),
                files=frozenset({*named_files(seen), *missing}),
            )
            wishes.append(Wish(given=task, task=task_id, text=text, foreseen=foreseen))
        return wishes

    def _executions(self) -> "ExecutionsTable":
        from prentice.ledger.executions_table import ExecutionsTable

        return ExecutionsTable(*self._ledgers.current())

    def _samples(self, samples: int | None) -> int:
        from prentice.config import MOST_SAMPLES

        wanted = self.settings.execute_samples if samples is None else samples
        if not 1 <= wanted <= MOST_SAMPLES:
            raise UsageError(
                f"A model cannot be asked for {wanted} answers.", next_step=f"Choose from 1 to {MOST_SAMPLES}."
            )
        return wanted

    def _execution_services(self) -> "ExecutionServices":
        from prentice.skills.execute.services import ExecutionServices

        return ExecutionServices(
            directory=self._root,
            settings=self.settings,
            proposals=self._ledgers.proposals(),
            executions=self._executions(),
            recorder=self._recorder(self.settings),
            todo2=self._file() if self.project else None,
            record=self._ledgers.track_record(),
            probes=self._probes(),
            index_path=self.project.ledger_path.with_name("index.db") if self.project else None,
            worker=self._worker_name(None),
            lease=self.settings.workflow_lease_minutes,
            workflow=self._workflow,
        )

    @asynccontextmanager
    async def _services_of(self, run: str, options: "Json") -> "AsyncIterator[ExecutionServices]":
        """Give the services of a run as it was submitted: its wishes over the settings of this process."""
        services = self._execution_services()
        async with replace(services, settings=settings_with(self.settings, options)) as opened:
            try:
                yield opened
            finally:
                await opened.close_run(run)
