"""The planner that works without a model: from what is known of a task to its subtasks.

The description's own list of work comes first; where there is none, the playbook that fits kind and concepts best is
filled with the task's own parts. What the text demands besides (rules, edge cases, files, acceptance criteria) goes
into the steps that it concerns.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prentice.backends.builtin import fitting, weaving
from prentice.backends.builtin.choosing import addons, choose, decide, votes, weighed
from prentice.backends.builtin.concepts import TEXT_WEIGHT, concepts, recognise
from prentice.backends.builtin.draft import Draft, from_step, fulfilled, imperative, near, near_parent, slug
from prentice.backends.builtin.kinds import KINDS
from prentice.backends.builtin.playbook import (
    CRITERION_LENGTH,
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    Playbook,
    Step,
    fill,
    library,
)
from prentice.backends.builtin.slots import slots
from prentice.backends.builtin.structure import Item, Matter, goals, read
from prentice.backends.builtin.title import Intent, parse
from prentice.backends.builtin.words import clip, content, mostly_foreign, overlap, telling
from prentice.errors import TextError
from prentice.tasks.plan import PlanningFacts, Subtask

_FIRST_KINDS: Final = frozenset({"migration", "bug", "refactoring", "performance", "dependency"})
"""Kinds whose plans begin by pinning or measuring what is there, also where the description lists the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A task, or one item of it, understood."""

    intent: Intent
    kind: str
    votes: Mapping[str, float]
    recognised: Mapping[str, float]
    slots: Mapping[str, str]
    matter: Matter = field(default_factory=Matter)
    context: str = ""


def plan(facts: PlanningFacts) -> tuple[Subtask, ...]:
    """Break a task down by rules alone: the same facts give the same plan.

    Raises:
        TextError: the text holds nothing to plan by, or is not in English and has no list of work either.
    """
    title, rest = _split_name(facts.name)
    description = f"{rest}\n\n{facts.description}".strip()
    matter = read(description, criteria=facts.criteria)
    _refuse_unreadable(title, description, facts, matter)
    task = _understand(parse(title), text=_text(facts, description), facts=facts, matter=matter)
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
    drafts = fitting.ordered(drafts)
    return weaving.finished(drafts, facts=facts, brief=lambda draft: _brief_criteria(draft, task))


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
            next_step="Use a model, for example with --backend ollama, or list the steps in the description, one a line with `- `.",
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
            next_step='Name the action, the thing and the place, as in "Fix the crash when an empty CSV file is imported".',
        )


def _understand(intent: Intent, *, text: str, facts: PlanningFacts, matter: Matter, within: str = "") -> _Task:
    recognised = weighed(intent, recognise(intent.text, text=text))
    found = votes(intent, recognised={name: weight for name, weight in recognised.items() if weight > TEXT_WEIGHT * 2})
    if within:
        found[within] = found.get(within, 0.0) + 1.0
    kind = decide(found)
    filled = slots(intent, kind=kind, text=text, repository=facts.repository)
    return _Task(
        intent=intent, kind=kind, votes=found, recognised=recognised, slots=filled, matter=matter, context=facts.context
    )


def _drafted(task: _Task, title: str, facts: PlanningFacts) -> list[Draft]:
    """Draft the plan by the description's list, else the several goals of the title, else the one playbook."""
    items = task.matter.items
    named_goals = goals(title)
    if len(items) > 2 or (len(items) == 2 and not named_goals):
        return _from_items(items, task, facts)
    if len(named_goals) >= 2:
        return _from_goals(named_goals, task, facts)
    return _from_playbook(task, most=facts.max_subtasks)


def _from_playbook(task: _Task, *, most: int) -> list[Draft]:
    playbook = choose(task.votes, task.recognised)
    steps = [step for step in playbook.steps if step.keep > 1 and _holds(step, task)]
    drafts = [draft for step in steps if (draft := _filled(step, task, cases=not playbook.needs)).name]
    _unhook(playbook, drafts)
    core = [draft.key for draft in drafts if draft.role == "core"] or [drafts[-1].key]
    for addition in addons(task.intent, context=task.context, kind=task.kind, chosen=playbook)[:2]:
        for step in addition.steps:
            if len(drafts) < most and _holds(step, task):
                draft = _filled(step, task)
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


def _filled(step: Step, task: _Task, *, cases: bool = False) -> Draft:
    draft = from_step(step, task.slots)
    if cases and step.role == "tests" and task.kind not in {"bug", "performance", "refactoring"}:
        names = [name for name in task.recognised if task.recognised[name] >= 3.0]
        shown = [case for name in names[:3] for case in concepts()[name].cases[:2]]
        draft.criteria = [*shown[:3], *draft.criteria]
    return draft


def _holds(step: Step, task: _Task) -> bool:
    """Tell whether a step's conditions hold: concepts, `slot:` names, kinds by `kind:`, each with `!` for not."""
    return all(_true(condition.removeprefix("!"), task) != condition.startswith("!") for condition in step.when)


def _true(condition: str, task: _Task) -> bool:
    if condition.startswith("slot:"):
        return bool(task.slots.get(condition[5:]))
    if condition.startswith("kind:"):
        return task.votes.get(condition[5:], 0.0) >= 1.5
    return task.recognised.get(condition, 0.0) >= TEXT_WEIGHT


def _from_goals(items: tuple[Item, ...], task: _Task, facts: PlanningFacts) -> list[Draft]:
    """Draft each goal of a title by its own playbook, as deep as the bounds allow."""
    room = min(facts.max_subtasks, max(facts.min_subtasks, 4 * len(items) if len(items) < 3 else 2 * len(items)))
    quota = room // len(items)
    if quota < 2:
        return _from_items(items, task, facts)
    drafts: list[Draft] = []
    for number, item in enumerate(items):
        part = _understand(item.intent, text=_text(facts, ""), facts=facts, matter=Matter(), within=task.kind)
        share = quota + (1 if number < room - quota * len(items) else 0)
        steps = fitting.shortened(_from_playbook(part, most=share), most=share)
        keys = {step.key: slug(step.key, taken=[draft.key for draft in drafts]) for step in steps}
        for step in steps:
            step.after = [keys.get(key, key) for key in step.after]
            step.key = keys[step.key]
        drafts += [step for step in steps if not any(near(step.name, other.name) for other in drafts)]
    return drafts


def _from_items(items: tuple[Item, ...], task: _Task, facts: PlanningFacts) -> list[Draft]:
    """Draft the plan that the text lists, merged to the bounds, with the steps that it forgot."""
    drafts: list[Draft] = []
    for item in items:
        draft = _single(item, task, facts, taken=[other.key for other in drafts])
        twin = next((other for other in drafts if near(other.name, draft.name)), None)
        if twin is None:
            drafts.append(draft)
    _tell_apart(drafts)
    _chain(drafts, ordered=task.matter.ordered)
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


def _completed(drafts: list[Draft], task: _Task, *, room: int) -> list[Draft]:
    """Add the first and the closing steps of the playbook that the list forgot, as far as there is room."""
    if room <= 0 or not drafts:
        return drafts
    steps = [step for step in choose(task.votes, task.recognised).steps if step.keep > 1 and _holds(step, task)]
    wanted = [step for step in steps if step.role == "first" and task.kind in _FIRST_KINDS]
    wanted += [step for role in ("tests", "last", "docs") for step in steps if step.role == role]
    for step in wanted:
        draft = _filled(step, task)
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


def _single(item: Item, task: _Task, facts: PlanningFacts, *, taken: list[str]) -> Draft:
    """Draft one step of one listed item: its own words, with criteria of its kind."""
    part = _understand(
        item.intent,
        text=" ".join(item.details),
        facts=facts,
        matter=Matter(),
        within=task.kind if task.kind in {"docs", "tests"} else "",
    )
    name = imperative(item.intent, limit=NAME_LENGTH)
    brief = _brief(part.kind)
    draft = from_step(brief, part.slots)
    draft.key, draft.name, draft.keep, draft.role = (
        slug(name, taken=taken),
        name,
        4,
        "core" if part.kind == task.kind else "",
    )
    draft.category = KINDS.get(part.kind, "other")
    draft.criteria = draft.criteria[len(taken) % 2 :] + draft.criteria[: len(taken) % 2]
    model = _library_step(name) or _concept_core(part)
    if model is not None:
        borrowed = from_step(model, part.slots)
        draft.criteria = [*borrowed.criteria[:3], *draft.criteria]
        draft.description = borrowed.description or draft.description
        draft.complexity, draft.category = borrowed.complexity, borrowed.category
    else:
        cases = [
            case
            for concept, weight in part.recognised.items()
            if weight >= 3.0
            for case in concepts()[concept].cases[:2]
        ]
        draft.criteria = [*cases[:2], *draft.criteria]
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


def _library_step(name: str) -> Step | None:
    """Find the step of any playbook whose name says nearly the same, to borrow its criteria."""
    words = content(name)
    best, best_score = None, 0.42
    for step_words, step in _index():
        if len(words & step_words) >= 2 and (score := overlap(words, step_words)) > best_score:
            best, best_score = step, score
    return best


def _concept_core(part: _Task) -> Step | None:
    """Find the central step of the playbook that fits an item, where what the item is about has one of its own."""
    playbook = choose(part.votes, part.recognised)
    known = bool(playbook.needs) and ("*",) not in playbook.needs
    return next((step for step in playbook.steps if step.role == "core"), None) if known else None


def _index() -> list[tuple[frozenset[str], Step]]:
    if not _INDEX:
        for playbook in library():
            if not {"brief", "spare"} & set(playbook.kinds):
                _INDEX.extend((content(fill(step.name, {}, limit=NAME_LENGTH)), step) for step in playbook.steps)
    return _INDEX


_INDEX: Final[list[tuple[frozenset[str], Step]]] = []


def _brief(kind: str) -> Step:
    named = {playbook.name: playbook for playbook in library()}
    return named.get(f"brief-{kind}", named["brief-feature"]).steps[0]


def _brief_criteria(draft: Draft, task: _Task) -> list[str]:
    kind = next((kind for kind, category in KINDS.items() if category == draft.category), task.kind)
    return [text for entry in _brief(kind).criteria if (text := fill(entry, task.slots, limit=CRITERION_LENGTH))]


def _spares(task: _Task) -> list[Draft]:
    """Give the steps that come in only where a plan must be longer: the playbook's own, then those for any task."""
    own = [step for step in choose(task.votes, task.recognised).steps if step.keep <= 1 and _holds(step, task)]
    common = [
        step for playbook in library() if "spare" in playbook.kinds for step in playbook.steps if _holds(step, task)
    ]
    return [draft for step in (*own, *common) if (draft := _filled(step, task)).name]


def _apart(drafts: list[Draft], task: _Task, facts: PlanningFacts) -> list[Draft]:
    """Keep steps apart from the task itself and from open tasks: rename the former, leave out the latter."""
    kept: list[Draft] = []
    dropped: list[Draft] = []
    for draft in drafts:
        if near_parent(draft.name, facts.name):
            draft.name = next(
                (
                    name
                    for name in _other_names(task)
                    if not _clashes(name, facts) and all(name != other.name for other in drafts)
                ),
                draft.name,
            )
        (dropped if any(near(draft.name, name) for name in facts.existing) else kept).append(draft)
    while dropped and len(kept) < min(facts.min_subtasks, len(drafts)) and len(kept) < 1:
        draft = dropped.pop(0)
        draft.name = clip(f"Build on the open task: {draft.name}", 64)
        kept.append(draft)
    for gone in dropped:
        for step in kept:
            if gone.key in step.after:
                step.after = [key for key in [*step.after, *gone.after] if key not in {gone.key, step.key}]
    return kept


def _other_names(task: _Task) -> list[str]:
    core = [step.name for step in choose(task.votes, task.recognised).steps if step.role == "core"]
    ways = [
        *core,
        "Carry out the main change[ in {place}]",
        "Do the central part and show that it works",
        "Write the code and its first test",
    ]
    return [name for way in ways if (name := fill(way, task.slots, limit=NAME_LENGTH))]


def _clashes(name: str, facts: PlanningFacts) -> bool:
    return near_parent(name, facts.name) or any(near(name, other) for other in facts.existing)


def _core(drafts: list[Draft]) -> Draft:
    return next((draft for draft in drafts if draft.role == "core"), max(drafts, key=lambda draft: draft.keep))
