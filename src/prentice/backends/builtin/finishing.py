"""The last step of a plan: drafts become subtasks, each with enough criteria, its check command and its own name."""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count
from typing import Final

from prentice.backends.builtin.draft import MAX_CRITERIA, SAME_AS_EXISTING, SAME_AS_PARENT, Draft
from prentice.backends.builtin.playbook import CRITERION_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH
from prentice.backends.builtin.title import parse
from prentice.backends.builtin.words import clip, content, named_languages, overlap
from prentice.tasks.plan import PlanningFacts, Subtask
from prentice.tasks.words import content_words, jaccard

_LEAST_CRITERIA: Final = 3
_NUMBERED_WORDS: Final = 4
"""So few words that a number beside them makes another name of them, by any measure of likeness."""
_ALWAYS_TRUE: Final = (
    "The result was shown to work on a real case",
    "What is left open stands as a task of its own",
    "Nothing else changed",
)
"""Criteria of any step, for one that has too few of its own."""
_COMMANDS: Final = (
    (re.compile(r"\b(?:pytest|tox|nox|python3?|unittest|nose2)\b"), {"Python"}),
    (re.compile(r"\bgo (?:test|vet|build)\b"), {"Go", "Golang"}),
    (re.compile(r"\bcargo\b"), {"Rust"}),
    (re.compile(r"\b(?:npm|npx|yarn|pnpm|jest|vitest|mocha|bun|deno)\b"), {"JavaScript", "TypeScript", "Node", "Node.js"}),  # noqa: E501 - a pattern or a list of words reads best in one piece
    (re.compile(r"\b(?:mvn|gradlew?|sbt)\b"), {"Java", "Kotlin", "Scala"}),
    (re.compile(r"\b(?:rspec|rake|bundle)\b"), {"Ruby"}),
    (re.compile(r"\bdotnet\b"), {"C#"}),
    (re.compile(r"\b(?:phpunit|composer)\b"), {"PHP"}),
    (re.compile(r"\bswift (?:test|build)\b"), {"Swift"}),
    (re.compile(r"\bmix test\b"), {"Elixir"}),
)  # fmt: skip


def finished(
    drafts: Sequence[Draft], *, facts: PlanningFacts, brief: Callable[[Draft], list[str]]
) -> tuple[Subtask, ...]:
    """Turn drafts into subtasks: three to five criteria each, the project's check command where it belongs.

    `brief` gives further criteria for a draft that has too few.
    """
    result: list[Subtask] = []
    names: set[str] = set()
    for draft in drafts:
        criteria = _criteria(draft, facts=facts, brief=brief)
        name = _distinct(draft.name, names, facts)
        names.add(name.lower())
        result.append(
            Subtask(
                key=draft.key,
                name=name,
                description=clip(draft.description, DESCRIPTION_LENGTH) or clip(f"{name}.", DESCRIPTION_LENGTH),
                acceptance_criteria=tuple(clip(entry, CRITERION_LENGTH) for entry in criteria[:MAX_CRITERIA]),
                complexity=draft.complexity,
                category=draft.category,
                dependencies=tuple(draft.after),
                covers=tuple(sorted(set(draft.covers))),
            )
        )
    return tuple(result)


def _criteria(draft: Draft, *, facts: PlanningFacts, brief: Callable[[Draft], list[str]]) -> list[str]:
    criteria = list(draft.all_criteria)
    test = facts.repository.checks.get("test", "").strip()
    if test and _is_checked(draft) and _of_language(draft, command=test, task=facts.name):
        command = clip(test, 80)
        if not any(command in entry for entry in criteria) and len(criteria) < MAX_CRITERIA:
            criteria.append(f"`{command}` passes")
    for entry in brief(draft):
        if len(criteria) >= _LEAST_CRITERIA:
            break
        if all(overlap(content(entry), content(other)) < 0.6 for other in criteria):
            criteria.append(entry)
    return criteria + list(_ALWAYS_TRUE)[: max(0, _LEAST_CRITERIA - len(criteria))]


def _is_checked(draft: Draft) -> bool:
    """Tell whether the project's tests can say something of a step."""
    return draft.category in {"bug_fix", "feature", "refactoring", "test_generation"} and draft.role in {
        "core",
        "last",
        "tests",
    }


def _distinct(name: str, names: Collection[str], facts: PlanningFacts) -> str:
    """Give a step's name, changed where an earlier step, the task or an open one has it; `names` are in lower case."""
    taken = [(content_words(facts.name), SAME_AS_PARENT)]
    taken += [(content_words(other), SAME_AS_EXISTING) for other in facts.existing]

    def is_free(way: str) -> bool:
        words = content_words(way)
        return way.lower() not in names and all(jaccard(words, other) < most for other, most in taken)

    return next(way for way in _ways(name) if is_free(way))


def _ways(name: str) -> Iterator[str]:
    """Give other names for a step, without end; each number makes one that is unlike all before."""
    yield name
    yield clip(f"{clip(name, NAME_LENGTH - 14)}, next part", NAME_LENGTH)
    for number in count(2):
        yield clip(f"{number}: {' '.join(name.split()[:_NUMBERED_WORDS])}", NAME_LENGTH)


def _of_language(draft: Draft, *, command: str, task: str) -> bool:
    """Tell whether a check command can judge a step: it cannot where the code is in another language.

    The side that the task's title moves to decides, else the step's own name; both may name no language at all.
    """
    own = next((languages for pattern, languages in _COMMANDS if pattern.search(command)), None)
    if own is None:
        return True
    to = parse(task).parts
    goal = " ".join(to.get(key, "") for key in ("to", "into", "in", "using", "with"))
    named = named_languages(goal) or named_languages(draft.name) or named_languages(task)
    return not named or any(language in own for language in named)
