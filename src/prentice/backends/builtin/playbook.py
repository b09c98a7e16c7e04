"""Playbooks: how experienced engineers take on work of one kind, as data, and their texts filled in for a task.

The files in `playbooks/` are Markdown with a fixed shape, one playbook under each `##`:

    ## race-condition
    for: bug                                  the kinds of work that it serves
    needs: race, deadlock+queue               any of these concepts must occur (`+`: both)
    ### reproduce: Force {symptom}[ in {file}] || Force the interleaving in a test
    > medium bug_fix after=a,b keep=4 when=x   complexity, category, order, worth, condition
    One or two sentences of description.
    - an acceptance criterion

`{slot}` is filled from the task; a part in `[...]` is left out, and a whole line too, when a slot in it is unknown;
` || ` separates ways to say it, of which the first that can be filled and fits is taken; inside brackets `||` does.
`keep` orders steps when they must be fewer: 5 stays longest, 1 comes in only where a plan is too short.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final, cast

from prentice.backends.builtin.words import capitalized, clip
from prentice.tasks.plan import Category, Complexity

NAME_LENGTH: Final = 72
DESCRIPTION_LENGTH: Final = 240
CRITERION_LENGTH: Final = 110

_SLOT: Final = re.compile(r"\{(\w+)\}")
_OPTION: Final = re.compile(r"\[([^\[\]]*)\]")
_WAYS: Final = re.compile(r"\s\|\|\s(?![^\[]*\])")
"""Between two ways to say it: `||` with spaces around; inside brackets it separates ways without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step as the playbook writes it, its texts still with slots."""

    key: str
    name: str
    description: str
    criteria: tuple[str, ...]
    complexity: Complexity
    category: Category
    after: tuple[str, ...] = ()
    keep: int = 3
    when: tuple[str, ...] = ()
    role: str = ""
    """What the step is to the plan: `first`, `core`, `tests`, `docs`, `last`, or nothing special."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The steps for one kind of work on one kind of thing."""

    name: str
    kinds: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...] = ()
    steps: tuple[Step, ...] = ()


@lru_cache(maxsize=1)
def library() -> tuple[Playbook, ...]:
    """Read all playbooks of the package, once."""
    found: list[Playbook] = []
    for entry in sorted(resources.files(__package__).joinpath("playbooks").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".md"):
            found.extend(read(entry.read_text(encoding="utf-8")))
    return tuple(found)


def read(text: str) -> list[Playbook]:
    """Read the playbooks of one file.

    Raises:
        ValueError: a line does not fit the shape that this module's docstring shows.
    """
    return [_playbook(part) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]]


def _playbook(text: str) -> Playbook:
    head, *steps = re.split(r"^### ", text, flags=re.MULTILINE)
    name, *settings = head.strip().splitlines()
    values = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in settings if line)}
    if unknown := set(values) - {"for", "needs"}:
        raise ValueError(f"playbook {name}: unknown settings {unknown}")
    return Playbook(
        name=name.strip(),
        kinds=tuple(values.get("for", "").split()),
        needs=tuple(tuple(part.strip().split("+")) for part in values.get("needs", "").split(",") if part.strip()),
        steps=tuple(_step(step, playbook=name) for step in steps),
    )


def _step(text: str, *, playbook: str) -> Step:
    title, *lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    key, colon, name = title.partition(": ")
    if not colon or not lines or not lines[0].startswith("> "):
        raise ValueError(f"playbook {playbook}: the step {title!r} lacks its key or its `>` line")
    complexity, category, *rest = lines[0][2:].split()
    options = dict(option.split("=", 1) for option in rest)
    return Step(
        key=key,
        name=name,
        description=" ".join(line for line in lines[1:] if not line.startswith("- ")),
        criteria=tuple(line[2:] for line in lines[1:] if line.startswith("- ")),
        complexity=cast("Complexity", complexity),
        category=cast("Category", category),
        after=_names(options.get("after", "")),
        keep=int(options.get("keep", "3")),
        when=_names(options.get("when", "")),
        role=options.get("role", ""),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


def fill(template: str, slots: Mapping[str, str], *, limit: int) -> str:
    """Fill a template in the first of its ways that is known and fits, else the shortest cut to `limit`.

    Gives an empty text where no way can be filled.
    """
    shortest = ""
    ways = [form for way in _WAYS.split(template) for form in dict.fromkeys((way, way.replace("{topic}", "{short}")))]
    for way in ways:
        for bare in (False, True):
            text = _filled(way.strip(), slots, bare=bare)
            if text and len(text) <= limit:
                return text
            if text and (not shortest or len(text) < len(shortest)):
                shortest = text
    return clip(shortest, limit) if shortest else ""


def _filled(way: str, slots: Mapping[str, str], *, bare: bool) -> str:
    """Fill one way of saying it; `bare` leaves every `[...]` out. Empty when a slot outside brackets is unknown."""

    def option(match: re.Match[str]) -> str:
        ways = match[1].split("||")
        if bare:
            ways = [ways[-1]] if len(ways) > 1 else []
        found = next((way for way in ways if all(slots.get(name.lower()) for name in _SLOT.findall(way))), "")
        before = match.string[match.start() - 1 : match.start()]
        return (
            f" {found}" if before.isalnum() and found[:1] in {"{", *"abcdefghijklmnopqrstuvwxyz"} and found else found
        )

    way = _OPTION.sub(option, way)
    if not all(slots.get(name.lower()) for name in _SLOT.findall(way)):
        return ""

    def value(match: re.Match[str]) -> str:
        found = slots[match[1].lower()]
        return capitalized(found) if match[1][0].isupper() else found

    return capitalized(re.sub(r"\s+([.,;:])", r"\1", " ".join(_SLOT.sub(value, way).split())))
