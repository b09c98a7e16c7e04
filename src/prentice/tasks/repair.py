"""Mending what other tools have left broken in a Todo2 file, as far as nothing has to be guessed.

A mended state is made beside the old one: records that need nothing stay the same objects, so that `todo2.serialize`
keeps their bytes. What needs a person (repeated ids, cycles, foreign statuses, orphans) is left as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from prentice.tasks import damage
from prentice.tasks.edits import MAX_ACTIVITIES, next_number
from prentice.tasks.moments import moment
from prentice.tasks.record import DEPENDENCY_KEYS, PARENT_KEYS, dependencies_of, record_id, records_of
from prentice.tasks.todolist import task_records, tasks_key

Record = Mapping[str, Any]

_TIMED: Final = "`lastModified` is the time of this repair"


def repair(value: Record, *, now: str) -> tuple[dict[str, Any], list[str]]:
    """Give the mended state and a sentence for each thing that was mended; `now` is the time in Todo2's spelling.

    Where nothing is to be mended, the state comes back as it is, and so it does the second time. Otherwise its
    `lastModified` becomes `now`, as for every write.
    """
    mending = _Mending(value, now=now)
    for step in _STEPS:
        step(mending)
    if mending.mended and mending.value.get("lastModified") != now:
        mending.value["lastModified"] = now
        mending.mended.append(_TIMED)
    return mending.value, mending.mended


class _Mending:
    """A state while it is mended: the new value, and what was done to it."""

    def __init__(self, value: Record, *, now: str) -> None:
        self.value: dict[str, Any] = dict(value)
        self.now = now
        self.mended: list[str] = []

    def replace(self, key: str, change: Callable[[Record], Record]) -> None:
        """Replace the records of a list by what `change` makes of each; what it gives back stays the same object."""
        old = self.value.get(key)
        if not isinstance(old, list):
            return
        new = [change(record) if isinstance(record, dict) else record for record in old]
        if any(left is not right for left, right in zip(old, new, strict=True)):
            self.value[key] = new

    @property
    def tasks_key(self) -> str:
        return tasks_key(self.value)


def _name_the_list(mending: _Mending) -> None:
    if mending.tasks_key == "tasks":
        renamed = {"todos" if key == "tasks" else key: held for key, held in mending.value.items()}
        mending.value = renamed
        mending.mended.append("`tasks` is called `todos`")


def _add_lists(mending: _Mending) -> None:
    for key in damage.LISTS:
        if mending.value.get(key) is None:
            mending.value[key] = []
            mending.mended.append(f"`{key}` is an empty list")


def _number_nan(mending: _Mending) -> None:
    """Give a task T-NaN a number; its comments, activities and what refers to it follow."""
    ids = [record_id(record) for record in task_records(mending.value)]
    if ids.count(damage.NAN_ID) != 1:
        return
    number = next_number(mending.value)
    name = f"T-{number}"
    mending.replace(mending.tasks_key, lambda record: _renamed_task(record, name, number))
    mending.replace("comments", lambda record: _renamed_comment(record, name))
    mending.replace("activities", lambda record: _renamed_activity(record, name))
    mending.mended.append(f"{damage.NAN_ID} is {name}, with its comments, its history and what refers to it")


def _renamed_task(record: Record, name: str, number: int) -> Record:
    if record_id(record) == damage.NAN_ID:
        record = {**record, "id": name, "taskNumber": number}
    for key in PARENT_KEYS:
        if record.get(key) == damage.NAN_ID:
            record = {**record, key: name}
    return _with_dependencies(record, lambda need: name if need == damage.NAN_ID else need)


def _renamed_comment(record: Record, name: str) -> Record:
    if record_id(record, "todoId") != damage.NAN_ID:
        return record
    return {**record, "todoId": name} | ({"id": _follow(record["id"], name)} if "id" in record else {})


def _renamed_activity(record: Record, name: str) -> Record:
    if record_id(record, "todoId") != damage.NAN_ID:
        return record
    record = {**record, "todoId": name}
    details = record.get("details")
    if isinstance(details, dict) and "commentId" in details:
        record["details"] = {**details, "commentId": _follow(details["commentId"], name)}
    return record


def _follow(comment_id: object, name: str) -> object:
    prefix = f"{damage.NAN_ID}-C-"
    if isinstance(comment_id, str) and comment_id.startswith(prefix):
        return f"{name}-C-{comment_id.removeprefix(prefix)}"
    return comment_id


def _number_tasks(mending: _Mending) -> None:
    records = task_records(mending.value)
    told = damage.told_numbers(records)
    numbers = {id(records[place]): number for place, number in told.items()}

    def change(record: Record) -> Record:
        return {**record, "taskNumber": numbers[id(record)]} if id(record) in numbers else record

    mending.replace(mending.tasks_key, change)
    for place, number in told.items():
        mending.mended.append(f"{record_id(records[place])} has the `taskNumber` {number}")


def _drop_dependencies(mending: _Mending) -> None:
    known = damage.known_ids(mending.value)
    exact = {record_id(record) for record in task_records(mending.value)}
    looked_at: set[str] = set()

    def change(record: Record) -> Record:
        task = record_id(record)
        if task in looked_at:
            return record  # of a repeated id only the first record is read
        looked_at.add(task)
        lost = [need for need in dependencies_of(record) if need not in exact and damage.is_gone(need, known)]
        dropped = [need for need in dependencies_of(record) if (need == task or need in lost) and task]
        for need in dropped:
            why = "itself" if need == task else f"{need}, which does not exist"
            mending.mended.append(f"{task} no longer waits for {why}")
        return _with_dependencies(record, lambda need: "" if need in dropped else need) if dropped else record

    mending.replace(mending.tasks_key, change)


def _with_dependencies(record: Record, change: Callable[[str], str]) -> Record:
    """Give the record with each dependency changed, or left out where `change` gives an empty name."""
    for key in DEPENDENCY_KEYS:
        written = record.get(key)
        items = written if isinstance(written, list) else list(dependencies_of({key: written}))
        changed = [name for item in items if (name := _changed(item, change)) != ""]
        if changed != items:
            record = {**record, key: changed}
    return record


def _changed(item: object, change: Callable[[str], str]) -> object:
    """Give an entry of a list of dependencies as it shall be; one that names no task stays what it is."""
    [name] = dependencies_of({DEPENDENCY_KEYS[0]: [item]}) or [""]
    return item if not name or (new := change(name)) == name else new


def _name_comments(mending: _Mending) -> None:
    comments = records_of(mending.value.get("comments"))
    taken = {record_id(record) for record in comments}
    next_of: dict[str, int] = {}
    names: dict[int, str] = {}
    for place in damage.misnamed_comments(comments):
        task = record_id(comments[place], "todoId")
        number = next_of.get(task, 1)
        while f"{task}-C-{number}" in taken:
            number += 1
        next_of[task] = number + 1
        names[place] = f"{task}-C-{number}"
        taken.add(names[place])
        old = record_id(comments[place])
        mending.mended.append(
            f"A second comment {old} is {names[place]}" if old else f"A comment on {task} is {names[place]}"
        )
    places = {id(comments[place]): name for place, name in names.items()}
    mending.replace("comments", lambda record: _with_id(record, places.get(id(record), "")))


def _with_id(record: Record, name: str) -> Record:
    if not name:
        return record
    return {**record, "id": name} if "id" in record else {"id": name, **record}


def _trim_activities(mending: _Mending) -> None:
    activities = mending.value["activities"]
    extra = len(activities) - MAX_ACTIVITIES
    if extra > 0:
        mending.value["activities"] = activities[extra:]
        mending.mended.append(f"The {extra} oldest activities are dropped; Todo2 keeps {MAX_ACTIVITIES}")


def _set_counter(mending: _Mending) -> None:
    if not damage.counter_is_right(mending.value):
        counter = damage.lowest_counter(mending.value)
        mending.value["nextTaskNumber"] = counter
        mending.mended.append(f"`nextTaskNumber` is {counter}")


def _set_time(mending: _Mending) -> None:
    if moment(mending.value.get("lastModified")) is None:
        mending.value["lastModified"] = mending.now
        mending.mended.append(_TIMED)


_STEPS: Final[tuple[Callable[[_Mending], None], ...]] = (
    _name_the_list, _add_lists, _number_nan, _number_tasks, _drop_dependencies, _name_comments, _trim_activities,
    _set_counter, _set_time,
)  # fmt: skip
"""In this order: the lists have to be there first, and the counter comes after all that takes a number."""
