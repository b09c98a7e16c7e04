"""A plan as text that a person edits: written for reading, read back with errors that point at the line.

Each subtask begins with `== key ==`. Fields are `name:`, `complexity:`, `category:` and `depends:`; lines that begin
with `- ` are acceptance criteria; all other lines are the description. Lines that begin with `#` are comments.
"""

import re
from dataclasses import dataclass, field
from typing import Final, cast

from prentice.errors import ProposalError
from prentice.skills.breakdown.proposal import Proposal
from prentice.tasks.graph import Graph
from prentice.tasks.plan import CATEGORIES, COMPLEXITIES, Category, Complexity, Subtask

_HEAD: Final = re.compile(r"==\s*(.*?)\s*==\s*\Z")
_FIELD: Final = re.compile(r"(name|complexity|category|depends):\s*(.*)\Z", re.IGNORECASE)
_HELP: Final = """\
# Plan {id} for: {name}
# Edit, add, delete or reorder subtasks; saving and closing approves what stands here.
# An empty file approves nothing. complexity: {complexities}
# category: {categories}
# depends: keys of other subtasks, with commas; `-` for none. Lines with `- ` are acceptance criteria.
"""


@dataclass(slots=True)
class _Draft:
    key: str
    line: int
    fields: dict[str, tuple[str, int]] = field(default_factory=dict)
    criteria: list[str] = field(default_factory=list)
    description: list[str] = field(default_factory=list)


def write(proposal: Proposal) -> str:
    """Give the plan as text to edit."""
    head = _HELP.format(
        id=proposal.id, name=proposal.name, complexities=", ".join(COMPLEXITIES), categories=", ".join(CATEGORIES)
    )
    return head + "".join(_subtask_text(subtask) for subtask in proposal.subtasks)


def read(text: str, *, before: tuple[Subtask, ...] = ()) -> tuple[Subtask, ...]:
    """Read an edited plan; `before` is the plan as it was, for what the text does not show.

    Raises:
        ProposalError: a line cannot be understood, or keys and dependencies do not hold together; names the line.
    """
    drafts = _drafts(text)
    covers = {subtask.key: subtask.covers for subtask in before}
    plan = tuple(_finished(draft, covers.get(draft.key, ())) for draft in drafts)
    _check_graph(plan, drafts)
    return plan


def _subtask_text(subtask: Subtask) -> str:
    criteria = "\n".join(f"- {criterion}" for criterion in subtask.acceptance_criteria)
    return (
        f"\n== {subtask.key} ==\nname: {subtask.name}\ncomplexity: {subtask.complexity}\n"
        f"category: {subtask.category}\ndepends: {', '.join(subtask.dependencies) or '-'}\n"
        f"{subtask.description}\n{criteria}\n"
    )


def _drafts(text: str) -> list[_Draft]:
    drafts: list[_Draft] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if head := _HEAD.match(line):
            drafts.append(_new_draft(head[1], number, drafts))
        elif not drafts:
            raise _at(number, "stands before the first subtask", "Begin a subtask with `== key ==`.")
        elif line.startswith("- "):
            drafts[-1].criteria.append(line[2:].strip())
        elif (match := _FIELD.match(line)) and match[1].lower() not in drafts[-1].fields:
            drafts[-1].fields[match[1].lower()] = (match[2].strip(), number)
        else:
            drafts[-1].description.append(line)
    return drafts


def _new_draft(key: str, number: int, drafts: list[_Draft]) -> _Draft:
    if not key or re.search(r"[\s,]", key):
        raise _at(number, f"has the key {key!r}", "A key is one word without commas.")
    if any(draft.key == key for draft in drafts):
        raise _at(number, f"uses the key {key!r} a second time", "Give each subtask a key of its own.")
    return _Draft(key, number)


def _finished(draft: _Draft, covers: tuple[int, ...]) -> Subtask:
    name, name_line = draft.fields.get("name", ("", draft.line))
    if not name:
        raise _at(name_line, f"leaves {draft.key} without a name", "Add a line `name: ...`.")
    if not draft.criteria:
        raise _at(draft.line, f"leaves {draft.key} without acceptance criteria", "Add lines that begin with `- `.")
    needs, _ = draft.fields.get("depends", ("-", 0))
    return Subtask(
        key=draft.key,
        name=name,
        description=" ".join(draft.description),
        acceptance_criteria=tuple(draft.criteria),
        complexity=cast("Complexity", _one_of(draft, "complexity", COMPLEXITIES, "medium")),
        category=cast("Category", _one_of(draft, "category", CATEGORIES, "other")),
        dependencies=tuple(dict.fromkeys(key.strip() for key in needs.split(",") if key.strip(" -"))),
        covers=covers,
    )


def _one_of(draft: _Draft, name: str, allowed: tuple[str, ...], default: str) -> str:
    value, line = draft.fields.get(name, (default, 0))
    if value.lower() not in allowed:
        raise _at(line, f"gives {draft.key} the {name} {value!r}", f"Use one of: {', '.join(allowed)}.")
    return value.lower()


def _check_graph(plan: tuple[Subtask, ...], drafts: list[_Draft]) -> None:
    lines = {draft.key: draft.fields.get("depends", ("", draft.line))[1] for draft in drafts}
    graph = Graph.of((subtask.key, subtask.dependencies) for subtask in plan)
    for key, missing in graph.unknown.items():
        raise _at(lines[key], f"lets {key} depend on {', '.join(missing)}", f"The keys are: {', '.join(lines)}.")
    for cycle in graph.cycles():
        ring = " -> ".join([*cycle, cycle[0]])
        raise _at(lines[cycle[0]], f"closes a cycle: {ring}", "Take one of these dependencies out.")


def _at(line: int, what: str, next_step: str) -> ProposalError:
    return ProposalError(f"Line {line} {what}.", next_step=next_step)
