"""What is found in and beside the Todo2 file."""

import time
from collections.abc import Iterator
from typing import Final

from prentice.errors import PrenticeError
from prentice.skills.doctor.finding import Finding, guarded
from prentice.store.atomic import asides
from prentice.store.journal import KEPT_SECONDS, Journal
from prentice.store.lock import locked
from prentice.store.reading import refuse_read_only
from prentice.store.todo2_file import Todo2File, timestamp
from prentice.tasks.damage import Damage, damages
from prentice.tasks.duplicates import duplicates
from prentice.tasks.moments import moment
from prentice.tasks.todolist import TodoList

_LOCK_SECONDS: Final = 0.5
"""How long the doctor waits for the lock: a writer holds it for milliseconds, and who holds it longer hangs."""
_NAMED: Final = 5
"""How many ids a sentence names; the document has them all."""
_REPAIR: Final = "`prentice doctor --repair` mends it, and keeps a backup."
_IN_THE_FILE: Final = "Correct them in .todo2/state.todo2.json"
_NEXT_STEPS: Final = {
    "stray_tasks": f"{_IN_THE_FILE}: move what is missing from `tasks` into `todos`, then remove `tasks`.",
    "no_record": f"{_IN_THE_FILE}: take out of `todos` what is no task.",
    "no_id": f"{_IN_THE_FILE}: give each an `id` of its own.",
    "repeated_ids": f"{_IN_THE_FILE}: give each task an `id` of its own; the first of each is the one that is read.",
    "repeated_numbers": f"{_IN_THE_FILE}: give each task a `taskNumber` of its own.",
    "dangling_dependency": "Name the tasks that are meant: `prentice edit {first} --depends TASK`.",
    "cycle": "Decide which need not wait: `prentice edit {first} --depends TASK`, or `--depends ''` for nothing.",
    "parents": f"{_IN_THE_FILE}: name a parent that exists under `parent_id`, or remove the key.",
    "orphan_comments": "They stay in the file. `git log -p .todo2/state.todo2.json` shows where their tasks went.",
    "comment_ids": f"{_IN_THE_FILE}: give each comment an `id` and the `todoId` of its task.",
    "status": "Give it one of Todo2's: `prentice status {first} Todo`.",
    "priority": "Give it one of Todo2's: `prentice edit {first} --priority medium`.",
    "lost_breaks": "They are read as they were meant. `prentice edit {first}` rewrites one.",
}
"""What to do about damage that is not mended by itself; what disturbs nobody and is not named needs nothing."""
_NAMES_THEM: Final = frozenset({"dangling_dependency", "cycle", "parents", "orphan_comments"})
"""Damage whose sentence names what it concerns."""


def file_findings(file: Todo2File | None) -> Iterator[Finding]:
    """Look at the file, its damage, and what lies beside it. `file` is None where there is no project."""
    if file is None:
        yield Finding(
            check="project",
            ok=True,
            found="no Todo2 project here; free text can be planned all the same",
            next_step="`prentice init` makes one.",
        )
        return
    left_behind = asides(file.path)
    try:
        todolist = file.read()
    except PrenticeError as error:
        yield Finding(check="project", ok=False, found=error.message, next_step=error.next_step)
    else:
        yield from _list_findings(todolist)
    yield guarded("writable", lambda: _writable(file))
    yield guarded("lock", lambda: _lock(file))
    yield from _overwritten(file)
    if left_behind:
        yield _temporary(file, len(left_behind))


def _list_findings(todolist: TodoList) -> Iterator[Finding]:
    yield Finding(check="project", ok=True, found=f"{len(todolist.tasks)} tasks")
    found = damages(todolist.value, now=timestamp())
    if not any(not damage.harmless for damage in found):
        yield Finding(check="damage", ok=True, found="none: ids, numbers, dependencies and comments are sound")
    for damage in found:
        yield _damage_finding(damage)
    yield _duplicates(todolist)


def _damage_finding(damage: Damage) -> Finding:
    names = [name for name in damage.where if name]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    ids = f": {', '.join(names[:_NAMED])}{more}" if names and damage.kind not in _NAMES_THEM else ""
    step = _NEXT_STEPS.get(damage.kind, "").replace("{first}", next(iter(names), "TASK"))
    if damage.harmless and damage.kind != "lost_breaks":
        step = ""
    return Finding(
        check=damage.kind,
        ok=damage.harmless,
        found=f"{damage.says}{ids}",
        next_step=_REPAIR if damage.mendable else step,
        where=damage.where,
    )


def _writable(file: Todo2File) -> str:
    refuse_read_only(file.path)
    return "the Todo2 file may be written"


def _lock(file: Todo2File) -> str:
    if not file.path.with_name(f"{file.path.name}.lock").exists():  # making one would change the project
        return "free"
    with locked(file.path, wait=_LOCK_SECONDS):
        return "free"


def _overwritten(file: Todo2File) -> Iterator[Finding]:
    """Say whether changes of ours were lost to another program of late; nothing is wrong where they are back."""
    since = time.time() - KEPT_SECONDS
    entries = Journal(file.path.parent.parent).entries()
    restored = [e for e in entries if e.kind == "restored" and (moment(e.at) or 0.0) >= since]
    if restored:
        times = "once" if len(restored) == 1 else f"{len(restored)} times"
        yield Finding(
            check="overwritten",
            ok=True,
            found=f"another program overwrote changes made here {times} in the last day, "
            f"the last time at {restored[-1].at}; they were restored",
            next_step="Reload the task list in the program that holds an old copy of it, such as an editor's window.",
        )
    try:
        behind = file.set_back
    except PrenticeError:
        return  # what is wrong with the file is said already
    if behind:
        yield Finding(
            check="set_back",
            ok=True,
            found=f"the file was set back to a state without {', '.join(behind[:_NAMED])}"
            + (f" and {len(behind) - _NAMED} more" if len(behind) > _NAMED else ""),
            next_step="If that was not meant: `prentice doctor --restore`.",
        )


def _temporary(file: Todo2File, count: int) -> Finding:
    """Say what became of the files that a killed process left: reading clears them away, where it may write."""
    rest = asides(file.path)
    if not rest:
        found = f"cleared away what a killed process left beside the Todo2 file ({count})"
        return Finding(check="temporary_files", ok=True, found=found)
    return Finding(
        check="temporary_files",
        ok=False,
        found=f"{len(rest)} temporary files lie beside the Todo2 file: {rest[0].name}",
        next_step=f"If nothing is writing there now: `rm {rest[0].parent}/{rest[0].name}`.",
    )


def _duplicates(todolist: TodoList) -> Finding:
    """Show open tasks that look alike; that is for a person to judge, so nothing is wrong with it."""
    pairs = duplicates(todolist)
    listed = [f"{pair.first.id} and {pair.second.id} ({pair.similarity:.0%})" for pair in pairs[:_NAMED]]
    more = [f"and {len(pairs) - _NAMED} more"] if len(pairs) > _NAMED else []
    return Finding(
        check="duplicates",
        ok=True,
        found=f"alike: {', '.join(listed + more)}" if pairs else "no two open tasks look alike",
        next_step=f"Compare them: `prentice show {pairs[0].first.id}`." if pairs else "",
    )
