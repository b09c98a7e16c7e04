"""Weaving what the task demands into its steps: acceptance criteria, rules, edge cases, files and check commands."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from prentice.backends.builtin.draft import MAX_CRITERIA, Draft, near, slug
from prentice.backends.builtin.fitting import ends
from prentice.backends.builtin.particulars import MAX_SCANNED, flat, missing
from prentice.backends.builtin.playbook import CRITERION_LENGTH, DESCRIPTION_LENGTH, NAME_LENGTH
from prentice.backends.builtin.structure import Matter, without_order
from prentice.backends.builtin.title import parse
from prentice.backends.builtin.words import capitalized, clip, content, lowered, overlap
from prentice.tasks.plan import Category, PlanningFacts
from prentice.tasks.sections import is_question

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


def keep_particulars(drafts: Sequence[Draft], *, title: str, description: str, core: Draft) -> None:
    """Put each number, name and quotation of the text that no step speaks of into the step that fits best.

    It goes there as a criterion, in the sentence of the task that has it.
    """
    for sentence in _SENTENCE.split(f"{title}\n{_FENCED.sub('', description[:MAX_SCANNED])}")[:60]:
        sentence, _ = without_order(re.sub(r"^\s*(?:[-*+\u2022#]+|\d{1,3}[.)])\s+", "", sentence))  # noqa: PLW2901 - the same sentence without its marks
        lost = missing(sentence, "\n".join(_shown(draft) for draft in drafts))
        if not lost or not content(sentence) or is_question(sentence):
            continue
        text = _plain(re.sub(r"^\s*(?:[-*+\u2022#]+|\d{1,3}[.)])\s+", "", sentence))
        of_title = sentence == title.strip() and len(core.given) < MAX_CRITERIA - 1
        step = core if of_title else _roomy(text, drafts, core=core)
        whole = capitalized(f"as asked: {lowered(text)}" if sentence == title.strip() else text)
        if len(whole) <= CRITERION_LENGTH and not missing(
            sentence, whole + "\n".join(_shown(draft) for draft in drafts)
        ):
            step.give(whole)
            continue
        for piece in _windows(text, lost):
            if flat(piece) not in flat("\n".join(_shown(draft) for draft in drafts)):
                _roomy(piece, drafts, core=core).give(f"As asked: {piece}")


_FENCED: Final = re.compile(r"^[ \t]*(```+|~~~+).*?(?:^[ \t]*\1[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"`])|\n+")


def _windows(text: str, lost: Sequence[str]) -> list[str]:
    """Cut the parts of a long sentence that hold what was lost, each short enough for a criterion."""
    room, pieces = CRITERION_LENGTH - 12, list[str]()
    for entry in lost:
        if any(flat(entry) in flat(piece) for piece in pieces):
            continue
        at = max(text.find(entry), 0)
        start = text.rfind(" ", 0, max(at - room // 2, 0)) + 1 if at > room // 2 else 0
        piece = clip(text[start:], room)
        pieces.append(piece if flat(entry) in flat(piece) else clip(text[at:], room))
    return pieces


def _roomy(text: str, drafts: Sequence[Draft], *, core: Draft) -> Draft:
    """Give the best step for a criterion among those that have room for one."""
    open_steps = [draft for draft in drafts if len(draft.given) < MAX_CRITERIA - 1] or [
        min(drafts, key=lambda draft: len(draft.given))
    ]
    return _best(text, open_steps, fallback=core if core in open_steps else open_steps[0])


def _shown(draft: Draft) -> str:
    """Give the texts of a draft as the finished step will have them."""
    return "\n".join([draft.name, draft.description, *draft.all_criteria])


def _cover(number: int, criterion: str, drafts: list[Draft], *, facts: PlanningFacts, core: Draft) -> None:
    """Give a criterion of the task to the step that shares most words with it, or to a new step where none does.

    Words of the task's own title are in every step and every criterion: they say nothing of where it belongs.
    """
    telling = content(criterion) - content(facts.name) - _EVERYWHERE
    shared, step = _sharing(telling, criterion, drafts)
    room = facts.max_subtasks + _MAX_NOTES - len(drafts)  # what is too much is merged afterwards, least worth first
    if shared < _BELONGS and room > 0 and len(telling) >= 2 and len(facts.criteria) > 1:
        made = _own_step(criterion, drafts)
        if not any(near(made.name, name) for name in (facts.name, *facts.existing)):
            made.after = made.after or [core.key]
            drafts.append(made)
            step, shared = made, 1.0
    if shared <= 0:
        step = min((core, *drafts), key=lambda draft: len(draft.given))
    step.give(capitalized(_plain(criterion)))
    step.covers.append(number)


_EVERYWHERE: Final = content(
    "show shows shown work works use uses used make test tests tested example examples change case cases"
)
"""Words of steps of any kind, which do not place a criterion."""
_BELONGS: Final = 0.3
"""Share of a criterion's words that a step must have, to be where the criterion belongs."""


def _sharing(telling: frozenset[str], criterion: str, drafts: Sequence[Draft]) -> tuple[float, Draft]:
    """Give the step with the largest share of a criterion's words, with that share."""
    best, best_score = drafts[0], -1.0
    for draft in drafts:
        score = len(telling & draft.words) / max(len(telling), 1) + 0.5 * len(telling & content(draft.name)) / max(
            len(telling), 1
        )
        score += sum(0.35 for pattern, category in _ABOUT if category == draft.category and pattern.search(criterion))
        score += 0.3 * (draft.role in {"last", "tests"} and bool(_ALL_GREEN.search(criterion)))
        score -= 0.08 * max(0, len(draft.given) - 1)
        if score > best_score:
            best, best_score = draft, score
    return best_score, best


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


def name_symbols(drafts: Sequence[Draft], *, facts: PlanningFacts, core: Draft) -> None:
    """Name each identifier of the text that the repository defines, with its place, in the step that changes it."""
    for symbol in facts.repository.named_symbols[:8]:
        if symbol.found and not any(symbol.written in _shown(draft) for draft in drafts):
            step = core if len(core.given) < MAX_CRITERIA else min(drafts, key=lambda draft: len(draft.given))
            place = symbol.found[0] if len(symbol.found[0]) <= 60 else symbol.found[0].rsplit("/", 1)[-1]
            step.give(f"`{symbol.written}` (`{place}`) does what the task asks, and its callers still work")


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


def _plain(text: str) -> str:
    return re.sub(r"\*\*|__|^\s*\[[ xX]\]\s*", "", " ".join(text.split())).strip(" .;")
