"""The cases that models are measured on: small tasks with a truth that can be checked, all of our own making.

They are package data, `cases/*.toml`: each file belongs to one part, each `[[case]]` has an id, the reason why it is
asked (`why`), and what its part needs. None was taken from elsewhere.
"""

import hashlib
import json
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, get_args

from prentice.errors import UsageError

Part = Literal["breakdown", "edit", "optimize", "review", "summary", "tools"]

PARTS: Final[tuple[Part, ...]] = get_args(Part)
SAYS: Final[Mapping[Part, str]] = {
    "breakdown": "plans", "edit": "changes of files", "optimize": "prompts made clearer", "review": "defects found",
    "summary": "summaries, by their form alone", "tools": "changes by tools, without a model",
}  # fmt: skip
OF_MODELS: Final[frozenset[Part]] = frozenset({"breakdown", "edit", "optimize", "review", "summary"})
"""The parts that a model is measured on."""
WITHOUT_MODEL: Final[frozenset[Part]] = frozenset({"breakdown", "optimize", "summary", "tools"})
"""The parts that Prentice's own rules can do something of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case. `why` is the reason why it is asked; `given` holds the rest, as its part reads it."""

    part: Part
    id: str
    why: str
    given: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The part and the id, which no other case has."""
        return f"{self.part}/{self.id}"

    @property
    def digest(self) -> str:
        """What tells the case, as it is now, from any other."""
        written = json.dumps([self.part, self.id, self.given], sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()[:16]

    @property
    def files(self) -> Mapping[str, str]:
        """The files of its repository, by path."""
        found: Mapping[str, str] = self.given.get("files", {})
        return found


@cache
def all_cases() -> tuple[Case, ...]:
    """Read all cases, in the order of the parts and of their files."""
    places = resources.files("prentice.evals").joinpath("cases").iterdir()
    texts = {place.name: place.read_text(encoding="utf-8") for place in places if place.name.endswith(".toml")}
    found = [case for name in sorted(texts) for case in _read(tomllib.loads(texts[name]))]
    return tuple(sorted(found, key=lambda case: PARTS.index(case.part)))


def parts_named(names: Iterable[str]) -> tuple[Part, ...]:
    """Give the parts of these names.

    Raises:
        UsageError: there is none of a name.
    """
    wanted = [name.strip() for name in names if name.strip()]
    if unknown := [name for name in wanted if name not in PARTS]:
        raise UsageError(f"There is no part named {unknown[0]!r}.", next_step=f"Use one of {', '.join(PARTS)}.")
    return tuple(part for part in PARTS if part in wanted)


def cases_of(parts: Collection[Part], *, most: int | None = None, seed: int = 0) -> tuple[Case, ...]:
    """Give the cases of some parts; `most` draws that many of each, the same ones for the same seed."""
    drawn: list[Case] = []
    for part in PARTS:
        if part in parts:
            here = [case for case in all_cases() if case.part == part]
            lots = sorted(here, key=lambda case: hashlib.sha256(f"{seed}:{case.name}".encode()).digest())
            taken = {case.id for case in lots[:most]}
            drawn += [case for case in here if case.id in taken]
    return tuple(drawn)


def digest(cases: Iterable[Case]) -> str:
    """Give what tells a set of cases from any other."""
    return hashlib.sha256(" ".join(case.digest for case in cases).encode()).hexdigest()[:12]


def _read(document: Mapping[str, Any]) -> Iterable[Case]:
    for row in document["case"]:
        given = {name: value for name, value in row.items() if name not in {"id", "why"}}
        yield Case(part=document["part"], id=row["id"], why=row["why"], given=given)
