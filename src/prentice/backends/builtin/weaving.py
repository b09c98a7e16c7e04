"""Weaving what the task demands into its steps: acceptance criteria, rules, edge cases, files and check commands."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from prentice.backends.builtin.draft import MAX_CRITERIA, Draft, near, slug
from prentice.backends.builtin.fitting import ends
from prentice.backends.builtin.playbook import CRITERION_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH
from prentice.backends.builtin.structure import Matter
from prentice.backends.builtin.title import parse
from prentice.backends.builtin.words import capitalized, clip, content, lowered, overlap
from prentice.tasks.plan import Category, PlanningFacts, Subtask

_QUALIFIERS: Final = (
    ("without", "All of it works without {}"),
    ("limit", "The stated limit is met and measured: {}"),
    ("deadline", "It is finished by {}; what may be left out for that is named"),
    ("purpose", "It serves its purpose: {}"),
    ("condition", "It holds {}, shown by a test"),
    ("instrument", "It is done with {}, or it is written down why not"),
)
_MAX_NOTES: Final = 2
"""Rules of the text that one step takes at most, so that its own criteria stay readable."""
_ABOUT: Final[tuple[tuple[re.Pattern[str], Category], ...]] = (
    (re.compile(r"\b(?:tests?|tested|coverage|pytest|unit|regression)\b", re.IGNORECASE), "test_generation"),
    (re.compile(r"\b(?:document\w*|docs?|readme|changelog|guide|docstrings?)\b", re.IGNORECASE), "documentation"),
    (re.compile(r"\b(?:format\w*|lint\w*|style)\b", re.IGNORECASE), "formatting"),
)
_ALL_GREEN: Final = re.compile(
    r"\b(?:all|existing|every)\b.*\b(?:pass|passes|green)\b|\bno regressions?\b", re.IGNORECASE
)
_TEST_FILE: Final = re.compile(r"(?:^|/)tests?/|(?:^|/)test_|_test\.|\.test\.|\.spec\.")
_TEXT_FILE: Final = re.compile(r"\.(?:md|rst|txt|adoc)$", re.IGNORECASE)
_PLACEABLE: Final = re.compile(r"^[\w./@-]{1,80}\.\w{1,8}$")


def weave(drafts: list[Draft], *, facts: PlanningFacts, matter: Matter, core: Draft) -> None:
    """Put everything that the task demands into the drafts that it concerns; changes them in place."""
    for number, criterion in enumerate(facts.criteria, start=1):
        _cover(number, criterion, drafts, facts=facts, core=core)
    _files(drafts, facts=facts, core=core)
    notes: dict[str, int] = {}
    tests = next((draft for draft in drafts if draft.category == "test_generation"), core)
    for text, home in [*((rule, core) for rule in matter.rules), *((case, tests) for case in matter.edge_cases),
                       *((test, tests) for test in matter.testing)]:  # fmt: skip
        step = _best(text, drafts, fallback=home)
        if notes.get(step.key, 0) < _MAX_NOTES and len(step.given) < MAX_CRITERIA - 1:
            notes[step.key] = notes.get(step.key, 0) + 1
            step.give(capitalized(text))


def qualify(drafts: Sequence[Draft], *, slots: Mapping[str, str], core: Draft) -> None:
    """Put the title's qualifiers that no step speaks of yet (a limit, a date, `without ...`) into the central step."""
    said = content(" ".join(_all(draft) for draft in drafts))
    for name, way in _QUALIFIERS:
        value = slots.get(name, "")
        if value and len(core.given) < _MAX_NOTES and not content(value) <= said:
            core.give(way.format(value))


def _cover(number: int, criterion: str, drafts: list[Draft], *, facts: PlanningFacts, core: Draft) -> None:
    """Give a criterion of the task to the step that fits best, or to a new step where none does."""
    score, step = _fit(criterion, drafts)
    about = next((category for pattern, category in _ABOUT if pattern.search(criterion)), None)
    homeless = about == "documentation" and all(draft.category != about for draft in drafts)
    if (score < 0.12 or homeless) and len(drafts) < facts.max_subtasks and len(content(criterion)) >= 2:
        made = _own_step(criterion, drafts)
        if not any(near(made.name, name) for name in (facts.name, *facts.existing)):
            drafts.append(made)
            step, score = made, 1.0
    if score <= 0:
        step = min((core, *drafts), key=lambda draft: len(draft.given))
    step.give(capitalized(_plain(criterion)))
    step.covers.append(number)


def spread(drafts: Sequence[Draft], *, facts: PlanningFacts) -> None:
    """Keep one step from claiming every criterion: it would be the whole task again."""
    whole = next(
        (draft for draft in drafts if len(facts.criteria) > 1 and len(set(draft.covers)) == len(facts.criteria)), None
    )
    others = [draft for draft in drafts if draft is not whole]
    if whole is None or not others:
        return
    number = max(whole.covers)
    text = capitalized(_plain(facts.criteria[number - 1]))
    _, step = _fit(text, others)
    whole.covers = [other for other in whole.covers if other != number]
    whole.given = [entry for entry in whole.given if entry != clip(text, CRITERION_LENGTH)]
    step.give(text)
    step.covers.append(number)


def _fit(text: str, drafts: Sequence[Draft]) -> tuple[float, Draft]:
    words = content(text)
    best, best_score = drafts[0], -1.0
    for draft in drafts:
        score = len(words & draft.words) / max(len(words), 1)
        score += sum(0.35 for pattern, category in _ABOUT if category == draft.category and pattern.search(text))
        score += 0.5 * overlap(words, content(draft.name)) - 0.12 * max(0, len(draft.given) - 1)
        score += 0.3 * (draft.role in {"last", "tests"} and bool(_ALL_GREEN.search(text)))
        score += 0.06 * (draft.role == "core") - 0.1 * (draft.role == "first")
        if score > best_score:
            best, best_score = draft, score
    return best_score, best


def _best(text: str, drafts: Sequence[Draft], *, fallback: Draft) -> Draft:
    score, step = _fit(text, drafts)
    return step if score >= 0.3 else fallback


def _own_step(criterion: str, drafts: Sequence[Draft]) -> Draft:
    text = _plain(criterion)
    name = capitalized(text) if parse(text).verb else f"Make sure that {lowered(text)}"
    name = clip(name, NAME_LENGTH)
    category: Category = next((category for pattern, category in _ABOUT if pattern.search(text)), "feature")
    return Draft(
        key=slug(text, taken=[draft.key for draft in drafts]),
        name=name,
        description=clip(f"The task asks for this in its own words: {lowered(text)}.", DESCRIPTION_LENGTH),
        criteria=["It was shown to work on a real case, and the case is written down",
                  "A test or a check fails when it no longer holds", "Nothing beyond it was changed"],
        complexity="simple",
        category=category,
        after=[key for key in ends(drafts) if category in {"documentation", "test_generation"}],
        keep=3,
    )  # fmt: skip


def _files(drafts: Sequence[Draft], *, facts: PlanningFacts, core: Draft) -> None:
    """Name each file of the text in the step that touches it: changed where it exists, created where not."""
    for named in facts.repository.named_paths[:12]:
        path = named.found[0] if len(named.found) == 1 else named.written
        if not _PLACEABLE.match(path):
            continue
        base = path.rsplit("/", 1)[-1]
        said = next(
            (
                draft
                for draft in drafts
                if path in _all(draft) or f"{named.written}" in draft.name or base in draft.name
            ),
            None,
        )
        if said is not None and path in _all(said) and len(named.found) < 2:
            continue
        step = said or _home(path, drafts, core=core)
        if len(named.found) > 1:
            step.give(
                f"It is settled which `{base}` is meant: {' or '.join(f'`{found}`' for found in named.found[:2])}"
            )
        elif not named.found:
            step.give(f"`{path}` is created")
        elif _TEST_FILE.search(path):
            step.give(f"The tests stand in `{path}`")
        elif _TEXT_FILE.search(path):
            step.give(f"`{path}` says what now holds")
        else:
            step.give(f"The change to `{path}` leaves its other callers working")


def _all(draft: Draft) -> str:
    return "\n".join([draft.name, draft.description, *draft.criteria[:MAX_CRITERIA], *draft.given])


def _home(path: str, drafts: Sequence[Draft], *, core: Draft) -> Draft:
    wanted: Category | None = (
        "test_generation" if _TEST_FILE.search(path) else "documentation" if _TEXT_FILE.search(path) else None
    )
    return next((draft for draft in drafts if draft.category == wanted), core) if wanted else core


def finished(
    drafts: Sequence[Draft], *, facts: PlanningFacts, brief: Callable[[Draft], list[str]]
) -> tuple[Subtask, ...]:
    """Turn drafts into subtasks: three to five criteria each, the project's check command where it belongs."""
    test = facts.repository.checks.get("test", "").strip()
    result: list[Subtask] = []
    names: set[str] = set()
    for draft in drafts:
        criteria = list(draft.all_criteria)
        if (
            test
            and draft.category in {"bug_fix", "feature", "refactoring", "test_generation"}
            and draft.role in {"core", "last", "tests"}
        ):
            line = f"`{clip(test, 80)}` passes"
            if not any(clip(test, 80) in entry for entry in criteria) and len(criteria) < MAX_CRITERIA:
                criteria.append(line)
        for entry in brief(draft):
            if len(criteria) >= 3:
                break
            if all(overlap(content(entry), content(other)) < 0.6 for other in criteria):
                criteria.append(entry)
        for entry in (
            "The result was shown to work on a real case",
            "What is left open stands as a task of its own",
            "Nothing else changed",
        ):
            if len(criteria) < 3:
                criteria.append(entry)
        name = draft.name
        while name.lower() in names:
            name = (
                clip(f"{clip(name, NAME_LENGTH - 14)}, next part", NAME_LENGTH)
                if "next part" not in name
                else clip(f"{len(names)}: {name}", NAME_LENGTH)
            )
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


def _plain(text: str) -> str:
    return re.sub(r"\*\*|__|^\s*\[[ xX]\]\s*", "", " ".join(text.split())).strip(" .;")
