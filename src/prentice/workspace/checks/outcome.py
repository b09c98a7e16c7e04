"""What one run of a check said: what failed, what passed, and what is new compared with an earlier run."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias

State: TypeAlias = Literal["passed", "failed", "broken"]
"""Nothing failed; something did; or it gave no answer: not started, ended by a limit, or without anything to check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of one run. Failures and passes are names that mean the same in the next run, without line numbers.

    The same name may fail several times. `counted` says whether single results could be read; else there is only the
    exit code. `exited` is false where we ended it. `seconds` is the time it took, `why` a sentence, `tail` the end of
    what it printed.
    """

    state: State
    failures: tuple[str, ...] = ()
    passes: frozenset[str] = frozenset()
    skips: frozenset[str] = frozenset()
    counted: bool = False
    exited: bool = True
    seconds: float = 0.0
    why: str = ""
    tail: str = ""

    def document(self) -> str:
        """Say it in a few words, as the contract's `before` and `after`."""
        match self.state:
            case "passed":
                return f"passed ({len(self.passes)})" if self.passes else "passed"
            case "failed":
                return f"failed ({len(self.failures)})"
            case _:
                return f"no result: {self.why}"


def new_failures(before: Outcome, after: Outcome) -> tuple[str, ...]:
    """List what fails after and did not before, and what passed before and is not run any more.

    A run that gave no answer where there was one is a failure too.
    """
    if after.state == "broken":
        return () if before.state == "broken" else (f"no result: {after.why}",)
    new = Counter(after.failures) - Counter(before.failures)
    found = [name for name, count in new.items() for _ in range(count)]
    if before.passes and after.counted:
        gone = before.passes - after.passes - set(after.failures)
        found += [f"{name} ({'skipped now' if name in after.skips else 'not run any more'})" for name in sorted(gone)]
    if not found and after.state == "failed" and before.state == "passed":
        found = [f"failed: {after.why}"]
    return tuple(found)


def mended(before: Outcome, after: Outcome) -> tuple[str, ...]:
    """List what failed before and passes after."""
    if after.state == "broken" or before.state == "broken":
        return ()
    gone = Counter(before.failures) - Counter(after.failures)
    if before.counted and after.counted and after.passes:
        return tuple(name for name in gone if name in after.passes)
    return tuple(gone) if after.state == "passed" else ()
