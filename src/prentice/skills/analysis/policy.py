"""The policy: rows of `policy.toml`, the first of which that holds decides; a project may move their bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, cast

from prentice.errors import ConfigError
from prentice.skills.analysis.facts import FACTS
from prentice.tasks.plan import COMPLEXITIES, Complexity, Lane

LANES: Final[tuple[Lane, ...]] = ("execute", "breakdown", "assistant", "human")
_BOUNDS: Final = ("at_least", "at_most")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: it holds where every fact keeps its bound, and then says `outcome`. `complexity` is empty for any."""

    rule: str
    outcome: str
    says: str
    quotes: tuple[str, ...] = ()
    complexity: str = ""
    at_least: Mapping[str, int] = field(default_factory=dict)
    at_most: Mapping[str, int] = field(default_factory=dict)

    def holds(self, facts: Mapping[str, int], *, complexity: str = "") -> bool:
        """Tell whether the row applies to these facts."""
        return (
            self.complexity in {"", complexity}
            and all(facts[name] >= bound for name, bound in self.at_least.items())
            and all(facts[name] <= bound for name, bound in self.at_most.items())
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The two tables, complexity first, then the lane for that complexity. The last row of each always holds."""

    complexities: tuple[Row, ...]
    lanes: tuple[Row, ...]

    def complexity(self, facts: Mapping[str, int]) -> tuple[Complexity, Row]:
        """Give the complexity of a task with these facts, and the row that decided."""
        row = next(row for row in self.complexities if row.holds(facts))
        return cast("Complexity", row.outcome), row

    def lane(self, facts: Mapping[str, int], *, complexity: Complexity) -> tuple[Lane, Row]:
        """Give the lane of a task of this complexity, and the row that decided."""
        row = next(row for row in self.lanes if row.holds(facts, complexity=complexity))
        return cast("Lane", row.outcome), row

    def with_bounds(self, changes: Mapping[str, object]) -> "Policy":
        """Give the policy with some bounds moved: `{rule: {at_least or at_most: {fact: number}}}`.

        Raises:
            ConfigError: a rule or fact of that name does not exist, or a bound is no whole number.
        """
        rules = [row.rule for row in (*self.complexities, *self.lanes)]
        for rule in changes:
            if rule not in rules:
                raise _refused(f"has no row {rule!r}", f"Name one of these in [policy]: {', '.join(rules)}.")
        return Policy(
            complexities=tuple(_moved(row, changes.get(row.rule, {})) for row in self.complexities),
            lanes=tuple(_moved(row, changes.get(row.rule, {})) for row in self.lanes),
        )


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """Give the policy that comes with the package."""
    import tomllib  # noqa: PLC0415 - whoever hands in a policy needs no parser

    text = Path(__file__).with_name("policy.toml").read_text(encoding="utf-8")
    tables = cast("dict[str, list[dict[str, object]]]", tomllib.loads(text))
    return Policy(complexities=_rows(tables["complexity"], COMPLEXITIES), lanes=_rows(tables["lane"], LANES))


def load_policy(changes: Mapping[str, object] | None = None) -> Policy:
    """Give the package's policy with a project's `[policy]` table over it.

    Raises:
        ConfigError: the table names what does not exist.
    """
    return default_policy().with_bounds(changes) if changes else default_policy()


def _rows(tables: Sequence[Mapping[str, object]], outcomes: Sequence[str]) -> tuple[Row, ...]:
    rows = []
    for table in tables:
        row = Row(
            rule=str(table["rule"]), outcome=str(table["is"]), says=str(table["says"]),
            quotes=tuple(cast("list[str]", table.get("quotes", ()))), complexity=str(table.get("complexity", "")),
        )  # fmt: skip
        if row.outcome not in outcomes:
            raise _refused(f"gives {row.outcome!r} in {row.rule!r}", f"Use one of {', '.join(outcomes)}.")
        rows.append(_moved(row, {name: table[name] for name in _BOUNDS if name in table}))
    return tuple(rows)


def _moved(row: Row, change: object) -> Row:
    if not isinstance(change, Mapping):
        raise _refused(f"has something else than a table at {row.rule!r}", f"Write [policy.{row.rule}.at_most].")
    for side, bounds in cast("Mapping[str, object]", change).items():
        if side not in _BOUNDS or not isinstance(bounds, Mapping):
            raise _refused(f"has {side!r} in {row.rule!r}", "A row takes the tables `at_least` and `at_most`.")
        for name, bound in cast("Mapping[str, object]", bounds).items():
            if name not in FACTS or not isinstance(bound, int) or isinstance(bound, bool):
                raise _refused(
                    f"bounds {name!r} by {bound!r} in {row.rule!r}",
                    f"Bound one of these facts by a whole number: {', '.join(FACTS)}.",
                )
        if side == "at_least":
            row = replace(row, at_least={**row.at_least, **bounds})
        else:
            row = replace(row, at_most={**row.at_most, **bounds})
    return row


def _refused(what: str, next_step: str) -> ConfigError:
    return ConfigError(f"The policy table {what}.", next_step=next_step)
