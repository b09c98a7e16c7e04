"""The dependency graph for the eye: as a tree of text, for Graphviz (DOT), for Mermaid.

An edge goes from a task to one it depends on. Everything is linear in tasks and edges, and nothing recurses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList

DEEPEST: Final = 20
"""How many levels a tree indents, at 4 columns each; what is deeper continues in a tree of its own further down."""

MERMAID_EDGES: Final = 500
MERMAID_CHARACTERS: Final = 50_000
"""What Mermaid refuses to draw more of, unless its site was set up otherwise (`maxEdges`, `maxTextSize`)."""

_MERMAID_PLAIN: Final = frozenset(" -_.,:/()")
"""What may stand in a quoted Mermaid label beside letters and digits; the rest is written as `#code;`."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """The tasks that are drawn, by id, and for each those among them that it depends on."""

    tasks: Mapping[str, Task]
    needs: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, todolist: TodoList, *, task: str = "", closed: bool = False) -> Self:
        """Take the open tasks, or all with `closed`; with a `task`, only it and what it depends on, near and far."""
        tasks = {key: one for key, one in todolist.tasks.items() if closed or one.is_open or key == task}
        graph = todolist.graph.needs
        needs = {key: tuple(need for need in graph[key] if need in tasks) for key in tasks}
        if task:
            reached = _reached(needs, task)
            tasks = {task: tasks[task]} | {key: one for key, one in tasks.items() if key in reached}
            needs = {key: needs[key] for key in tasks}
        return cls(tasks, needs)

    @property
    def edges(self) -> list[tuple[str, str]]:
        """All edges, from a task to one it depends on."""
        return [(task, need) for task, needs in self.needs.items() for need in needs]

    def document(self) -> dict[str, object]:
        """Give the graph as the JSON document of the contract."""
        return {
            "nodes": [{"id": task.id, "name": task.name, "status": task.status} for task in self.tasks.values()],
            "edges": [list(edge) for edge in self.edges],
        }

    def tree(self) -> Iterator[str]:
        """Give the lines of a tree: below each task what it depends on.

        A task is unfolded once: again it is marked `(above)`, or `(cycle)` within itself. What is deeper than DEEPEST
        is marked `(below)` and follows at the margin.
        """
        wanted = {need for task, needs in self.needs.items() for need in needs if need != task}
        unfolded: set[str] = set()
        # After the tasks that nothing needs come all others: only rings are left by then.
        for root in [*(task for task in self.tasks if task not in wanted), *self.tasks]:
            margin = [] if root in unfolded else [root]
            while margin:
                yield from self._unfold(margin.pop(), unfolded, margin)

    def _unfold(self, root: str, unfolded: set[str], deeper: list[str]) -> Iterator[str]:
        """Give the lines of one tree, and put into `deeper` what is too deep for it."""
        if root in unfolded:
            return
        path: list[str] = []
        work = [(root, 0, "", "")]
        while work:
            task, depth, first, rest = work.pop()
            del path[depth:]
            needs = self.needs[task]
            mark = ""
            if task in unfolded:
                mark = " (cycle)" if task in path else " (above)"
            elif depth >= DEEPEST and needs:
                mark = " (below)"
                deeper.append(task)
            yield f"{first}{_label(self.tasks[task])}{mark}"
            if mark:
                continue
            unfolded.add(task)
            path.append(task)
            for need in reversed(needs):
                last = need == needs[-1]
                work.append((need, depth + 1, rest + ("└── " if last else "├── "), rest + ("    " if last else "│   ")))

    def dot(self) -> Iterator[str]:
        """Give the lines of a Graphviz file."""
        number = {task: index for index, task in enumerate(self.tasks)}
        yield "digraph tasks {"
        yield "  rankdir=LR;"
        yield "  node [shape=box];"
        for task, index in number.items():
            yield f'  n{index} [label="{_dot_text(_label(self.tasks[task]))}"];'
        for task, need in self.edges:
            yield f"  n{number[task]} -> n{number[need]};"
        yield "}"

    def mermaid(self) -> Iterator[str]:
        """Give the lines of a Mermaid flowchart."""
        number = {task: index for index, task in enumerate(self.tasks)}
        yield "flowchart LR"
        for task, index in number.items():
            yield f'  n{index}["{_mermaid_text(_label(self.tasks[task]))}"]'
        for task, need in self.edges:
            yield f"  n{number[task]} --> n{number[need]}"


def _reached(needs: Mapping[str, tuple[str, ...]], start: str) -> set[str]:
    reached = {start}
    work = [start]
    while work:
        fresh = [need for need in needs[work.pop()] if need not in reached]
        reached.update(fresh)
        work += fresh
    return reached


def _label(task: Task) -> str:
    """Give a task in one line without characters that cannot be seen."""
    text = " ".join(f"{task.id} {task.name} ({task.status})".split())
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _dot_text(text: str) -> str:
    """Escape for a quoted label, in which Graphviz also reads backslashes and HTML's entities."""
    return text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def _mermaid_text(text: str) -> str:
    return "".join(
        character if character.isalnum() or character in _MERMAID_PLAIN else f"#{ord(character)};" for character in text
    )
