"""Making a proposal of what a source holds: against the list as it stands, and within the user's limit."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.errors import ImportSourceError, UsageError
from prentice.ledger.proposals_table import ProposalsTable
from prentice.skills.importing.marks import earlier_imports
from prentice.skills.importing.proposal import ImportProposal
from prentice.skills.importing.source import open_source
from prentice.tasks.duplicates import duplicates
from prentice.tasks.imports.formats import read
from prentice.tasks.imports.item import Format, ImportedTask, LeftOut
from prentice.tasks.imports.settle import settle
from prentice.tasks.todolist import TodoList, task_records

DEFAULT_LIMIT: Final = 200
"""Tasks of one import without a `limit` of the user's: more at once than anybody reads through is a slip."""
_NEW: Final = "import:"
"""Begins the ids of entries while they are compared with the list; no tool writes such ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the user asked for. Without a `limit`, more than DEFAULT_LIMIT tasks are refused, not cut."""

    path: Path
    kind: Format | None = None
    tag: str = ""
    closed: bool = False
    limit: int | None = None


def propose(wish: Wish, *, todolist: TodoList, proposals: ProposalsTable) -> ImportProposal:
    """Read a source and keep its tasks as a proposal; the list itself is not touched.

    Where every entry is left out there is nothing to decide: the answer has no id then, and is not kept.

    Raises:
        ImportSourceError: there is nothing to import, too much, or nothing that can be read.
        UsageError: the limit is below one, or a tag was given for a format that has none.
    """
    if wish.limit is not None and wish.limit < 1:
        raise UsageError(f"At most {wish.limit} tasks is none.", next_step="Give `--limit` a number above zero.")
    source = open_source(wish.path, kind=wish.kind)
    try:
        found = settle(read(source.kind, source.documents, tag=wish.tag), source.kind, closed=wish.closed)
    except ImportSourceError as error:
        raise ImportSourceError(f"{wish.path}: {error.message}", next_step=error.next_step) from error
    known = earlier_imports(todolist, (*found.tasks, *found.closed))
    left_out = [*found.left_out, *_known_ones(found.tasks, known, todolist)]
    fresh = [task for task in found.tasks if task.key not in known]
    kept, warnings = _limited(fresh, wish.limit)
    proposal = ImportProposal(
        id="",
        uid=uuid.uuid4().hex,
        source=str(wish.path),
        format=source.kind,
        tasks=tuple(kept),
        duplicates=_duplicates(todolist, kept, known),
        known=known,
        left_out=tuple(left_out),
        warnings=(*source.warnings, *found.warnings, *warnings),
    )
    if not kept:
        return proposal
    return ImportProposal.from_row(
        proposals.get(proposals.create(uid=proposal.uid, task="", run="R-0", plan=proposal.stored()))
    )


def _known_ones(tasks: Sequence[ImportedTask], known: Mapping[str, str], todolist: TodoList) -> list[LeftOut]:
    return [
        LeftOut(
            key=task.key,
            name=task.name,
            why=f"it was imported before: {known[task.key]} ({todolist.tasks[known[task.key]].name})",
        )
        for task in tasks
        if task.key in known
    ]


def _limited(tasks: Sequence[ImportedTask], limit: int | None) -> tuple[Sequence[ImportedTask], list[str]]:
    if len(tasks) <= (limit or DEFAULT_LIMIT):
        return tasks, []
    if limit is None:
        raise ImportSourceError(
            f"There are {len(tasks):,} tasks to import, more than {DEFAULT_LIMIT}.",
            next_step=f"Take all with `--limit {len(tasks)}`, or the first {DEFAULT_LIMIT} with "
            f"`--limit {DEFAULT_LIMIT}`.",
        )
    rest = len(tasks) - limit
    return tasks[:limit], [
        f"`--limit` took the first {limit} of {len(tasks):,} tasks; importing again after approval takes the next."
        if rest > 1
        else f"`--limit` left out the last task, {tasks[-1].key}."
    ]


def _duplicates(todolist: TodoList, tasks: Sequence[ImportedTask], known: Mapping[str, str]) -> dict[str, str]:
    """Find the entries that may repeat an open task of the list, or an earlier entry, by name or by text."""
    keys = {task.key for task in tasks}

    def place(key: str) -> str:
        return _NEW + key if key in keys else known.get(key, "")

    records: list[object] = [*task_records(todolist.value)]
    records += [
        {
            "id": _NEW + task.key,
            "name": task.name,
            "description": task.text,
            "status": task.status,
            "parent_id": place(task.parent),
            "dependencies": [name for need in task.dependencies if (name := place(need))],
        }
        for task in tasks
    ]
    combined = TodoList({"todos": records})
    found: dict[str, str] = {}
    for first, second in _same_names(combined):
        found.setdefault(second.removeprefix(_NEW), first.removeprefix(_NEW))
    for pair in duplicates(combined):
        if pair.second.id.startswith(_NEW):
            found.setdefault(pair.second.id.removeprefix(_NEW), pair.first.id.removeprefix(_NEW))
    return {key: _first(repeated, found) for key, repeated in found.items()}


def _first(key: str, found: Mapping[str, str]) -> str:
    """Follow duplicates of duplicates to what all of them repeat; each comes before the next, so this ends."""
    while key in found:
        key = found[key]
    return key


def _same_names(todolist: TodoList) -> list[tuple[str, str]]:
    """Give the entries that are called exactly as an open task before them with the same parent."""
    first: dict[tuple[str, str], str] = {}
    pairs: list[tuple[str, str]] = []
    for task in todolist.tasks.values():
        if task.is_open:
            earlier = first.setdefault((task.parent, " ".join(task.name.casefold().split())), task.id)
            if earlier != task.id and task.id.startswith(_NEW):
                pairs.append((earlier, task.id))
    return pairs
