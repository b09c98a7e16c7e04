"""The plan that a task lists itself: one step for each item, and the steps that the list forgot."""

from typing import Final

from prentice.backends.builtin import fitting
from prentice.backends.builtin.choosing import choose
from prentice.backends.builtin.draft import Draft, from_step, fulfilled, imperative, near, slug
from prentice.backends.builtin.fit import kind_of, makes
from prentice.backends.builtin.kinds import KINDS
from prentice.backends.builtin.playbook import CRITERION_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH, Step, fill, library
from prentice.backends.builtin.structure import Item, Matter
from prentice.backends.builtin.title import parse
from prentice.backends.builtin.understanding import Task, filled, holds, understand
from prentice.backends.builtin.words import clip, content, overlap
from prentice.tasks.plan import PlanningFacts

_FIRST_KINDS: Final = frozenset({"migration", "bug", "refactoring", "performance", "dependency"})
"""Kinds whose plans begin by pinning or measuring what is there, also where the description lists the work."""


def from_items(items: tuple[Item, ...], task: Task, facts: PlanningFacts) -> list[Draft]:
    """Draft the plan that the text lists, merged to the bounds, with the steps that it forgot."""
    drafts: list[Draft] = []
    keys: list[str] = []
    for item in items:
        draft = _single(item, task, facts, taken=[other.key for other in drafts])
        twin = next((other for other in drafts if near(other.name, draft.name)), None)
        if twin is None:
            drafts.append(draft)
        keys.append((twin or draft).key)
    _tell_apart(drafts)
    _chain(drafts, ordered=task.matter.ordered)
    _as_said(drafts, items, keys)
    drafts = fitting.grouped(drafts, most=facts.max_subtasks)
    room = min(facts.max_subtasks, max(facts.min_subtasks, len(drafts) + 2)) - len(drafts)
    return _completed(drafts, task, room=room)


def _tell_apart(drafts: list[Draft]) -> None:
    """Give steps that share a description one that says where they stand in the task's own list."""
    seen: set[str] = set()
    for number, draft in enumerate(drafts, start=1):
        if draft.description in seen:
            after = f', after "{clip(drafts[number - 2].name, 80)}"' if number > 1 else ""
            draft.description = f"Number {number} of {len(drafts)} on the task's own list{after}."
        seen.add(draft.description)


def _chain(drafts: list[Draft], *, ordered: bool) -> None:
    """Order listed steps: a numbered list in its order, tests and documents after what they are about."""
    for at, draft in enumerate(drafts):
        before = drafts[:at]
        if ordered:
            leaders = [step for step in before if step.category != "documentation" or draft.category == "documentation"]
            draft.after = [leaders[-1].key] if leaders else []
        elif draft.category in {"test_generation", "documentation"}:
            related = [step for step in before if step.category not in {"test_generation", "documentation"}]
            alike = [step for step in related if overlap(content(step.name), content(draft.name)) >= 0.2]
            draft.after = [step.key for step in (alike or related)]


def _as_said(drafts: list[Draft], items: tuple[Item, ...], keys: list[str]) -> None:
    """Let a step wait for exactly those of the list that its own words name (`after 1 and 2`)."""
    by_key = {draft.key: draft for draft in drafts}
    for item, key in zip(items, keys, strict=True):
        named = [keys[number - 1] for number in item.follows if 0 < number <= len(keys) and keys[number - 1] != key]
        if named:
            by_key[key].after = list(dict.fromkeys(named))


def _completed(drafts: list[Draft], task: Task, *, room: int) -> list[Draft]:
    """Add the first and the closing steps of the playbook that the list forgot, as far as there is room."""
    if room <= 0 or not drafts:
        return drafts
    steps = [
        step for step in choose(task.intent, task.votes, task.recognised).steps if step.keep > 1 and holds(step, task)
    ]
    wanted = [step for step in steps if step.role == "first" and task.kind in _FIRST_KINDS]
    wanted += [step for role in ("tests", "last", "docs") for step in steps if step.role == role]
    for step in wanted:
        draft = filled(step, task)
        covered = any(near(draft.name, other.name) or _same_part(draft, other) for other in drafts)
        if room <= 0 or covered or not draft.name:
            continue
        draft.key = slug(draft.key, taken=[other.key for other in drafts])
        if step.role == "first":
            for other in drafts:
                if not other.after:
                    other.after = [draft.key]
            draft.after = []
            drafts.insert(0, draft)
        else:
            draft.after = fitting.ends(drafts)
            drafts.append(draft)
        room -= 1
    return drafts


def _same_part(draft: Draft, other: Draft) -> bool:
    """Tell whether the list already has a step that plays the same part: its own tests, its own documents."""
    if draft.category == other.category and draft.category in {"test_generation", "documentation"}:
        return True
    return overlap(content(draft.name), content(other.name)) >= 0.4


def _single(item: Item, task: Task, facts: PlanningFacts, *, taken: list[str]) -> Draft:
    """Draft one step of one listed item: its own words, with criteria of its kind."""
    part = understand(
        item.intent,
        text=" ".join(item.details),
        facts=facts,
        matter=Matter(),
        within=task.kind if task.kind in {"docs", "tests"} else "",
    )
    name = imperative(item.intent, limit=NAME_LENGTH)
    kind = _kind(part, task)
    brief = _brief(kind)
    draft = from_step(brief, part.slots)
    draft.key, draft.name, draft.keep, draft.role = (
        slug(name, taken=taken),
        name,
        4,
        "core" if kind == task.kind else "",
    )
    draft.category = KINDS.get(kind, "other")
    draft.criteria = draft.criteria[len(taken) % 2 :] + draft.criteria[: len(taken) % 2]
    if item.details:
        draft.description = clip(". ".join(detail.rstrip(".") for detail in item.details), DESCRIPTION_LENGTH - 1) + "."
        for detail in item.details[:4]:
            inner = parse(detail)
            draft.give(fulfilled(inner) if inner.verb else detail)
    elif len(item.text) > NAME_LENGTH:
        draft.description = clip(item.text, DESCRIPTION_LENGTH)
    draft.fact = fulfilled(item.intent)
    if not draft.given and item.intent.verb and item.intent.object:
        draft.criteria.insert(0, draft.fact)
    return draft


def _kind(part: Task, task: Task) -> str:
    """Give the kind of a listed step: its own verb's, else that of the task whose list it is on."""
    intent = part.intent
    vague = part.kind == "feature" and (kind_of(intent.verb) in {"feature", ""}) and not makes(intent)
    return task.kind if vague and task.kind in _CHORES else part.kind


_CHORES: Final = frozenset("release devops docs tests research investigation review configuration dependency".split())
"""Kinds whose listed steps are seldom features of a product, whatever their verbs: `Freeze the branch`."""


def _brief(kind: str) -> Step:
    named = {playbook.name: playbook for playbook in library()}
    return named.get(f"brief-{kind}", named["brief-feature"]).steps[0]


def brief_criteria(draft: Draft, task: Task) -> list[str]:
    """Give criteria that fit any step of this category, for steps that have too few."""
    kind = next((kind for kind, category in KINDS.items() if category == draft.category), task.kind)
    return [text for entry in _brief(kind).criteria if (text := fill(entry, task.slots, limit=CRITERION_LENGTH))]
