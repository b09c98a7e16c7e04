"""The library as a server uses it: runs are submitted, carried beside the calls, and asked for later."""

# ruff: noqa: PLC0415 - what plans and carries out is loaded by the first call that needs it, not by the start

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from prentice.errors import TextError, UsageError
from prentice.library import Prentice
from prentice.library.running import wishes_of

if TYPE_CHECKING:
    from prentice.ledger.runs_table import RunRow, RunsTable
    from prentice.runs.engine import DurableRuns
    from prentice.skills.execute.services import ExecutionServices

_MOST_PROMPT: Final = 400_000
"""Characters; about 130,000 tokens, the longest window of the models that people run themselves."""
_MOST_MODEL: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A run that is to be submitted; `touches` orders it behind earlier runs of the same files and tasks.

    `options` are the settings that it is carried with; None for those that hold now.
    """

    kind: str
    arguments: Mapping[str, Any]
    touches: Sequence[str] = ()
    idempotency: str | None = None
    options: Mapping[str, Any] | None = None


class Served(Prentice):
    """A directory whose work is submitted. Every method gives the `Work`, after a look at what was asked for."""

    def planning(self, task: str, *, context: str = "", low: int | None = None, high: int | None = None) -> Work:
        """Give the work of a breakdown.

        Raises:
            TextError, TaskNotFoundError, UsageError: it cannot be planned for.
        """
        from prentice.skills.breakdown.run import BREAKDOWN

        settings = self._with_bounds(low, high)
        task_id, text = self._reference(task)
        bounds = {"min_subtasks": settings.min_subtasks, "max_subtasks": settings.max_subtasks}
        return Work(kind=BREAKDOWN, arguments={"task": task_id, "text": text, "context_text": context, **bounds})

    def executing(
        self, tasks: Sequence[str], *, apply: bool, format_name: str = "", samples: int | None = None
    ) -> list[Work]:
        """Give the work of executions, in the order in which they are to be submitted.

        Raises:
            TextError, TaskNotFoundError, UsageError: one of them cannot be carried out.
        """
        from prentice.skills.execute.choosing_format import format_named
        from prentice.skills.execute.ordering import order
        from prentice.skills.execute.run import EXECUTE

        if self.project:
            self._settled()
        wishes = self._wishes(tasks, ready=False)
        usual = {
            "apply": apply, "format": format_named(format_name).value if format_name else "",
            "samples": self._samples(samples), "anyway": False, "attempt_of": "", "comment": "",
        }  # fmt: skip
        work = []
        for number, waits in order([wish.foreseen for wish in wishes]):
            wish = wishes[number]
            foreseen = wish.foreseen
            touches = dict.fromkeys((*foreseen.touches, *(f"task {task}" for task in foreseen.dependencies)))
            # What the gate applies before is in the user's files, and in no commit.
            mine = {"task": wish.task, "text": wish.text, "uncommitted": apply and bool(waits)}
            work.append(Work(kind=EXECUTE, arguments={**usual, **mine}, touches=[*touches]))
        return work

    def attempting(
        self, run_id: str, comment: str, *, is_renamed: bool = False, format_name: str = "", samples: int | None = None
    ) -> Work:
        """Send a change back, and give the work of the next attempt, by the same backend and model.

        `is_renamed` says that this call names others; a format and a number of samples hold for the attempt too.

        Raises:
            RunError, ReviewError, TaskNotFoundError: as for the library's `send_back`.
        """
        from prentice.skills.execute.choosing_format import format_named

        asked = self._sent_back(run_id, comment)
        arguments = dict(asked.arguments)
        if format_name:
            arguments["format"] = format_named(format_name).value
        if samples is not None:
            arguments["samples"] = self._samples(samples)
        return Work(
            kind=asked.kind, arguments=arguments, touches=asked.touches, idempotency=asked.idempotency,
            options=self.wishes if is_renamed else asked.options,
        )  # fmt: skip

    def optimizing(self, prompt: str, *, context: str = "") -> Work:
        """Give the work of an optimization.

        Raises:
            TextError, TaskNotFoundError: there is nothing to work on.
        """
        from prentice.skills.optimize.prompt import check_prompt, prompt_of
        from prentice.skills.optimize.run import MAX_CALLS, OPTIMIZE

        task_id = self.task_id(prompt)
        task = self.task(task_id) if task_id else None
        arguments = {
            "task": task_id, "text": prompt_of(task) if task else check_prompt(prompt), "context": context,
            "answers": {}, "preferred_backend": task.preferred_backend if task else "", "max_calls": MAX_CALLS,
            "seconds": self.settings.deadline_seconds,
        }  # fmt: skip
        return Work(kind=OPTIMIZE, arguments=arguments)

    def answering(
        self, run_id: str, answers: Mapping[str, str], *, context: str = "", is_renamed: bool = False
    ) -> Work:
        """Give the work of an optimization that knows a person's answers to what an earlier one asked.

        It is done by the same backend and model, unless this call names others.

        Raises:
            RunError, TextError: as for the library's `answer`.
        """
        asked = self._answered(run_id, answers, context=context)
        return Work(
            kind=asked.kind, arguments=asked.arguments, idempotency=asked.idempotency,
            options=self.wishes if is_renamed else asked.options,
        )  # fmt: skip

    def reviewing_code(self, given: str, *, path: str = "") -> Work:
        """Give the work of a review of code: of a file, or of the files that a task or a text names.

        Raises:
            TextError, TaskNotFoundError: there is nothing to review.
        """
        from prentice.skills.code_review.run import CODE_REVIEW

        task_id, text = self._reference(given) if given else ("", "")
        return Work(
            kind=CODE_REVIEW, arguments={"task": task_id, "text": text, "files": [self._inside(path)] if path else []}
        )

    def summarizing(self, given: str, *, path: str = "") -> Work:
        """Give the work of a summary: of a task, a diff or another text, or a file of this directory.

        Raises:
            TextError, TaskNotFoundError: there is nothing to summarize.
        """
        from prentice.skills.summarize import MAX_BYTES, checked, kind_of
        from prentice.skills.summarizing import SUMMARIZE
        from prentice.skills.task_text import looks_like_id

        kind: Literal["task", "diff", "file"] = "file"
        name = "The text"
        if path:
            name = self._inside(path)
            with (self._root / name).open("rb") as file:
                text = file.read(MAX_BYTES + 1).decode("utf-8", "replace")  # a byte too many tells a file too large
            kind = cast("Literal['diff', 'file']", kind_of(text))
        elif looks_like_id(given):
            subject = self.subject(given)
            kind, name, text = "task", subject.id, f"{subject.name}\n\n{subject.description}".strip()
        else:
            text = given
            kind = cast("Literal['diff', 'file']", kind_of(text))
        return Work(kind=SUMMARIZE, arguments={"text": checked(text, name=name), "kind": kind, "name": name})

    def generating(self, prompt: str) -> Work:
        """Give the work of a plain completion.

        Raises:
            TextError: the prompt is empty, or longer than any model reads.
        """
        from prentice.skills.generating import GENERATE

        if not prompt.strip():
            raise TextError("The prompt is empty.", next_step="Give it as `input`.")
        if len(prompt) > _MOST_PROMPT:
            raise TextError(
                f"The prompt has {len(prompt):,} characters, more than the {_MOST_PROMPT:,} that are taken.",
                next_step="Give the model what it needs for the answer, and no more.",
            )
        return Work(kind=GENERATE, arguments={"text": prompt})

    def pulling(self, name: str) -> Work:
        """Give the work of fetching a model.

        Raises:
            UsageError: the backend fetches no models, or the name is empty.
        """
        from prentice.skills.model_store import store_of
        from prentice.skills.pulling import PULL

        if not name.strip():
            raise TextError("No model was named.", next_step="Give its name as `input`.")
        if len(name) > _MOST_MODEL:
            raise TextError("That is no name of a model.", next_step="Give a name such as `qwen3:4b` as `input`.")
        store_of(name, self.settings)
        return Work(kind=PULL, arguments={"name": name, "insecure": False})

    def engine(self) -> "DurableRuns[ExecutionServices]":
        """Make an engine that carries what is submitted to it, and what it adopts."""
        from prentice.runs.engine import DurableRuns
        from prentice.skills.execute.several import AT_ONCE

        return DurableRuns(self._ledgers.runs(), self._every_kind(), self._services_of, slots=AT_ONCE)

    @property
    def wishes(self) -> dict[str, Any]:
        """The settings that go with what is submitted, backend and model in any case."""
        named = replace(self.settings, backend=self.settings.backend, model=self.settings.model)
        return {"backend": named.backend, "model": named.model, **wishes_of(named)}

    def row(self, run_id: str) -> "RunRow":
        """Give the row of a run.

        Raises:
            RunError: there is none of that id here.
        """
        return self._run(run_id)

    def check_same(self, run_id: str, given: Sequence[str], *, named: Mapping[str, object] | None = None) -> None:
        """Refuse a call that names a run together with what that run is not of; its own arguments may be repeated.

        `named` are further arguments by the names that the run has for them. What was left out is empty or None.

        Raises:
            RunError: there is no such run here.
            UsageError: none of `given` is what it was started with, or one of `named` is not.
        """
        row = self._run(run_id)
        known = row.arguments
        started = {str(known.get(part, "")).strip() for part in ("task", "text", "name")} | {*known.get("files", [])}
        texts = [text.strip() for text in given if text.strip()]
        step = f"Call with run_id {run_id} alone, or without `run_id` to start anew."
        if texts and not started & {*texts}:
            raise UsageError(f"{run_id} is a run of something else than what was given with it.", next_step=step)
        values = {**(row.options or {}), **known}
        for name, value in (named or {}).items():
            if value not in (None, "") and name in values and values[name] != value:
                raise UsageError(f"{run_id} was started with another `{name.partition('_text')[0]}`.", next_step=step)

    def behind(self, run_id: str) -> list[str]:
        """Give the runs that one has to wait for."""
        return self.table.waits_behind(run_id)

    @property
    def table(self) -> "RunsTable":
        """The rows of the runs made here."""
        return self._ledgers.runs()

    def _inside(self, path: str) -> str:
        """Give a file of this directory by its path from there.

        Raises:
            TextError: it is none, or lies elsewhere.
        """
        root = self._root.resolve()
        try:
            found = (root / path).resolve()
            is_file = found.is_file()
        except (OSError, ValueError):  # a name that no system takes
            found, is_file = root, False
        if not is_file or not found.is_relative_to(root) or ".git" in found.relative_to(root).parts:
            raise TextError(f"{path} is no file in {root}.", next_step="Name a file of the project.")
        return found.relative_to(root).as_posix()
