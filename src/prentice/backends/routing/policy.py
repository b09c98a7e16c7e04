"""The policy: the tables of `policy.toml`, over which a project or a user may lay values of their own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, cast

from prentice.backends.routing.need import KINDS, PREFERENCES, Kind, Need, Prefer
from prentice.errors import ConfigError

_FREE_KEYS: Final = frozenset({"family", "mixture", "never", "order", "purpose", "category"})
"""Tables to which a project may add rows; of all others it can change only what is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A family of models: how it is recognised, what it is for, and how recent it is (tier 1 or 2)."""

    name: str
    pattern: re.Pattern[str]
    kind: Kind
    tier: int
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Assumed speed of a kind of machine, where nothing was measured."""

    bytes_a_second: float
    prompt_factor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All tables, read and checked."""

    purposes: Mapping[str, Mapping[str, Any]]
    categories: Mapping[str, Mapping[str, Any]]
    backends: Mapping[str, tuple[str, ...]]
    families: tuple[Family, ...]
    mixtures: tuple[tuple[re.Pattern[str], float], ...]
    """Names of mixtures of experts, with the part of the weights that is read for a token."""
    order: Mapping[str, tuple[str, ...]]
    never: tuple[tuple[re.Pattern[str], str], ...]
    bits: Mapping[str, tuple[float, ...]]
    poor_below: float
    least: Mapping[str, float]
    least_says: str
    patience: Mapping[str, float]
    paces: Mapping[str, Pace]
    load_bytes_a_second: float
    load_seconds: float
    memory_share: float
    ready_classes: int

    def need(
        self,
        purpose: str,
        *,
        category: str = "",
        names_source: bool = False,
        deadline: float = 1800.0,
        preferred_backend: str = "",
        sizes: tuple[int, int] | None = None,
        prefer: Prefer | None = None,
    ) -> Need:
        """Derive what a call needs from its purpose and from what the analyzer says of the task.

        `names_source` tells that the task names source files or symbols; `sizes` are usual tokens of prompt and reply
        from the record, which go before the table's assumptions.
        """
        row = self.purposes.get(purpose, self.purposes["other"])
        kind, says = row["kind"], row["says"]
        if kind == "category":
            rule = self.categories.get(category, self.categories["other"])
            kind, says = rule["kind"], rule["says"]
            if names_source and "with_source" in rule:
                kind, says = rule["with_source"], rule.get("with_source_says", says)
        prompt, reply = sizes or (row["prompt_tokens"], row["reply_tokens"])
        return Need(
            purpose=purpose,
            kind=kind,
            kind_says=says,
            prompt_tokens=prompt,
            reply_tokens=reply,
            structured=row["structured"],
            prefer=prefer or row["prefer"],
            deadline=deadline,
            preferred_backend=preferred_backend,
        )

    def backend_order(self, *, apple_silicon: bool) -> tuple[str, ...]:
        """Give the backends in the order for this kind of machine."""
        return self.backends["apple_silicon" if apple_silicon else "other"]

    def family_rank(self, family: str, *, kind: Kind, backend: str) -> int:
        """Give a family's place among models of one size; those that are not listed come last."""
        order = self.order.get(f"{kind}_on_{backend}", self.order[kind])
        return order.index(family) if family in order else len(order)


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - only when something is to be chosen

    return tomllib.loads(Path(__file__).with_name("policy.toml").read_text(encoding="utf-8"))


def load_policy(changes: object = None) -> Policy:
    """Give the package's policy with the settings' `[policy.models]` over it.

    Raises:
        ConfigError: the settings name what does not exist, or give a value that does not fit.
    """
    tables = _merged(_tables(), changes or {}, path="policy.models", free=False)
    try:
        return _policy(tables)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        what = f"lacks {error}" if isinstance(error, KeyError) else f"cannot be read: {error}"
        raise _refused(f"[policy.models] {what}") from error


def _policy(tables: Mapping[str, Any]) -> Policy:
    for row in (*tables["purpose"].values(), *tables["category"].values()):
        _one_of(row["kind"], (*KINDS, "category"))
        _one_of(row.get("with_source", "code"), KINDS)
        _one_of(row.get("prefer", "quality"), PREFERENCES)
    return Policy(
        purposes=tables["purpose"],
        categories=tables["category"],
        backends=_lists(tables["backends"]),
        families=tuple(_family(name, row) for name, row in tables["family"].items()),
        mixtures=tuple((re.compile(row["pattern"]), _share(row["active"])) for row in tables["mixture"].values()),
        order=_lists(tables["order"]),
        never=tuple((re.compile(row["pattern"]), str(row["says"])) for row in tables["never"].values()),
        bits={name: tuple(float(bits) for bits in tables["quantization"][name]) for name in PREFERENCES},
        poor_below=float(tables["quantization"]["poor_below"]),
        least={kind: float(tables["least"][kind]) * 1e9 for kind in KINDS},
        least_says=str(tables["least"]["says"]),
        patience={name: float(tables["patience"][name]) for name in PREFERENCES},
        paces={
            name: Pace(bytes_a_second=_positive(row["bytes_a_second"]), prompt_factor=_positive(row["prompt_factor"]))
            for name, row in tables["speed"].items()
            if name != "loading"
        },
        load_bytes_a_second=_positive(tables["speed"]["loading"]["bytes_a_second"]),
        load_seconds=float(tables["speed"]["loading"]["seconds"]),
        memory_share=_positive(tables["memory"]["share"]),
        ready_classes=int(tables["ready"]["classes"]),
    )


def _family(name: str, row: Mapping[str, Any]) -> Family:
    return Family(
        name=name,
        pattern=re.compile(row["pattern"]),
        kind=cast("Kind", _one_of(row["kind"], KINDS)),
        tier=int(row["tier"]),
        says=str(row.get("says", "")),
    )


def _merged(base: object, changes: object, *, path: str, free: bool) -> Any:  # noqa: ANN401 - a table of any depth
    """Lay changes over a table; a value keeps its type, a table its keys unless it may grow."""
    if not isinstance(base, Mapping):
        fits = type(base) is type(changes) or (isinstance(base, int | float) and type(changes) in {int, float})
        if not fits:
            raise _refused(f"[{path}] is {changes!r}, but has to be like {base!r}")
        return changes
    if not isinstance(changes, Mapping):
        raise _refused(f"[{path}] has to be a table")
    merged = dict(base)
    for key, value in changes.items():
        if key in base:
            merged[key] = _merged(base[key], value, path=f"{path}.{key}", free=key in _FREE_KEYS)
        elif free:
            merged = {key: value, **merged}  # the first pattern that matches counts, and the user's goes first
        else:
            raise _refused(f"[{path}] has no {key!r}; it has {', '.join(map(str, base))}")
    return merged


def _lists(table: Mapping[str, Sequence[object]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(str(item) for item in items) for name, items in table.items()}


def _one_of(value: object, allowed: Sequence[str]) -> object:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return value


def _positive(value: object) -> float:
    number = float(cast("float", value))
    if not 0 < number < float("inf"):
        raise ValueError(f"{value!r} has to be above zero")
    return number


def _share(value: object) -> float:
    share = _positive(value)
    if share > 1:
        raise ValueError(f"{value!r} has to be at most 1, all of the weights")
    return share


def _refused(what: str) -> ConfigError:
    return ConfigError(
        f"The settings for the choice of models make no sense: {what}.",
        next_step="Correct or remove it; the tables, with a reason for each row, are in docs/choosing-models.md.",
    )
