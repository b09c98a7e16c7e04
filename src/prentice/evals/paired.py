"""Whether two models differ, told from the same cases: McNemar's test in its exact form.

Cases that both got right, or both wrong, say nothing of a difference. Of the others each is a coin's throw if there is
none, so that the binomial distribution tells how odd the count is (McNemar 1947; exact by the sign test).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LEVEL: Final = 0.05
"""A difference that chance brings about less often than this is called one; the usual level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The same cases done by two: how many both got right, only one of them, and neither."""

    both: int
    only_first: int
    only_second: int
    neither: int

    @classmethod
    def of(cls, first: Mapping[str, bool], second: Mapping[str, bool]) -> "Paired":
        """Count the cases that both did, by name."""
        pairs = [(first[name], second[name]) for name in first if name in second]
        return cls(
            both=pairs.count((True, True)), only_first=pairs.count((True, False)),
            only_second=pairs.count((False, True)), neither=pairs.count((False, False)),
        )  # fmt: skip

    @property
    def cases(self) -> int:
        """How many cases both did."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def p(self) -> float:
        """The probability of a count at least as uneven if there is no difference, on both sides."""
        apart = self.only_first + self.only_second
        fewer = min(self.only_first, self.only_second)
        tail: int = sum(math.comb(apart, count) for count in range(fewer + 1))
        return min(1.0, float(2 * tail / 2**apart))

    @property
    def differs(self) -> bool:
        """Whether a difference can be told."""
        return self.p < LEVEL

    def says(self, first: str, second: str) -> str:
        """Say what can be told, with the counts; `first` and `second` are names."""
        counted = f"{first} alone got {self.only_first} right, {second} alone {self.only_second}; p = {self.p:.3f}"
        if not self.differs:
            return f"no difference can be told from {self.cases} cases ({counted})"
        better, worse = (first, second) if self.only_first > self.only_second else (second, first)
        return f"{better} does better than {worse} on these {self.cases} cases ({counted})"

    def document(self, first: str, second: str) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "cases": self.cases, "both": self.both, "only_first": self.only_first, "only_second": self.only_second,
            "neither": self.neither, "p": round(self.p, 6), "differs": self.differs,
            "says": self.says(first, second),
        }  # fmt: skip
