"""The corpus of the tiny model: tasks of the form "VERB the OBJECT", each with the plan that it should answer.

The prompts are the product's own, so that a changed template changes the corpus and with it the model. One combination
in ten is held out: the model is tested on tasks that it has never seen, made of words that it has.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from prentice.skills.breakdown.prompt import prompt
from prentice.tasks.plan import PlanningFacts, RepositoryFacts

VERBS: dict[str, tuple[str, str, str]] = {
    "Add": ("Agree on the shape of", "Build a first", "Prove the whole of"),
    "Fix": ("Catch in a test the broken", "Mend the cause in", "Guard against a relapse of"),
    "Migrate": ("Pin the behaviour of", "Move piece by piece the", "Drop the old"),
    "Document": ("Read all uses of", "Write a page on", "Try each example of"),
    "Refactor": ("Hold still with tests the", "Split into parts the", "Name well the parts of"),
    "Remove": ("Find all callers of", "Detach the callers from", "Delete the code of"),
    "Secure": ("List the attacks on", "Close the holes in", "Attack in a test the"),
    "Translate": ("Collect the texts of", "Render in each language the", "Check the layout of"),
}
OBJECTS = (
    "login page", "invoice export", "search index", "config loader", "mail queue",
    "price table", "upload form", "report view", "session cache", "import script",
)  # fmt: skip
_CATEGORIES = {
    "Fix": "bug_fix", "Document": "documentation", "Refactor": "refactoring",
}  # fmt: skip
_COMPLEXITIES = ("simple", "medium", "simple")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A task's facts and the plan that answers them, as compact JSON."""

    facts: PlanningFacts
    plan: str

    @property
    def messages(self) -> tuple[str, str]:
        """The system and the user message that the product sends for these facts."""
        system, user = prompt(self.facts)
        return system.text, user.text


def titles() -> list[str]:
    """Name every task that the corpus knows, trained and held out."""
    return [_title(verb, thing) for verb in VERBS for thing in OBJECTS]


def held_out() -> list[str]:
    """Name the tasks that the model is never shown: one object for each verb, another each time."""
    return [_title(verb, OBJECTS[(3 * number) % len(OBJECTS)]) for number, verb in enumerate(VERBS)]


def trained() -> list[str]:
    """Name the tasks that the model is shown."""
    left_out = set(held_out())
    return [title for title in titles() if title not in left_out]


def plan(title: str) -> str:
    """Give the plan of a task as compact JSON, its keys in the order of the schema."""
    verb, thing = title.split(" the ")
    subtasks = [
        {
            "key": f"step-{number}",
            "name": f"{phrase} {thing}",
            "description": f"Step {number} for the {thing}.",
            "acceptance_criteria": [f"the {thing} still works", f"test {number} passes", "a reviewer agrees"],
            "complexity": _COMPLEXITIES[number - 1],
            "category": _CATEGORIES.get(verb, "feature"),
            "dependencies": [f"step-{number - 1}"] if number > 1 else [],
        }
        for number, phrase in enumerate(VERBS[verb], start=1)
    ]
    return json.dumps({"subtasks": subtasks}, separators=(",", ":"))


def examples(*, seed: int) -> Iterator[Example]:
    """Make examples without end: tasks in random order, in the surroundings that a project puts around them."""
    draw = random.Random(seed)
    tasks = trained()
    while True:
        draw.shuffle(tasks)
        yield from (Example(facts=facts, plan=plan(facts.name))
                    for facts in (_surroundings(title, draw=draw) for title in tasks))  # fmt: skip


def bare_examples(*, seed: int) -> Iterator[Example]:
    """Make examples without end: tasks in random order, with nothing around them."""
    draw = random.Random(seed)
    tasks = trained()
    while True:
        draw.shuffle(tasks)
        yield from (Example(facts=PlanningFacts(name=title), plan=plan(title)) for title in tasks)


def _surroundings(title: str, *, draw: random.Random) -> PlanningFacts:
    """Put a task into a project, or into none; two examples of three are bare."""
    thing = title.split(" the ")[1]
    if draw.random() < 2 / 3:
        return PlanningFacts(name=title, max_subtasks=draw.choice((3, 8)))
    known = RepositoryFacts(
        languages=tuple(draw.sample(("Python", "Go", "Rust"), draw.choice((0, 1)))),
        manifests=tuple(draw.sample(("pyproject.toml", "go.mod"), draw.choice((0, 1)))),
        checks={"test": "pytest"} if draw.random() < 0.3 else {},
        places={"tests": ("tests",)} if draw.random() < 0.3 else {},
    )
    others = ("Plan the release", "Answer the support mail", "Order the new badges", "Renew the certificate")
    return PlanningFacts(
        name=title,
        description=draw.choice(("", f"The {thing} is due.", f"Users of the {thing} asked for it.")),
        repository=known,
        existing=tuple(draw.sample(others, draw.choice((0, 1, 2)))),
        max_subtasks=draw.choice((3, 8)),
    )


def _title(verb: str, thing: str) -> str:
    return f"{verb} the {thing}"
