"""Bringing a plan to its bounds: dropping and merging steps, adding spare ones, splitting; and a sound order."""

from collections.abc import Callable, Iterable, Sequence

from prentice.backends.builtin.draft import Draft, near, slug
from prentice.backends.builtin.playbook import CRITERION_LENGTH, NAME_LENGTH
from prentice.backends.builtin.words import clip, content, lowered, overlap


def shortened(drafts: Sequence[Draft], *, most: int) -> list[Draft]:
    """Drop or merge the steps that are worth least until no more than `most` remain."""
    steps = list(drafts)
    while len(steps) > max(most, 1):
        at = min(range(len(steps)), key=lambda index: (steps[index].keep, len(steps[index].given), -index))
        victim = steps.pop(at)
        if victim.keep >= 3 or victim.given or victim.covers:
            _heir(victim, steps).absorb(victim)
        _bypass(victim, steps)
    return steps


def _heir(victim: Draft, steps: Sequence[Draft]) -> Draft:
    """Find the step that takes over a dropped one: what depends on it, what it depends on, else the most alike."""
    following = [step for step in steps if victim.key in step.after]
    leading = [step for step in steps if step.key in victim.after]
    candidates = following or leading or list(steps)
    return max(candidates, key=lambda step: (overlap(step.words, victim.words), step.keep))


def _bypass(gone: Draft, steps: Sequence[Draft]) -> None:
    """Let what waited for a step that is gone wait for what that step waited for."""
    for step in steps:
        if gone.key in step.after:
            step.after = [key for key in step.after if key != gone.key]
            step.after += [key for key in gone.after if key != step.key]


def grouped(drafts: Sequence[Draft], *, most: int) -> list[Draft]:
    """Merge neighbours that are most alike and smallest until no more than `most` remain; nothing is dropped."""
    steps = list(drafts)
    sizes = [1] * len(steps)
    words = [content(step.name) for step in steps]
    while len(steps) > max(most, 1):
        at = min(
            range(len(steps) - 1),
            key=lambda index: (sizes[index] + sizes[index + 1] - 1.5 * overlap(words[index], words[index + 1])
                               - 0.3 * (steps[index].category == steps[index + 1].category), index),
        )  # fmt: skip
        left, right = steps[at], steps.pop(at + 1)
        left.name = _joined(left.name, right.name)
        for fact in (left.fact, right.fact):
            left.give(fact)
        for entry in right.given:
            left.give(entry)
        left.criteria = [entry for pair in zip(left.criteria, right.criteria, strict=False) for entry in pair]
        left.covers += right.covers
        left.complexity = "medium" if "complex" not in {left.complexity, right.complexity} else "complex"
        left.after = [key for key in dict.fromkeys([*left.after, *right.after]) if key not in {left.key, right.key}]
        for step in steps:
            step.after = [
                left.key if key == right.key else key for key in step.after if step is not left or key != right.key
            ]
        sizes[at] += sizes.pop(at + 1)
        words[at] |= words.pop(at + 1)
    return steps


def _joined(left: str, right: str) -> str:
    """Name two merged steps: `Add the model and the view` where they begin alike, else both orders."""
    one, two = left.split(), right.split()
    shared = 0
    while shared < min(len(one), len(two)) - 1 and one[shared].lower() == two[shared].lower():
        shared += 1
    joined = f"{left}, {' '.join(two[shared:])}" if " and " in left else f"{left} and {' '.join(two[shared:])}"
    if not shared:
        joined = f"{left}, then {lowered(right)}" if ", then " not in left else f"{left}; {lowered(right)}"
    return joined if len(joined) <= NAME_LENGTH else left


def lengthened(
    drafts: Sequence[Draft], *, least: int, spares: Iterable[Draft], fits: Callable[[Draft], bool]
) -> list[Draft]:
    """Add spare steps, then split steps, until there are at least `least`."""
    steps = list(drafts)
    for spare in spares:
        if len(steps) >= least:
            return steps
        if fits(spare) and not any(near(spare.name, step.name) for step in steps):
            _insert(spare, steps)
    for source in list(steps):
        if len(steps) >= least:
            break
        check = _check_of(source, steps)
        if fits(check):
            steps.insert(steps.index(source) + 1, check)
    number = 1
    while len(steps) < least:
        number += 1
        source = steps[(number - 2) % len(drafts)] if drafts else steps[0]
        steps.append(_check_of(source, steps, prefix=f"Second look {number - 1}: "))
    return steps


def _insert(spare: Draft, steps: list[Draft]) -> None:
    """Put a spare step where its role wants it."""
    spare.key = slug(spare.key, taken=[step.key for step in steps])
    if spare.role == "first":
        for step in steps:
            if not step.after:
                step.after.append(spare.key)
        spare.after = []
        steps.insert(0, spare)
        return
    spare.after = ends(steps) if spare.role == "last" or not spare.after else list(spare.after)
    steps.append(spare)


def ends(steps: Sequence[Draft]) -> list[str]:
    """Give the keys of the steps that nothing depends on."""
    needed = {key for step in steps for key in step.after}
    return [step.key for step in steps if step.key not in needed]


def _check_of(source: Draft, steps: Sequence[Draft], *, prefix: str = "Check: ") -> Draft:
    return Draft(
        key=slug(f"check {source.key}", taken=[step.key for step in steps]),
        name=clip(f"{prefix}{lowered(source.name)}", NAME_LENGTH),
        description="A second person, or a second sitting, goes through the result of that step against its criteria.",
        criteria=[
            clip(f"Shown on a real case: {lowered(source.criteria[0])}" if source.criteria else "The result holds on a real case", CRITERION_LENGTH),  # noqa: E501 - a pattern or a list of words reads best in one piece
            "What was found is mended, or stands as a task of its own",
            "One case that was not thought of before was tried",
        ],
        complexity="simple",
        category="code_review",
        after=[source.key],
        keep=1,
    )  # fmt: skip


def ordered(drafts: Sequence[Draft]) -> list[Draft]:
    """Clean the dependencies (known, no cycle, no shortcut already implied) and sort so that none precedes its own."""
    known = {draft.key for draft in drafts}
    for draft in drafts:
        draft.after = [key for key in dict.fromkeys(draft.after) if key in known and key != draft.key]
    result: list[Draft] = []
    waiting, done = list(drafts), set[str]()
    while waiting:
        ready = next((draft for draft in waiting if set(draft.after) <= done), None)
        if ready is None:
            ready = waiting[0]
            ready.after = [key for key in ready.after if key in done]
        waiting.remove(ready)
        done.add(ready.key)
        result.append(ready)
    _without_shortcuts(result)
    return result


def _without_shortcuts(steps: Sequence[Draft]) -> None:
    """Leave out a dependency that another dependency already implies."""
    above: dict[str, set[str]] = {}
    for step in steps:
        implied: set[str] = set().union(*(above[key] for key in step.after)) if step.after else set()
        step.after = [key for key in step.after if key not in implied]
        above[step.key] = implied | set(step.after)
