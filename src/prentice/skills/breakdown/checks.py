"""What a plan has to fulfil beyond its shape. Each problem is a sentence that a model, or a person, can act on."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from prentice.tasks.graph import Graph
from prentice.tasks.plan import PlanningFacts, Subtask
from prentice.tasks.words import content_words, jaccard

SAME_AS_PARENT: Final = 0.8
SAME_AS_EXISTING: Final = 0.85
"""Shares of common words from which two names count as the same; the duplicate bar of the predecessor was 0.85."""
COVERED: Final = 0.5
"""The share of a criterion's words that one subtask has to take up, unless it claims the criterion by number."""
EXPECTED_CRITERIA: Final = 3
"""Todo2's rule file asks for three to five criteria a task."""


def problems(plan: Sequence[Subtask], facts: PlanningFacts) -> tuple[str, ...]:
    """List why a plan cannot be used; empty when it can."""
    return (
        *_count(plan, facts),
        *structure_problems(plan),
        *_as_large_as_parent(plan, facts),
        *_uncovered(plan, facts),
        *_duplicates(plan, facts),
    )


def structure_problems(plan: Sequence[Subtask]) -> list[str]:
    """List what keeps the subtasks from standing together as a graph: keys and dependencies."""
    found = [f'the key "{key}" is used {count} times' for key, count in _repeated(subtask.key for subtask in plan)]
    found += [
        f'the name "{name}" is used {count} times'
        for name, count in _repeated(subtask.name.lower() for subtask in plan)
    ]
    graph = graph_of(plan)
    for key, missing in graph.unknown.items():
        found.append(f'subtask "{key}" depends on {_quoted(missing)}, which is no key of this plan')
    for cycle in graph.cycles():
        ring = [*cycle, cycle[0]]
        found.append(f"the dependencies form a cycle: {' -> '.join(ring)}")
    for subtask in plan:
        if not any(criterion.strip() for criterion in subtask.acceptance_criteria):
            found.append(f'subtask "{subtask.key}" has no acceptance criteria')
    return found


def warnings(plan: Sequence[Subtask]) -> list[str]:
    """List what a person should look at although the plan can be used."""
    found = [
        f"{subtask.key} has {len(subtask.acceptance_criteria)} acceptance criteria; Todo2 asks for three to five."
        for subtask in plan
        if len(subtask.acceptance_criteria) < EXPECTED_CRITERIA
    ]
    found += [
        f"{subtask.key} is complex: split it further, or let a person do it."
        for subtask in plan
        if subtask.complexity == "complex"
    ]
    return found


def graph_of(plan: Sequence[Subtask]) -> Graph:
    """Give the dependency graph of a plan's keys."""
    return Graph.of((subtask.key, subtask.dependencies) for subtask in plan)


def _count(plan: Sequence[Subtask], facts: PlanningFacts) -> Iterator[str]:
    low, high = facts.min_subtasks, facts.max_subtasks
    if not low <= len(plan) <= high:
        wanted = str(low) if low == high else f"{low} to {high}"
        yield f"the plan has {len(plan)} subtasks, but {wanted} are asked for"


def _as_large_as_parent(plan: Sequence[Subtask], facts: PlanningFacts) -> Iterator[str]:
    parent = content_words(facts.name)
    for subtask in plan:
        if jaccard(content_words(subtask.name), parent) >= SAME_AS_PARENT:
            yield f'subtask "{subtask.key}" is as large as the task itself: its name says the same'
        elif (
            len(facts.criteria) > 1 and len(plan) > 1 and set(subtask.covers) >= set(range(1, len(facts.criteria) + 1))
        ):
            yield f'subtask "{subtask.key}" is as large as the task itself: it claims every acceptance criterion'


def _uncovered(plan: Sequence[Subtask], facts: PlanningFacts) -> Iterator[str]:
    texts = [
        content_words(" ".join((subtask.name, subtask.description, *subtask.acceptance_criteria))) for subtask in plan
    ]
    for number, criterion in enumerate(facts.criteria, start=1):
        wanted = content_words(criterion)
        claims = any(
            number in subtask.covers and (wanted & words or not wanted)
            for subtask, words in zip(plan, texts, strict=True)
        )
        taken_up = any(len(wanted & words) >= COVERED * len(wanted) for words in texts if wanted)
        if not claims and not taken_up:
            yield f'no subtask covers acceptance criterion {number}: "{criterion}"'


def _duplicates(plan: Sequence[Subtask], facts: PlanningFacts) -> Iterator[str]:
    existing = [(name, content_words(name)) for name in facts.existing]
    for subtask in plan:
        words = content_words(subtask.name)
        for name, other in existing:
            if jaccard(words, other) >= SAME_AS_EXISTING:
                yield f'subtask "{subtask.key}" repeats the open task "{name}"'
                break


def _repeated(names: Iterable[str]) -> list[tuple[str, int]]:
    return [(name, count) for name, count in Counter(names).items() if count > 1]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
