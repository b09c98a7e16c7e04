"""The task list, and one task with all that belongs to it."""

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from prentice.errors import PrenticeError
from prentice.tasks.edits import not_found
from prentice.tasks.record import STATUSES
from prentice.tasks.rules import MOVES
from prentice.tasks.sections import parse
from prentice.web.visit import Notice, Visit

_PAGE: Final = 100
_ALL: Final = "all"
_OPEN: Final = "open"


def list_all(visit: Visit) -> Response:
    """List tasks by status and text, a page at a time."""
    status, text = visit.asked("status") or _OPEN, visit.asked("text")
    given = visit.asked("offset")
    offset = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else 0
    known = status if status in (_OPEN, _ALL, *STATUSES) else _OPEN
    filters: dict[str, Any] = {"closed": True} if known == _ALL else {} if known == _OPEN else {"status": known}
    values: dict[str, Any] = {"status": known, "text": text, "statuses": (_OPEN, *STATUSES, _ALL), "found": None}
    try:
        found = visit.project.find(text=text, limit=_PAGE, offset=offset, **filters)
    except PrenticeError as error:
        if not text:
            raise
        return visit.page("tasks.html", problem=error, **values)  # the words cannot be searched for
    following = urlencode({"status": known, "text": text, "offset": found.next_offset}) if found.next_offset else ""
    before = urlencode({"status": known, "text": text, "offset": max(0, offset - _PAGE)}) if offset else ""
    return visit.page(
        "tasks.html", problem=None, **{**values, "found": found}, offset=offset, following=following, before=before
    )


def show(visit: Visit) -> Response:
    """Show a task."""
    return _page(visit)


def move(visit: Visit) -> Response:
    """Move a task to another status, under the workflow's rules."""
    task = visit.named("task")
    try:
        moved = visit.project.set_status(task, visit.form.text("status"))
    except PrenticeError as error:
        return _page(visit, problem=error)
    return visit.lead(f"/tasks/{task}", Notice(says=f"{moved.id} is {moved.status}."))


def _page(visit: Visit, *, problem: PrenticeError | None = None) -> Response:
    project = visit.project
    todolist = project.tasks()
    wanted = visit.named("task")
    if wanted not in todolist.tasks:
        raise not_found(wanted, todolist.tasks)
    task = todolist.tasks[wanted]
    rows = project.runs(wanted)
    states = {document["run_id"]: document["state"] for document in project.reviews()} if rows else {}
    return visit.page(
        "task.html",
        problem=problem,
        task=task,
        description=parse(task.description),
        comments=todolist.comments(wanted),
        needs=[(need, todolist.tasks.get(need)) for need in task.dependencies],
        needed_by=[other for other in todolist.tasks.values() if wanted in other.dependencies],
        children=todolist.children(wanted),
        parent=todolist.tasks.get(task.parent),
        proposals=[proposal for proposal in project.proposals() if proposal.task == wanted],
        runs=[(row, states.get(row.id, "")) for row in reversed(rows)],
        moves=MOVES.get(task.status, STATUSES),
    )
