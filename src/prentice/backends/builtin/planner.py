"""The planner that works without a model: from what is known of a task to its subtasks.

The description's own list of work comes first; where there is none, the playbook that fits kind and concepts best is
filled with the task's own parts. What the text demands besides (rules, edge cases, files, acceptance criteria) goes
into the steps that it concerns.
"""

from collections.abc import Iterable
from typing import Final

from prentice.backends.builtin import fitting, weaving
from prentice.backends.builtin.choosing import addons, choose
from prentice.backends.builtin.concepts import recognise
from prentice.backends.builtin.draft import Draft, near, near_parent, slug
from prentice.backends.builtin.finishing import finished
from prentice.backends.builtin.listed import brief_criteria, from_items
from prentice.backends.builtin.playbook import NAME_LENGTH, Playbook, fill, library
from prentice.backends.builtin.structure import Item, Matter, goals, read
from prentice.backends.builtin.title import parse
from prentice.backends.builtin.understanding import Task, filled, holds, understand
from prentice.backends.builtin.words import clip, mostly_foreign, telling
from prentice.errors import TextError
from prentice.tasks.plan import PlanningFacts, Subtask


def plan(facts: PlanningFacts) -> tuple[Subtask, ...]:
    """Break a task down by rules alone: the same facts give the same plan.

    Raises:
        TextError: the text holds nothing to plan by, or is not in English and has no list of work either.
    """
    title, rest = _split_name(facts.name)
    description = f"{rest}\n\n{facts.description}".strip()
    matter = read(description, criteria=facts.criteria)
    _refuse_unreadable(title, description, facts, matter)
    task = understand(parse(title), text=_text(facts, description), facts=facts, matter=matter)
    drafts = _drafted(task, title, facts)
    drafts = [draft for draft in drafts if draft.name]
    drafts = _apart(drafts, task, facts)
    weaving.qualify(drafts, slots=task.slots, core=_core(drafts))
    weaving.weave(drafts, facts=facts, matter=matter, core=_core(drafts))
    drafts = fitting.shortened(drafts, most=facts.max_subtasks)
    drafts = fitting.lengthened(
        drafts, least=facts.min_subtasks, spares=_spares(task), fits=lambda draft: not _clashes(draft.name, facts)
    )
    weaving.spread(drafts, facts=facts)
    weaving.name_symbols(drafts, facts=facts, core=_core(drafts))
    weaving.keep_particulars(drafts, title=facts.name, description=facts.description, core=_core(drafts))
    drafts = fitting.ordered(drafts)
    return finished(drafts, facts=facts, brief=lambda draft: brief_criteria(draft, task))


def _split_name(name: str) -> tuple[str, str]:
    """Take the first line, or the first sentence of a long one, for the title; the rest is description."""
    lines = [line for line in name.strip()[:70_000].splitlines() if line.strip()]
    if not lines:
        return "", ""
    title, rest = lines[0].strip().lstrip("#*- ").strip(), "\n".join(lines[1:])
    if len(title) > 100:
        for mark in (". ", "? ", "! "):
            at = title.find(mark, 12, 400)
            if at > 0:
                return title[:at], f"{title[at + 2 :]}\n{rest}"
    return title, rest


def _text(facts: PlanningFacts, description: str) -> str:
    return "\n".join([description, facts.context, " ".join(facts.tags), *facts.criteria])


def _refuse_unreadable(title: str, description: str, facts: PlanningFacts, matter: Matter) -> None:
    """Raise where a plan would be a guess.

    Raises:
        TextError: no text, no English, or no word that says what it is about.
    """
    text = f"{title}\n{description}\n{facts.context}"
    if len(matter.items) >= 2:
        return
    if mostly_foreign(text):
        raise TextError(
            "The built-in planner reads English, and this task is in another language.",
            next_step="Use a model, for example with --backend ollama, or list the steps in the description, one a line with `- `.",  # noqa: E501 - a pattern or a list of words reads best in one piece
        )
    words = telling(f"{title} {description} {facts.context}")
    intent = parse(title)
    bare = not intent.verb and not intent.clause and not recognise(title)
    if (
        not words
        or (len(telling(title)) < 2 and len(title.split()) < 2 and len(words) < 3)
        or (bare and len(words) < 3)
    ):
        missing = (
            "what is to be done, and to what" if not words or not intent.verb else "what exactly is to be done to it"
        )
        raise TextError(
            f"The text does not say enough to plan by: it leaves open {missing}, and where.",
            next_step='Name the action, the thing and the place, as in "Fix the crash when an empty CSV file is imported".',  # noqa: E501 - a pattern or a list of words reads best in one piece
        )


def _drafted(task: Task, title: str, facts: PlanningFacts) -> list[Draft]:
    """Draft the plan by the description's list, else the several goals of the title, else the one playbook."""
    items = task.matter.items
    named_goals = goals(title)
    if len(items) > 2 or (len(items) == 2 and not named_goals):
        return from_items(items, task, facts)
    if len(named_goals) >= 2:
        return _from_goals(named_goals, task, facts)
    return _from_playbook(task, most=facts.max_subtasks)


def _from_playbook(task: Task, *, most: int) -> list[Draft]:
    playbook = choose(task.intent, task.votes, task.recognised)
    steps = [step for step in playbook.steps if step.keep > 1 and holds(step, task)]
    drafts = [draft for step in steps if (draft := filled(step, task, cases=not playbook.needs)).name]
    _unhook(playbook, drafts)
    core = [draft.key for draft in drafts if draft.role == "core"] or [drafts[-1].key]
    for addition in addons(task.intent, context=task.context, kind=task.kind, chosen=playbook)[:2]:
        for step in addition.steps:
            if len(drafts) < most and holds(step, task):
                draft = filled(step, task)
                if draft.name and not any(near(draft.name, other.name) for other in drafts):
                    draft.after = list(core)
                    drafts.append(draft)
    return drafts


def _unhook(playbook: Playbook, drafts: list[Draft]) -> None:
    """Pass dependencies on steps that were left out on to what those waited for."""
    present, above = {draft.key for draft in drafts}, {step.key: step.after for step in playbook.steps}

    def resolved(keys: Iterable[str], depth: int = 0) -> list[str]:
        found: list[str] = []
        for key in keys:
            found += [key] if key in present or depth > 20 else resolved(above.get(key, ()), depth + 1)
        return found

    for draft in drafts:
        draft.after = list(dict.fromkeys(resolved(draft.after)))


def _from_goals(items: tuple[Item, ...], task: Task, facts: PlanningFacts) -> list[Draft]:
    """Draft each goal of a title by its own playbook, as deep as the bounds allow."""
    room = min(facts.max_subtasks, max(facts.min_subtasks, 4 * len(items) if len(items) < 3 else 2 * len(items)))
    quota = room // len(items)
    if quota < 2:
        return from_items(items, task, facts)
    drafts: list[Draft] = []
    for number, item in enumerate(items):
        part = understand(item.intent, text=_text(facts, ""), facts=facts, matter=Matter(), within=task.kind)
        share = quota + (1 if number < room - quota * len(items) else 0)
        steps = fitting.shortened(_from_playbook(part, most=share), most=share)
        keys = {step.key: slug(step.key, taken=[draft.key for draft in drafts]) for step in steps}
        for step in steps:
            step.after = [keys.get(key, key) for key in step.after]
            step.key = keys[step.key]
        drafts += [step for step in steps if not any(near(step.name, other.name) for other in drafts)]
    return drafts


def _spares(task: Task) -> list[Draft]:
    """Give the steps that come in only where a plan must be longer: the playbook's own, then those for any task."""
    own = [
        step for step in choose(task.intent, task.votes, task.recognised).steps if step.keep <= 1 and holds(step, task)
    ]
    common = [
        step for playbook in library() if "spare" in playbook.kinds for step in playbook.steps if holds(step, task)
    ]
    return [draft for step in (*own, *common) if (draft := filled(step, task)).name]


_OWN_WORDS: Final = 40
"""Characters of a step's own name beside the name of the task that it is for."""


def _apart(drafts: list[Draft], task: Task, facts: PlanningFacts) -> list[Draft]:
    """Keep steps apart from the task itself and from open tasks: rename the former, leave out the latter.

    Where open tasks have most of the steps they are those of alike tasks, and ours are told apart by what they are for.
    """
    kept: list[Draft] = []
    dropped: list[Draft] = []
    for draft in drafts:
        if near_parent(draft.name, facts.name):
            draft.name = next(
                (
                    name
                    for name in _other_names(task, draft)
                    if not _clashes(name, facts) and all(name != other.name for other in drafts)
                ),
                draft.name,
            )
        (dropped if any(near(draft.name, name) for name in facts.existing) else kept).append(draft)
    if len(dropped) > len(kept):
        for draft in dropped:
            draft.name = clip(f"{clip(draft.name, _OWN_WORDS)}: {facts.name.strip()}", NAME_LENGTH)
        return drafts
    for gone in dropped:
        for step in kept:
            if gone.key in step.after:
                step.after = [key for key in [*step.after, *gone.after] if key not in {gone.key, step.key}]
    return kept


def _other_names(task: Task, draft: Draft) -> list[str]:
    """Give names for a step that is named like the whole task: its playbook's own, else what its category does."""
    steps = choose(task.intent, task.votes, task.recognised).steps
    own = [way for step in steps if step.key == draft.key for way in step.name.split(" || ")]
    ways = [
        *own,
        _PLAIN_NAMES.get(draft.category, "Do the central part and show that it works"),
        "Do the central part and show that it works",
        "Write the code and its first test",
    ]
    return [name for way in ways if (name := fill(way, task.slots, limit=NAME_LENGTH))]


_PLAIN_NAMES: Final = {
    "feature": "Make the change itself, in the smallest form that works[ {in_place}]",
    "refactoring": "Make the change itself in small commits[ {in_place}]",
    "bug_fix": "Correct the cause with the smallest change",
    "test_generation": "Write the tests of the central cases",
    "documentation": "Write the main part of the text",
}


def _clashes(name: str, facts: PlanningFacts) -> bool:
    return near_parent(name, facts.name) or any(near(name, other) for other in facts.existing)


def _core(drafts: list[Draft]) -> Draft:
    return next((draft for draft in drafts if draft.role == "core"), max(drafts, key=lambda draft: draft.keep))
