"""Optimizing prompts: free texts and tasks."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from prentice.errors import RunError, UsageError
from prentice.library.finishing import finished
from prentice.library.planning import Planning
from prentice.library.running import wishes_of

if TYPE_CHECKING:
    from prentice.ledger.runs_table import Submission
    from prentice.runs.protocol import Event, Json
    from prentice.skills.optimize.optimization import Optimization
    from prentice.skills.services import Services
    from prentice.tasks.record import Task


class Optimizing(Planning):
    """From a prompt to a better one, or to the questions that it leaves open."""

    def optimize(
        self,
        prompt: str,
        *,
        context: str = "",
        answers: Mapping[str, str] | None = None,
        max_calls: int | None = None,
        on_event: "Callable[[Event], None] | None" = None,
    ) -> "Optimization":
        """Optimize a prompt, given as text or as the id of a task; nothing is changed.

        `answers` are the user's, by what a question is `about`; `max_calls` bounds the calls to a model.

        Raises:
            TextError, TaskNotFoundError: there is nothing here to work on.
            BackendError: the backend that the user named failed.
        """
        return finished(
            lambda: self.optimize_async(
                prompt, context=context, answers=answers, max_calls=max_calls, on_event=on_event
            ),
            method="optimize",
        )

    async def optimize_async(
        self,
        prompt: str,
        *,
        context: str = "",
        answers: Mapping[str, str] | None = None,
        max_calls: int | None = None,
        on_event: "Callable[[Event], None] | None" = None,
    ) -> "Optimization":
        """Do `optimize` on the running event loop; `on_event` is told of the run's id, its steps and its progress."""
        from prentice.skills.optimize import run as optimize_run
        from prentice.skills.optimize.optimization import Optimization
        from prentice.skills.optimize.prompt import check_prompt, prompt_of

        task_id = self.task_id(prompt)
        task = self.task(task_id) if task_id else None
        arguments: dict[str, object] = {
            "task": task_id,
            "text": prompt_of(task) if task else check_prompt(prompt),
            "context": context,
            "answers": dict(answers or {}),
            "preferred_backend": task.preferred_backend if task else "",
            "max_calls": optimize_run.MAX_CALLS if max_calls is None else max_calls,
            "seconds": self.settings.deadline_seconds,
        }
        return Optimization(await self._carried(arguments, on_event))

    def answer(self, run_id: str, answers: Mapping[str, str], *, context: str = "") -> str:
        """Answer what an optimization left open, and give the id of the run that goes on; a worker carries it.

        `answers` are known by what a question is `about`. The same answers again give the same run; other ones, or
        another context, are other work. Who goes on is as for `request_changes`.

        Raises:
            RunError: there is no such run, it asks nothing, or not yet.
            TextError: an answer is to no question of that run, or too long; or all are empty.
        """
        asked = self._answered(run_id, answers, context=context)
        if self.names_backend:
            asked = replace(asked, options=wishes_of(self.settings))
        submitted = self._ledgers.runs().submit(asked)
        self.see_to_a_worker()
        return submitted.id

    def _answered(self, run_id: str, answers: Mapping[str, str], *, context: str = "") -> "Submission":
        from prentice.ledger.runs_table import Submission
        from prentice.skills.optimize.answers import checked_answers
        from prentice.skills.optimize.run import OPTIMIZE

        row = self._run(run_id)
        if row.kind != OPTIMIZE or row.state != "finished":
            raise RunError(
                f"{run_id} has asked nothing: it is {row.state}.",
                next_step=f"`prentice runs show {run_id}` says how it stands.",
            )
        before: dict[str, str] = row.arguments["answers"]
        known = before | checked_answers(answers, open_ones=row.result["questions"], before=before)
        digest = hashlib.sha256(json.dumps([known, context], sort_keys=True).encode()).hexdigest()
        return Submission(
            kind=row.kind,
            arguments={**row.arguments, "answers": known, **({"context": context} if context else {})},
            options=self._wishes_after(row),
            idempotency=f"answers {run_id} {digest}",
        )

    async def _carried(self, arguments: "Mapping[str, object]", on_event: "Callable[[Event], None] | None") -> "Json":
        """Carry the run to its end and give its document."""
        from prentice.runs.registry import Registry
        from prentice.skills.optimize import run as optimize_run

        registry: Registry[Services] = Registry()
        optimize_run.register(registry)
        async with self._engine(registry, lambda: self._services(self.settings), settings=self.settings) as runs:
            return await self._outcome(runs, optimize_run.OPTIMIZE, arguments, on_event)

    def apply_optimized(self, task_id: str, optimized: "Optimization") -> "Task":
        """Write an optimized text to its task; the description as it was stays in the task's `changes`.

        Raises:
            UsageError: the task's text has changed since, so that the answer is to another question.
            TaskNotFoundError: no task has the id.
        """
        from prentice.skills.optimize.prompt import description_of, prompt_of

        task = self.task(task_id)
        if prompt_of(task) != optimized.original:
            raise UsageError(
                f"{task_id} has changed since it was optimized.", next_step=f"Run `prentice optimize {task_id}` again."
            )
        if not optimized.accepted:
            return task
        return self.edit(task_id, description=description_of(task, optimized.optimized))

    def write_optimized(self, run_id: str) -> "Task":
        """Write what an optimization of a task came to, known by its run, to the task.

        Raises:
            RunError: there is no such run, or it has no text for a task.
            UsageError, TaskNotFoundError: as for `apply_optimized`.
        """
        from prentice.skills.optimize.optimization import Optimization
        from prentice.skills.optimize.run import OPTIMIZE

        row = self._run(run_id)
        if row.kind != OPTIMIZE or row.state != "finished" or not row.arguments["task"]:
            raise RunError(
                f"{run_id} has no text for a task.", next_step=f"`prentice runs show {run_id}` says what it is."
            )
        return self.apply_optimized(row.arguments["task"], Optimization(row.result))

    def task_id(self, prompt: str) -> str:
        """Give the id where an argument means a task, else nothing.

        Raises:
            TaskNotFoundError, NoProjectError: it has the form of an id, and is none here.
        """
        from prentice.skills.task_text import looks_like_id

        named = prompt.strip(" \t")
        if "\n" in prompt or not looks_like_id(named):
            known = self.tasks().tasks if self.project and len(prompt.split()) == 1 else {}
            return named if named in known else ""
        return self._reference(named)[0]
