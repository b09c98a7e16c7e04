"""A task, or one item of its list, understood: intent, kind, concepts and the words for the playbooks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prentice.backends.builtin.choosing import choose, decide, votes, weighed
from prentice.backends.builtin.concepts import TEXT_WEIGHT, concepts, recognise
from prentice.backends.builtin.draft import Draft, from_step
from prentice.backends.builtin.fit import central
from prentice.backends.builtin.playbook import Step
from prentice.backends.builtin.slots import slots
from prentice.backends.builtin.structure import Matter
from prentice.backends.builtin.title import Intent
from prentice.tasks.plan import PlanningFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task, or one item of it, understood."""

    intent: Intent
    kind: str
    votes: Mapping[str, float]
    recognised: Mapping[str, float]
    slots: Mapping[str, str]
    matter: Matter = field(default_factory=Matter)
    context: str = ""


def understand(intent: Intent, *, text: str, facts: PlanningFacts, matter: Matter, within: str = "") -> Task:
    """Understand a title; `within` is the kind of the task that an item belongs to."""
    recognised = weighed(intent, recognise(intent.text, text=text))
    named = recognise(intent.text)  # the kind comes from the title: what a description mentions is no reason
    found = votes(intent, recognised={name: weight for name, weight in recognised.items() if name in named})
    if within:
        found[within] = found.get(within, 0.0) + 1.0
    kind = decide(found)
    altering = choose(intent, found, recognised).name == "behaviour-change"
    filled = slots(intent, kind=kind, text=text, repository=facts.repository, altering=altering)
    return Task(
        intent=intent, kind=kind, votes=found, recognised=recognised, slots=filled, matter=matter, context=facts.context
    )


def filled(step: Step, task: Task, *, cases: bool = False) -> Draft:
    """Fill a step for a task; with `cases` its tests get the cases that the concepts of the task bring along."""
    draft = from_step(step, task.slots)
    if cases and step.role == "tests" and task.kind not in {"bug", "performance", "refactoring"}:
        core = central(task.intent)
        names = [name for name in task.recognised if name in core and task.recognised[name] >= 3.0]
        shown = [case for name in names[:3] for case in concepts()[name].cases[:2]]
        draft.criteria = [*shown[:3], *draft.criteria]
    return draft


def holds(step: Step, task: Task) -> bool:
    """Tell whether a step's conditions hold: concepts, `slot:` names, kinds by `kind:`, each with `!` for not."""
    return all(_true(condition.removeprefix("!"), task) != condition.startswith("!") for condition in step.when)


def _true(condition: str, task: Task) -> bool:
    if condition.startswith("slot:"):
        return bool(task.slots.get(condition[5:]))
    if condition.startswith("kind:"):
        return task.votes.get(condition[5:], 0.0) >= 1.5
    return task.recognised.get(condition, 0.0) >= TEXT_WEIGHT
