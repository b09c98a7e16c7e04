"""The first step of an execution: the task, what the analyzer says of it, what it names, and where it starts from."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from prentice.context import mentions
from prentice.context.repository import survey
from prentice.runs.protocol import Json, StepContext
from prentice.skills.analysis.policy import load_policy
from prentice.skills.analyze import Assessment, analyze
from prentice.skills.execute.services import ExecutionServices
from prentice.skills.model_need import names_source
from prentice.skills.task_text import argument_for, check_text, split_text
from prentice.tasks import sections
from prentice.tasks.edits import not_found
from prentice.tasks.plan import RepositoryFacts
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList
from prentice.workspace.checks.check import configured_checks
from prentice.workspace.git import commit_of

_DIFF: Final = 8_000
"""Letters of an earlier attempt's diff that the model is shown with the reviewer's comment."""


async def gather(
    context: StepContext[ExecutionServices], *, task: str, text: str, attempt_of: str, comment: str, anyway: bool,
    uncommitted: bool,
) -> Json:  # fmt: skip
    """Collect what is known before anything is tried.

    `anyway` goes on where the analyzer would not; `uncommitted` starts from the user's files as they are now.

    Raises:
        TaskNotFoundError, TextError: there is no such task, or nothing to go on.
        RunError: there is no run `attempt_of`.
        WorktreeError: git refuses.
    """
    services = context.services
    found, base = await asyncio.gather(
        asyncio.to_thread(
            _gathered, services, task=task, text=text, attempt_of=attempt_of, comment=comment, anyway=anyway
        ),
        asyncio.to_thread(commit_of, services.directory),
        return_exceptions=True,
    )
    if isinstance(found, BaseException):
        raise found
    if isinstance(base, BaseException):
        raise base
    return found | {"base": base, "uncommitted": uncommitted}


def _gathered(
    services: ExecutionServices, *, task: str, text: str, attempt_of: str, comment: str, anyway: bool
) -> dict[str, Any]:
    todolist = services.todo2.read() if services.todo2 else TodoList({})
    subject = _subject(todolist, task, text)
    seen = survey(services.directory, subject.text)
    assessment = assessed(subject, todolist, seen, policy=services.settings.policy)
    description = sections.restore_breaks(subject.description)
    symbols = {symbol.written: list(symbol.found) for symbol in seen.named_symbols}
    return {
        "task": subject.id,
        "name": subject.name,
        "description": description,
        "criteria": list(sections.parse(description).criteria),
        "category": assessment.category,
        "complexity": assessment.complexity,
        "lane": assessment.lane,
        "reasons": [reason.says for reason in assessment.reasons],
        "files": named_files(seen),
        "missing": [path.written for path in seen.named_paths if not path.found and mentions.is_path(path.written)],
        "symbols": symbols,
        "checks": {check.name: check.line for check in configured_checks(services.settings.checks_commands)}
        or dict(seen.checks),
        "refusal": None if anyway or attempt_of else refusal(assessment),
        "remarks": _remarks(services, attempt_of, comment),
        "sent_back": str(services.executions.get(attempt_of).document.get("digest", "")) if attempt_of else "",
        "need": {
            "category": assessment.category,
            "names_source": names_source(mentions.paths(subject.text), tuple(symbols)),
            "wish": subject.preferred_backend,
        },
    }


def assessed(subject: Task, todolist: TodoList, seen: RepositoryFacts, *, policy: Mapping[str, object]) -> Assessment:
    """Give the analyzer's judgement of a task in its list."""
    known = todolist.tasks
    return analyze(
        subject,
        repository=seen,
        dependencies={need: known[need].status for need in subject.dependencies if need in known},
        policy=load_policy({name: row for name, row in policy.items() if name != "models"}),
        dependents=sum(subject.id in other.dependencies for other in known.values()) if subject.id else 0,
    )


def named_files(seen: RepositoryFacts) -> list[str]:
    """Give the existing paths that a task names, as far as it is clear which are meant."""
    found = (path for named in seen.named_paths if len(named.found) <= _CLEAR for path in named.found)
    return list(dict.fromkeys(found))


_CLEAR: Final = 2
"""Files that one written path may stand for and still be taken."""


def refusal(assessment: Assessment) -> dict[str, str] | None:
    """Say why a task is not one to be carried out here, and what to do instead; None where it is."""
    if assessment.lane == "execute" or assessment.category == "code_review":
        return None
    name = argument_for(assessment.task)
    insist = f"`prentice execute {name} --anyway` tries it all the same."
    because = assessment.reasons[1].says if len(assessment.reasons) > 1 else assessment.reasons[0].says
    steps = {
        "breakdown": f"Split it first: `prentice breakdown {name}`. {insist}",
        "human": f"Decide what is open, then describe it anew. {insist}",
        "assistant": f"Give the handoff below to your assistant, or name the files that it concerns. {insist}",
    }
    return {
        "why": f"The task is {assessment.complexity} and goes to: {assessment.lane}. {because}",
        "next_step": steps[assessment.lane],
    }


def expanded(paths: Iterable[str], known: Iterable[str], *, most: int = 200) -> list[str]:
    """Give files for paths of which some are directories: the files below those, at most so many."""
    listed = sorted(known)
    present = set(listed)
    found: dict[str, None] = {}
    for path in paths:
        below = [path] if path in present else [other for other in listed if other.startswith(f"{path}/")]
        found |= dict.fromkeys(below)
    return list(found)[:most]


def _subject(todolist: TodoList, task: str, text: str) -> Task:
    if task:
        if task not in todolist.tasks:
            raise not_found(task, todolist.tasks)
        found = todolist.tasks[task]
        check_text(found.text)
        return found
    name, description = split_text(check_text(text))
    return Task(id="", name=name, description=description)


def _remarks(services: ExecutionServices, attempt_of: str, comment: str) -> str:
    """Give the comment on an earlier attempt, behind the change that it speaks of."""
    if not attempt_of:
        return comment
    diff = str(services.executions.get(attempt_of).document.get("diff", ""))
    shown = diff if len(diff) <= _DIFF else f"{diff[:_DIFF]}\n[... cut]"
    return f"Your earlier change, which was not taken:\n{shown}\nThe reviewer says: {comment}".strip()
