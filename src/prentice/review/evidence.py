"""Evidence: the facts behind a probability, as the executor found them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, TypeAlias, get_args

from prentice.review import weights
from prentice.review.weights import Match, Rung

Effect: TypeAlias = Literal["raises", "lowers", "none", "needs a person"]

_RUNGS: Final[Mapping[str, Rung]] = {rung: rung for rung in get_args(Rung)}
_MATCHES: Final[Mapping[str, Match]] = {match: match for match in get_args(Match)}
_VERSION: Final = re.compile(r"(?:[ /@=]+v?\d\S*)+$")
CERTAIN: Final[frozenset[Match]] = frozenset({"exact", "trailing_space"})
"""The matches with which a change may be applied without a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFact:
    """What one check of the project says. `new_failures` and `mended` are counts.

    `still_fails` where it has failures with the change that it had without it.
    """

    name: str
    trusted: bool = False
    decisive: bool = False
    new_failures: int = 0
    mended: int = 0
    still_fails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact in words, with what it does to the probability: its points (log-odds) in the prior."""

    fact: str
    value: str
    effect: Effect
    points: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The facts of one change.

    `model` is the model's name, or on the rung `tool` the tool's with its version. Of `samples` answers, `agreement`
    came to this change. `lines_changed` counts added and removed lines, `files` the files. `retries` is how often it
    went back with a message. `claimed` is what the model itself says of its confidence, from 0 to 1.
    """

    rung: Rung
    category: str
    model: str = ""
    samples: int = 1
    agreement: int = 1
    level: Match = "exact"
    checks: tuple[CheckFact, ...] = ()
    lines_changed: int = 0
    files: int = 1
    protected: bool = False
    tests_edited: bool = False
    retries: int = 0
    format: str = ""
    claimed: float | None = None

    @property
    def maker(self) -> str:
        """Who made the change, as reviews are counted: the model, or the tool without its version."""
        return _VERSION.sub("", self.model) if self.rung == "tool" else self.model

    @property
    def new_failures(self) -> int:
        """How many new failures all checks found together, trusted or not."""
        return sum(check.new_failures for check in self.checks)

    @property
    def is_decided(self) -> bool:
        """Whether a decisive check passed."""
        return any(check.trusted and check.decisive and not check.new_failures for check in self.checks)

    @property
    def points(self) -> float:
        """The sum of all points: the log-odds that the prior gives."""
        return weights.BASE[self.rung] + sum(fact.points for fact in self.weighed())

    def weighed(self) -> tuple[Fact, ...]:
        """Give every fact with its effect, in the order in which people read them."""
        return tuple(fact for fact in self._facts() if fact.value)

    def facts(self) -> list[dict[str, object]]:
        """Give the facts as the contract's `evidence`: `{fact, value, effect}`, and the points behind the effect."""
        return [asdict(fact) for fact in self.weighed()]

    def document(self) -> dict[str, Any]:
        """Give the evidence as JSON, as it is recorded."""
        return asdict(self) | {"checks": [asdict(check) for check in self.checks]}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read recorded evidence; what a newer version added is left out.

        Raises:
            ValueError: it is none.
        """
        try:
            known = {name: document[name] for name in cls.__slots__ if name in document}
            known["rung"] = _RUNGS[document["rung"]]
            known["level"] = _MATCHES[document.get("level", "exact")]
            known["checks"] = tuple(
                CheckFact(**{name: check[name] for name in CheckFact.__slots__ if name in check})
                for check in document.get("checks", ())
            )
            evidence = cls(**known)
            evidence.weighed()  # a number that is none would be found only when it is used
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{document!r} is no evidence") from error
        return evidence

    def _facts(self) -> tuple[Fact, ...]:
        maker = f"the tool {self.model}" if self.rung == "tool" else self.model
        return (
            Fact(fact="made by", value=maker, effect="none"),
            Fact(fact="kind of task", value=self.category.replace("_", " "), effect="none"),
            self._agreement(),
            _fact("match", self.level.replace("_", " "), weights.MATCH[self.level]),
            self._verdict_of_checks(),
            _fact("new failures", self._failed(), weights.failure_points(self.new_failures)),
            _fact("changed lines", str(self.lines_changed), self._size_points()),
            Fact(fact="changed files", value=str(self.files), effect="none"),
            _fact("went back", _times(self.retries), weights.RETRIED if self.retries else 0.0),
            Fact(fact="format", value=self.format, effect="none"),
            Fact(fact="protected files", value="yes" if self.protected else "", effect="needs a person"),
            Fact(fact="tests edited", value="yes" if self.tests_edited else "", effect="needs a person"),
            _fact("its own claim", _claim(self.claimed), weights.claim_points(self.claimed)),
        )

    def _size_points(self) -> float:
        return 0.0 if self.rung == "tool" else weights.size_points(self.lines_changed)

    def _failed(self) -> str:
        failing = [f"{check.new_failures} in {check.name}" for check in self.checks if check.new_failures]
        return ", ".join(failing) or ("none" if self.checks else "")

    def _agreement(self) -> Fact:
        if self.rung == "tool":
            return Fact(fact="agreement", value="", effect="none")
        points = weights.agreement_points(samples=self.samples, agreement=self.agreement)
        said = "one sample only" if self.samples <= 1 else f"{self.agreement} of {self.samples} samples"
        return _fact("agreement", said, points)

    def _verdict_of_checks(self) -> Fact:
        """Weigh the best that any trusted check says; checks that pass beside it add nothing."""
        found = [check for check in self.checks if check.trusted and not check.new_failures]
        found.sort(key=lambda check: check.still_fails)
        for check in found:
            if check.mended:
                said = "fails less than before" if check.still_fails else "failed before and passes now"
                return _fact("checks", f"{check.name} {said}", weights.MENDED)
        for check in found:
            if check.decisive:
                said = "finds nothing new" if check.still_fails else "passes"
                return _fact("checks", f"{check.name} executes the changed lines and {said}", weights.DECISIVE)
        if found:
            said = "finds nothing new, and" if found[0].still_fails else "passes, but"
            return _fact("checks", f"{found[0].name} {said} decides nothing", weights.PASSED)
        said = "none can be trusted here" if self.checks else "none were run"
        if any(check.trusted for check in self.checks):
            said = "none passes"
        return Fact(fact="checks", value=said, effect="none")


def _fact(name: str, value: str, points: float) -> Fact:
    return Fact(
        fact=name, value=value, points=points, effect="raises" if points > 0 else "lowers" if points < 0 else "none"
    )


def _times(retries: int) -> str:
    return "never" if retries <= 0 else "once" if retries == 1 else f"{retries} times"


def _claim(claimed: float | None) -> str:
    return "" if claimed is None else f"{claimed:.2f}"
