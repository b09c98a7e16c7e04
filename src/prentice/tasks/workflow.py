"""Edits as users make them: each is checked by the workflow's rules before it touches the state."""

from collections.abc import Mapping, Sequence
from typing import Final

from prentice.errors import UsageError
from prentice.tasks import rules
from prentice.tasks.claims import held_by
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.record import Task
from prentice.tasks.rules import USUAL, Actor, Workflow


def add(
    editor: Editor, name: str, *, description: str, priority: str, tags: Sequence[str], depends: Sequence[str]
) -> Task:
    """Add a task and give it.

    Raises:
        RuleError: a dependency does not exist.
        UsageError: the name is not one line, or the priority is none of Todo2's.
    """
    draft = Draft(
        name=one_line(name),
        description=description,
        priority=rules.priority_named(priority),
        tags=tuple(tags),
        dependencies=tuple(depends),
    )
    rules.check_dependencies(editor.todolist, "the new task", draft.dependencies)
    return editor.task(editor.create(draft))


def edit(editor: Editor, task_id: str, fields: Mapping[str, object]) -> Task:
    """Set fields of a task (`name`, `description`, `priority`, `tags`, `dependencies`) and give it; None leaves one.

    Raises:
        TaskNotFoundError: no task has the id.
        RuleError, UsageError: as for `add`.
    """
    changes = {name: _fitting(name, value) for name, value in fields.items() if value is not None}
    if "name" in changes:
        changes["name"] = one_line(str(changes["name"]))
    if "priority" in changes:
        changes["priority"] = rules.priority_named(str(changes["priority"]))
    needs = changes.get("dependencies")
    if isinstance(needs, tuple):
        rules.check_dependencies(editor.todolist, task_id, needs)
    editor.update(task_id, changes)
    return editor.task(task_id)


_TEXTS: Final = ("name", "description", "priority")
_LISTS: Final = ("tags", "dependencies")


def _fitting(name: str, value: object) -> object:
    """Give the value of a field that may be edited, in the type that it has.

    Raises:
        UsageError: it is another field (a status is moved, not edited), or the value is of another type.
    """
    if name in _TEXTS and isinstance(value, str):
        return value
    if name in _LISTS and isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if name in (*_TEXTS, *_LISTS):
        raise UsageError(
            f"The value of {name!r} does not fit.", next_step="Give text, or a list of texts for tags and dependencies."
        )
    raise UsageError(
        f"{name!r} is no field that can be edited.",
        next_step=f"Edit {', '.join((*_TEXTS, *_LISTS))}; a status is moved by `prentice status TASK STATUS`.",
    )


def comment(editor: Editor, task_id: str, content: str, *, kind: str) -> Task:
    """Add a comment to a task and give the task.

    Raises:
        UsageError: the type is unknown or the comment empty.
        TaskNotFoundError: no task has the id.
    """
    rules.check_comment(kind, content)
    editor.comment(task_id, content, kind=kind)
    return editor.task(task_id)


def move(
    editor: Editor,
    task_id: str,
    status: str,
    *,
    actor: Actor,
    workflow: Workflow = USUAL,
    worker: str = "",
    decisive: bool = False,
) -> Task:
    """Move a task to a status and give it; where it is there already, nothing is written.

    A claim stays only where `worker`, who holds it, moves the task to In Progress. `decisive`: as for `check_move`.

    Raises:
        RuleError: the move is not allowed; `details["rule"]` says which rule.
        UsageError: the status is none of Todo2's.
        TaskNotFoundError: no task has the id.
    """
    wanted = rules.status_named(status)
    task = editor.task(task_id)
    rules.check_move(editor.todolist, task, wanted, actor=actor, workflow=workflow, worker=worker, decisive=decisive)
    if wanted != task.status:
        editor.update(task_id, {"status": wanted})
        if wanted != "In Progress" or not held_by(task.claim, worker):
            editor.mark(task_id, "claim", None)
    return editor.task(task_id)


def delete(editor: Editor, task_id: str, *, actor: Actor, worker: str = "") -> Task:
    """Delete a task with its comments and give it as it was. Closed tasks may still name it as a dependency.

    Raises:
        RuleError: it may not be deleted; `details["rule"]` says which rule.
        TaskNotFoundError: no task has the id.
    """
    rules.check_delete(editor.todolist, editor.task(task_id), actor=actor, worker=worker)
    return editor.delete(task_id)


def one_line(name: str) -> str:
    """Give a task's name as it may stand in the file.

    Raises:
        UsageError: it is empty, has several lines, or holds control characters.
    """
    name = name.strip()
    if not name or not name.isprintable():
        raise UsageError("A task's name is one line of printable text.", next_step="Put the rest into `--description`.")
    return name
