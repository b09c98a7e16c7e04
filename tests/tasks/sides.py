"""Two sides that go their own ways from a common base: random edits of random lists, with other tools' keys in them."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hypothesis import strategies as st

from prentice.tasks.edits import Draft, Editor
from prentice.tasks.moments import spelled
from prentice.tasks.todo2 import new_state, parse
from prentice.tasks.todolist import TodoList

BEGIN: Final = 1_767_323_045.0
"""2026-01-02T03:04:05Z."""
STRANGE: Final[Mapping[str, Any]] = {"x-tool": {"deep": [1, None, "ä"]}, "host": "build-7", "metadata": {"a": 1}}
"""Keys that Todo2 does not know."""

STEPS: Final = ("add", "add", "comment", "name", "priority", "tags", "status", "describe", "needs", "delete", "own key")


class Side:
    """One clone: its value after each change, every name and comment it made, and what it deleted."""

    def __init__(self, value: Mapping[str, Any], *, name: str, begin: float) -> None:
        self.values = [value]
        self.added: set[str] = set()
        self.said: dict[str, str] = {}
        self.deleted: set[str] = set()
        self._name = name
        self._clock = itertools.count(1)
        self._begin = begin

    @property
    def value(self) -> Mapping[str, Any]:
        """The list as it stands."""
        return self.values[-1]

    def change(self, steps: Sequence[tuple[str, int, int]]) -> None:
        """Make one change of several steps; a step is a word and two numbers that choose tasks."""
        at = next(self._clock)
        counter = itertools.count()
        editor = Editor(
            self.value, now=spelled(self._begin + at), token=lambda: f"{self._name}{at:04}{next(counter):04}"
        )
        for number, (what, first, second) in enumerate(steps):
            self._step(editor, what, first, second, text=f"{self._name}-{at}-{number}")
        self.values.append(editor.value)

    def _step(self, editor: Editor, what: str, first: int, second: int, *, text: str) -> None:
        ids = list(editor.todolist.tasks)
        if what == "add" or not ids:
            needs = (ids[first % len(ids)],) if ids and second % 2 else ()
            editor.create(Draft(name=text, dependencies=needs, extra=STRANGE if second % 3 == 0 else {}))
            self.added.add(text)
            return
        task = ids[first % len(ids)]
        other = ids[second % len(ids)]
        match what:
            case "comment":
                editor.comment(task, text, kind="note")
                self.said[text] = task
            case "delete" if any(task in each.dependencies for each in editor.todolist.tasks.values()):
                pass  # the rules do not allow it
            case "delete":
                self.added.discard(editor.delete(task).name)
                self.deleted.add(task)
                self.said = {said: about for said, about in self.said.items() if about != task}
            case "needs":
                self._need(editor, task, other)
            case "own key":
                editor.mark(task, "claim", {"worker": text})
            case "tags":
                editor.update(task, {"tags": (*editor.task(task).tags, text)})
            case "status":
                editor.update(task, {"status": ("Todo", "In Progress", "Review", "Done")[second % 4]})
            case "describe":
                editor.update(task, {"description": text})
            case _:
                self.added.discard(editor.task(task).name) if what == "name" else None
                editor.update(task, {what: text if what == "name" else ("low", "high")[second % 2]})

    def _need(self, editor: Editor, task: str, other: str) -> None:
        before = editor.task(task).dependencies
        editor.update(task, {"dependencies": tuple(dict.fromkeys((*before, other)))})
        if task == other or editor.todolist.graph.cycles():
            editor.update(task, {"dependencies": before})


def is_sound(value: Mapping[str, Any]) -> bool:
    """Whether no id is borne twice and nothing waits for itself."""
    tasks = [record["id"] for record in value["todos"]]
    comments = [record["id"] for record in value["comments"]]
    activities = [record["id"] for record in value["activities"]]
    return (
        all(len(set(ids)) == len(ids) for ids in (tasks, comments, activities)) and not TodoList(value).graph.cycles()
    )


changes = st.lists(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 7), st.integers(0, 7)), min_size=1, max_size=3),
    max_size=5,
)


@st.composite
def bases(draw: st.DrawFn) -> Mapping[str, Any]:
    """Make a list that both sides begin with."""
    side = Side(parse(new_state(spelled(BEGIN))).value, name="base", begin=BEGIN)
    for steps in draw(changes):
        side.change(steps)
    value = dict(side.value)
    if draw(st.booleans()):
        value |= {"project": {"id": "x/y"}, "updated_at": "2026-01-01T00:00:00Z"}
        foreign = {"id": "AUTO-20260101000000-1", "content": "by another tool", "status": "pending", **STRANGE}
        value["todos"] = [*value["todos"], foreign]
    return value


@st.composite
def two_sides(draw: st.DrawFn) -> tuple[Mapping[str, Any], Side, Side]:
    """Make a base and what became of it on two sides, whose clocks differ."""
    base = draw(bases())
    ours = Side(base, name="ours", begin=BEGIN + 1000)
    theirs = Side(base, name="theirs", begin=BEGIN + 1000.5 + draw(st.integers(-3, 3)))
    for side in (ours, theirs):
        for steps in draw(changes):
            side.change(steps)
    return base, ours, theirs
