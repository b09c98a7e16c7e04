"""What other tools have left broken in a Todo2 file: each kind found, with the ids it concerns.

Reading works on all of it; finding it changes nothing. The kinds, and which tools cause them: docs/repairing.md.
"""

import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, TypeGuard

from prentice.tasks.edits import MAX_ACTIVITIES, next_number
from prentice.tasks.graph import Graph
from prentice.tasks.moments import moment
from prentice.tasks.record import PRIORITIES, STATUSES, Task, record_id, records_of
from prentice.tasks.sections import restore_breaks
from prentice.tasks.todolist import TodoList, task_records, tasks_key

LISTS: Final = ("todos", "comments", "activities")
"""The top-level lists that the extension expects."""
NAN_ID: Final = "T-NaN"
"""The id that the extension gives a task where `nextTaskNumber` is missing."""
CLOCKS_DIFFER: Final = 300.0
"""Seconds by which a time may lie ahead before it counts as the future: the clocks of two machines are never equal."""
_NUMBERED: Final = re.compile(r"T-(0{0,8}[1-9]\d{0,8})\Z")
_CANCELLED: Final = frozenset({"cancelled", "canceled"})

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage. `where` are the ids of the tasks or comments concerned, in the file's order.

    `mendable` says that it can be mended without guessing, `harmless` that it is worth knowing but disturbs nobody.
    """

    kind: str
    where: tuple[str, ...]
    says: str
    mendable: bool = False
    harmless: bool = False


def damages(value: Record, *, now: str) -> list[Damage]:
    """Give everything that is broken in a state, what disturbs most first; `now` is the time in Todo2's spelling."""
    todolist = TodoList(value)
    return [
        *_top_level(value),
        *_ids(value),
        *_numbers(value),
        *_dependencies(value, todolist),
        *_parents(todolist),
        *_comments(value, todolist),
        *_spellings(todolist),
        *_times(value, todolist, now=now),
        *_left_overs(value, todolist),
    ]


def _top_level(value: Record) -> Iterator[Damage]:
    if tasks_key(value) == "tasks":
        yield Damage("tasks_key", (), "the tasks stand under `tasks` in place of `todos`", mendable=True)
    elif stray := tuple(record_id(record) for record in records_of(value.get("tasks"))):
        yield Damage("stray_tasks", stray, f"`tasks` holds {_many(stray, 'record')} beside `todos`, which nobody reads")
    missing = [key for key in LISTS if value.get(key) is None and key != _renamed(value)]
    if missing:
        yield Damage("lists", (), f"{_listed(f'`{key}`' for key in missing)} missing or null", mendable=True)
    if not counter_is_right(value):
        spelled = json.dumps(value["nextTaskNumber"]) if "nextTaskNumber" in value else "missing"
        says = f"`nextTaskNumber` is {spelled}, and {lowest_counter(value)} the next free number"
        yield Damage("counter", (), says, mendable=True)
    activities = len(value.get("activities") or [])
    if activities > MAX_ACTIVITIES:
        says = f"{activities} activities, where Todo2 keeps {MAX_ACTIVITIES}"
        yield Damage("activities", (), says, mendable=True)


def _renamed(value: Record) -> str:
    """Give the list that is there under another name."""
    return "todos" if tasks_key(value) == "tasks" else ""


def _ids(value: Record) -> Iterator[Damage]:
    records = value.get(tasks_key(value)) or []
    strange = sum(1 for record in records if not isinstance(record, dict))
    if strange:
        yield Damage("no_record", (), f"{strange} of the tasks' list {'is' if strange == 1 else 'are'} no record")
    without = [record for record in task_records(value) if not record_id(record)]
    if without:
        names = _listed(repr(Task.from_record(record).name) for record in without[:3])
        yield Damage("no_id", (), f"{len(without)} without an id, which nobody can name: {names}")
    counts = Counter(record_id(record) for record in task_records(value))
    repeated = tuple(task for task, count in counts.items() if task and count > 1)
    if repeated:
        extra = sum(counts[task] - 1 for task in repeated)
        says = f"{_many(repeated, 'id')} borne by several tasks, {extra} of which are hidden behind the first"
        yield Damage("repeated_ids", repeated, says)
    if counts[NAN_ID] == 1:
        yield Damage("nan_id", (NAN_ID,), f"{NAN_ID} was numbered without a counter", mendable=True)


def _numbers(value: Record) -> Iterator[Damage]:
    records = task_records(value)
    told = told_numbers(records)
    without = [record for number, record in enumerate(records) if not _is_count(record.get("taskNumber"))]
    if mendable := tuple(record_id(record) for record in without if _NUMBERED.match(record_id(record))):
        yield Damage("task_numbers", mendable, f"{_many(mendable, 'task')} without a `taskNumber`", mendable=True)
    foreign = tuple(
        name for record in without if (name := record_id(record)) not in {"", NAN_ID} and not _NUMBERED.match(name)
    )
    if foreign:
        says = f"{_many(foreign, 'task')} with an id of another tool and without a `taskNumber`"
        yield Damage("foreign_numbers", _distinct(foreign), says, harmless=True)
    sharing: dict[int, dict[str, bool]] = defaultdict(dict)
    for number, record in enumerate(records):
        if _is_count(record.get("taskNumber")):
            sharing[record["taskNumber"]][record_id(record)] = number in told
    shared = [members for members in sharing.values() if len(members) > 1]
    for mendable_ones in (True, False):
        ids = tuple(name for members in shared if any(members.values()) is mendable_ones for name in members)
        if ids:
            says = f"{_many(ids, 'task')} with a `taskNumber` that others have too"
            yield Damage("repeated_numbers", ids, says, mendable=mendable_ones)


def _dependencies(value: Record, todolist: TodoList) -> Iterator[Damage]:
    graph = todolist.graph
    own = tuple(task for task, needs in graph.needs.items() if task in needs)
    if own:
        yield Damage("self_dependency", own, f"{_many(own, 'task')} waiting for itself", mendable=True)
    known = known_ids(value)
    dangling = [(task, need) for task, needs in graph.unknown.items() for need in needs]
    for mendable, is_open in product((True, False), repeat=2):
        edges = [
            (task, need)
            for task, need in dangling
            if is_gone(need, known) is mendable and todolist.tasks[task].is_open is is_open
        ]
        if edges:
            why = "" if mendable else " under that name, but under one like it"
            waits = _listed(f"{task} waits for {need}" for task, need in edges)
            says = f"{waits}, {_who_lack(len(edges))}{why}"
            concerned = _distinct(task for task, _ in edges)
            # A closed task waits for nothing; what it needed may have been deleted since.
            yield Damage("dangling_dependency", concerned, says, mendable=mendable, harmless=not is_open)
    for ring in graph.cycles():
        if len(ring) > 1:
            yield Damage("cycle", ring, f"{_path(graph, ring)} wait for each other, so none of them can start")


def _parents(todolist: TodoList) -> Iterator[Damage]:
    tasks = todolist.tasks
    lost = [task for task in tasks.values() if task.parent and task.parent not in tasks]
    if lost:
        belongs = _listed(f"{task.id} belongs to {task.parent}" for task in lost)
        says = f"{belongs}, {_who_lack(len(lost))}"
        yield Damage("parents", tuple(task.id for task in lost), says)
    tree = Graph.of((task.id, (task.parent,) if task.parent else ()) for task in tasks.values())
    for ring in tree.cycles():
        yield Damage("parents", ring, f"{_path(tree, ring)} are parents of each other")


def _comments(value: Record, todolist: TodoList) -> Iterator[Damage]:
    comments = records_of(value.get("comments"))
    orphans = [record for record in comments if record_id(record, "todoId") not in todolist.tasks]
    if orphans:
        gone = _distinct(record_id(record, "todoId") or "no task" for record in orphans)
        says = f"{_many(orphans, 'comment')} on {_listed(gone)}, {_who_lack(len(gone))}"
        yield Damage("orphan_comments", tuple(record_id(record) for record in orphans), says)
    counts = Counter(record_id(record) for record in comments)
    for mendable in (True, False):
        without = [r for r in comments if not record_id(r) and bool(record_id(r, "todoId")) is mendable]
        if without:
            where = _distinct(record_id(record, "todoId") for record in without)
            yield Damage("comment_ids", where, f"{_many(without, 'comment')} without an id", mendable=mendable)
    repeated = tuple(name for name, count in counts.items() if name and count > 1)
    if repeated:
        says = f"{_many(repeated, 'comment id')} borne by several comments"
        yield Damage("comment_ids", repeated, says, mendable=bool(misnamed_comments(comments)))


def _spellings(todolist: TodoList) -> Iterator[Damage]:
    for name, known in (("status", STATUSES), ("priority", PRIORITIES)):
        found: dict[str, list[Task]] = defaultdict(list)
        for task_id, record in todolist.records.items():
            written = record.get(name)
            if written not in known and (name == "status" or written):
                found[str(written or "")].append(todolist.tasks[task_id])
        for spelling, tasks in found.items():
            read = getattr(tasks[0], name)
            meant = f"is read as {read}" if read in known else "is closed" if _cancelled(read) else "is none of Todo2's"
            yield Damage(
                name,
                tuple(task.id for task in tasks),
                f"{name} {spelling!r} of {_many(tasks, 'task')} {meant}",
                harmless=read in known or _cancelled(read),
            )


def _cancelled(status: str) -> bool:
    return status.lower() in _CANCELLED


def _times(value: Record, todolist: TodoList, *, now: str) -> Iterator[Damage]:
    horizon = (moment(now) or 0.0) + CLOCKS_DIFFER
    written = moment(value.get("lastModified"))
    if written is None:
        spelled = f"{value['lastModified']!r}, which is no time" if "lastModified" in value else "missing"
        yield Damage("last_modified", (), f"`lastModified` is {spelled}", mendable=True)
    elif written > horizon:
        yield Damage("future", (), f"the file was last modified in the future: {value['lastModified']}", harmless=True)
    times = {task.id: moment(task.last_modified) for task in todolist.tasks.values()}
    unknown = tuple(task for task, time in times.items() if time is None)
    if unknown:
        yield Damage(
            "task_times", unknown, f"{_many(unknown, 'task')} without a time of the last change", harmless=True
        )
    ahead = tuple(task for task, time in times.items() if time is not None and time > horizon)
    if ahead:
        yield Damage("future", ahead, f"{_many(ahead, 'task')} last modified in the future", harmless=True)


def _left_overs(value: Record, todolist: TodoList) -> Iterator[Damage]:
    broken = tuple(
        task.id
        for task in todolist.tasks.values()
        if restore_breaks(task.description) != task.description.replace("\r\n", "\n")
    )
    if broken:
        says = f"{_many(broken, 'description')} in which line breaks became the letter n"
        yield Damage("lost_breaks", broken, says, harmless=True)
    inline = [record for record in task_records(value) if records_of(record.get("comments"))]
    if inline:
        count = sum(len(records_of(record["comments"])) for record in inline)
        where = tuple(record_id(record) for record in inline)
        says = f"{count} comments inside {_many(inline, 'task')}, which Todo2 does not show"
        yield Damage("inline_comments", where, says, harmless=True)


def counter_is_right(value: Record) -> bool:
    """Tell whether `nextTaskNumber` is a number that no task, present or deleted, had yet."""
    counter = value.get("nextTaskNumber")
    return _is_count(counter) and counter >= lowest_counter(value)


def lowest_counter(value: Record) -> int:
    """Give the lowest number that is right for `nextTaskNumber`."""
    return next_number({**value, "nextTaskNumber": None})


def told_numbers(records: Sequence[Record]) -> dict[int, int]:
    """Give the place in the list of each task whose number is missing or repeated though its id tells it, with that."""
    numbers: list[object] = [record.get("taskNumber") for record in records]
    ids = [record_id(record) for record in records]
    told: dict[int, int] = {}
    while True:  # a number given back may be one that another task has wrongly: each round settles some, and none twice
        holders: dict[int, set[str]] = defaultdict(set)
        for number, name in zip(numbers, ids, strict=True):
            if _is_count(number):
                holders[number].add(name)
        fresh = {
            place: int(match[1])
            for place, (number, name) in enumerate(zip(numbers, ids, strict=True))
            if (match := _NUMBERED.match(name))
            and (not _is_count(number) or (number != int(match[1]) and len(holders[number]) > 1))
        }
        if not fresh:
            return told
        told |= fresh
        for place, number in fresh.items():
            numbers[place] = number


def known_ids(value: Record) -> frozenset[str]:
    """Give every id that a dependency may mean, case folded; those of a stray `tasks` beside `todos` are among them."""
    return frozenset(
        record_id(record).casefold() for key in ("todos", "tasks") for record in records_of(value.get(key))
    )


def is_gone(need: str, known: frozenset[str]) -> bool:
    """Tell whether an id that no task bears exists in no other spelling either."""
    name = need.strip().casefold()
    return name not in known and f"t-{name.lstrip('#')}" not in known


def misnamed_comments(comments: Sequence[Record]) -> list[int]:
    """Give the places of the comments that need an id of their own and name a task: without one, or the same again."""
    seen: set[str] = set()
    found: list[int] = []
    for place, record in enumerate(comments):
        name = record_id(record)
        if (not name or name in seen) and record_id(record, "todoId"):
            found.append(place)
        seen.add(name)
    return found


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _many(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _listed(words: Iterable[str]) -> str:
    """Put words into a sentence, of many the first five and how many more."""
    found = list(words)
    shown = found[:5] + ([f"{len(found) - 5} more"] if len(found) > 5 else [])
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _who_lack(count: int) -> str:
    return f"which {'does' if count == 1 else 'do'} not exist"


def _path(graph: Graph, ring: Sequence[str]) -> str:
    """Give one way round a ring of at least one node, with the first node again at its end."""
    members = set(ring)
    before: dict[str, str] = {}
    work = deque([ring[0]])
    while work:  # breadth first, so that the way is a shortest one
        node = work.popleft()
        for need in graph.needs[node]:
            if need == ring[0]:
                path = [need, node]
                while path[-1] != ring[0]:
                    path.append(before[path[-1]])
                way = path[::-1]
                return " -> ".join(way if len(way) <= 10 else [*way[:9], f"{len(way) - 10} more", way[-1]])
            if need in members and need not in before:
                before[need] = node
                work.append(need)
    return " -> ".join(ring)  # not reached: in a ring every node leads back
