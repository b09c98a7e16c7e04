"""The rules and the checklist of `rules.toml`, read once."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, cast

from prentice.skills.optimize.slots import Kind, Slot

Severity = Literal["warning", "advice"]
MendedBy = Literal["rewrite", "user"]
Absence = Literal["no", "not judged"]
Dimension = Literal["clarity", "specificity", "completeness", "structure", "actionability"]

DIMENSIONS: Final[tuple[Dimension, ...]] = (
    "clarity", "specificity", "completeness", "structure", "actionability",
)  # fmt: skip
MEASURED_PRECISION: Final = 0.60
"""What a rule's precision must be for it to warn; what Femmer et al. reached for requirement smells was 0.59."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of the linter: what it fires on (a pattern, an empty slot or a check), what it says, and its source."""

    id: str
    severity: Severity
    mended_by: MendedBy
    says: str
    hint: str
    source: str
    pattern: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    slot: Slot | None = None
    check: str = ""
    kinds: frozenset[Kind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One yes/no question of the checklist. No `kinds` means that it applies to every kind of work."""

    id: str
    asks: str
    judge: str
    absence: Absence
    kinds: frozenset[Kind] = frozenset()

    @property
    def dimension(self) -> Dimension:
        """The dimension that the answer counts for."""
        return cast("Dimension", self.id.partition(".")[0])

    def applies_to(self, kind: Kind) -> bool:
        """Whether the question makes sense for a kind of work."""
        return not self.kinds or kind in self.kinds


@cache
def rules() -> tuple[Rule, ...]:
    """Give all rules of the linter."""
    return tuple(Rule(**_compiled(row)) for row in _tables()["rule"])


@cache
def criteria() -> tuple[Criterion, ...]:
    """Give the questions of the checklist, in order."""
    return tuple(Criterion(**_compiled(row)) for row in _tables()["criterion"])


@cache
def _tables() -> dict[str, list[dict[str, Any]]]:
    source = resources.files("prentice.skills.optimize").joinpath("rules.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def _compiled(row: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(row)
    for name in ("pattern", "unless"):
        if name in values:
            values[name] = re.compile(values[name], re.IGNORECASE)
    if "kinds" in values:
        values["kinds"] = frozenset(values["kinds"])
    return values
