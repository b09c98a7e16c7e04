"""What the project's checks say of a change: run before and after it, trusted only after a canary, rerun where flaky.

The order keeps what a model wrote from touching anything that is run later: all checks run on the user's own state,
and all canaries, before the change is first written; every run starts from files that were just put back, and what runs
without the change after that starts from empty private directories.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from prentice.changes.change import Change
from prentice.workspace.checks import probes
from prentice.workspace.checks.affected import affected_tests
from prentice.workspace.checks.breaking import broken, is_breakable, is_test, others
from prentice.workspace.checks.check import Check
from prentice.workspace.checks.go_builds import kept_builds
from prentice.workspace.checks.outcome import Outcome, mended, new_failures
from prentice.workspace.checks.probes import Reach
from prentice.workspace.checks.running import Runner
from prentice.workspace.checks.tools import can_narrow
from prentice.workspace.place import remove
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.view import View
from prentice.workspace.tree import Tree
from prentice.workspace.worktree import Worktree

Canary: TypeAlias = Literal["at the change", "in the tree", "unnoticed", "untried"]
"""Where a break was noticed: in the files of the change, only in others of the tree, nowhere; or none was made."""

_WORTH_SECONDS: Final = 5.0
"""A check that is quicker than this is run whole at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What one check says of a change. `flaky` are failures that were gone when it was run again."""

    check: Check
    before: Outcome
    after: Outcome
    new_failures: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    canary: Canary = "untried"
    reach: Reach | None = None

    @property
    def is_trusted(self) -> bool:
        """Whether a break turned the check red, so that it does look at this tree."""
        return self.canary in {"at the change", "in the tree"}

    @property
    def is_decisive(self) -> bool:
        """Whether the check is trusted, finds nothing new, and fails without the change or executes its lines."""
        if not self.is_trusted or self.new_failures or self.after.state == "broken":
            return False
        return bool(self.mended) or (self.reach is not None and self.reach.is_whole)

    def document(self) -> dict[str, object]:
        """Give the result as the contract's entry of `checks`."""
        return {
            "name": self.check.name, "command": self.check.line, "before": self.before.document(),
            "after": self.after.document(), "new_failures": list(self.new_failures), "decisive": self.is_decisive,
            "trusted": self.is_trusted, "canary": self.canary, "mended": list(self.mended), "flaky": list(self.flaky),
            "reached": None if self.reach is None else {"reached": self.reach.reached, "of": self.reach.of},
        }  # fmt: skip


def verified(
    change: Change, *, worktree: Worktree, checks: Iterable[Check], sandbox: Sandbox, limits: Limits | None = None,
    readable: Iterable[Path] = (), stopped: Callable[[], bool] = lambda: False,
) -> tuple[CheckResult, ...]:  # fmt: skip
    """Run checks before and after a change, and give what they say; the worktree holds the change afterwards.

    Raises:
        WorktreeError: the worktree cannot be written.
    """
    asked = tuple(checks)
    worktree.clear_private()  # a change that was checked before may have left something
    runner = _runner(
        asked, worktree=worktree, sandbox=sandbox, view=View.of(worktree, readable=readable),
        limits=limits or Limits(), stopped=stopped,
    )  # fmt: skip
    started = [_Verification(change, check, runner) for check in asked]
    for verification in started:
        verification.before_it()
    results = tuple(verification.result() for verification in started)
    worktree.write(change)
    return results


def _runner(
    checks: Sequence[Check], *, worktree: Worktree, sandbox: Sandbox, view: View, limits: Limits,
    stopped: Callable[[], bool],
) -> Runner:  # fmt: skip
    """Give what runs the checks, with what is kept for them from earlier ones."""
    builds = kept_builds(checks, worktree=worktree, sandbox=sandbox, view=view, limits=limits, stopped=stopped)
    if builds is not None:
        view = replace(view, readable=(*view.readable, builds.store))
    return Runner(worktree=worktree, sandbox=sandbox, view=view, limits=limits, stopped=stopped, builds=builds)


class _Verification:
    """One check and one change."""

    def __init__(self, change: Change, check: Check, runner: Runner) -> None:
        self.change = change
        self.check = check
        self.runner = runner
        self.worktree = runner.worktree
        self.changed = [file.path for file in change.files if file.after is not None]
        self.narrow: Sequence[str] = ()
        self.is_part = False
        self.before = Outcome(state="broken")
        self.canary: Canary = "untried"

    def before_it(self) -> None:
        """Run the check on the user's own state, and the canary."""
        self.worktree.reset()
        if can_narrow(self.check):
            existing = [file.old_path for file in self.change.files if file.before is not None]
            self.narrow = affected_tests(self.worktree.snapshot(), existing)
        self.before = self.runner.run(self.check)
        if self.before.state != "broken":
            self.canary = self._canary(self.before)

    def result(self) -> CheckResult:
        """Run the check on the change, and compare."""
        before, canary = self.before, self.canary
        after = self._after(before)
        if before.state == "broken" and after.state != "broken":
            canary = self._canary(after, with_change=True)
        found = self._compared(before, after)
        new, flaky = self._again(before, found)
        fixed = self._confirmed(before, mended(before, after)) if not new else ()
        is_answer = canary not in {"untried", "unnoticed"} and not new and after.state != "broken"
        reach = self._reach() if is_answer and not fixed and self.check.kind == "test" else None
        return CheckResult(
            check=self.check, before=before, after=after, new_failures=new, mended=fixed, flaky=flaky, canary=canary,
            reach=reach,
        )  # fmt: skip

    def _canary(self, reference: Outcome, *, with_change: bool = False) -> Canary:
        """Break the files of the change, then as many others as there are, until the check notices."""
        at_change = [path for path in self.changed if is_breakable(path)]
        if self.check.kind == "test":
            at_change = [path for path in at_change if not is_test(path)] or at_change
        tree = self._put(with_change=with_change)
        if broken(tree, at_change) and _noticed(reference, self.runner.run(self.check, only=self.narrow)):
            return "at the change"
        tree = self._put(with_change=with_change)
        if broken(tree, others(tree, at_change)) and _noticed(reference, self.runner.run(self.check)):
            return "in the tree"
        return "unnoticed"

    def _put(self, *, with_change: bool) -> Tree:
        if with_change:
            self.worktree.write(self.change)
        else:
            self.worktree.reset()
        return self.worktree.snapshot()

    def _after(self, before: Outcome) -> Outcome:
        """Run the check on the change: first the tests that it concerns most, then all, unless the first fail."""
        self.worktree.write(self.change)
        if self.narrow and before.seconds > _WORTH_SECONDS:
            first = self.runner.run(self.check, only=self.narrow)
            if Counter(first.failures) - Counter(before.failures):
                self.is_part = True
                return first
            self.worktree.write(self.change)
        return self.runner.run(self.check)

    def _compared(self, before: Outcome, after: Outcome) -> tuple[str, ...]:
        if not self.is_part:
            return new_failures(before, after)
        return tuple((Counter(after.failures) - Counter(before.failures)).elements())  # the rest was not run

    def _again(self, before: Outcome, found: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Run a check that found something new once more, whole: what passes then is flaky."""
        if not found or self.runner.stopped():
            return found, ()
        self.worktree.write(self.change)
        second = self.runner.run(self.check)
        if second.state == "broken" or (before.counted and not second.counted):
            return found, ()  # it says nothing of what failed
        new = new_failures(before, second)
        still = tuple(name for name in new if name in found or self.is_part)
        return still, tuple(name for name in found if name not in new)

    def _confirmed(self, before: Outcome, fixed: tuple[str, ...]) -> tuple[str, ...]:
        """Run the check without the change once more: what passes then was never the change's merit."""
        if not fixed:
            return ()
        self.worktree.clear_private()
        self.worktree.reset()
        second = self.runner.run(self.check)
        return tuple(name for name in fixed if name in second.failures and name in before.failures)

    def _reach(self) -> Reach | None:
        """Run the tests with probes in the changed statements; None where no changed file can hold any."""
        sources = [file for file in self.change.files if file.after is not None and is_breakable(file.path)]
        if not any(file.path.endswith(".py") for file in sources):
            return None
        marks = self.runner.view.scratch / "marks"
        remove(marks)
        marks.mkdir()
        self.worktree.write(self.change)
        tree = self.worktree.snapshot()
        stretches: list[frozenset[str]] = []
        for number, file in enumerate(sources):
            found = probes.probed(file.old, file.new, marks=marks, prefix=f"{number}-")
            if found is None or file.after is None:
                stretches.append(frozenset())  # it cannot be known, so it counts as not reached
                continue
            stretches += found.stretches
            tree.write(file.path, type(file.after)(content=found.content, mode=file.after.mode))
        self.runner.run(self.check, only=self.narrow)
        if self.narrow and not probes.reach(stretches, marks).is_whole:
            self.runner.run(self.check)  # perhaps a test reaches the change that nothing in its name tells of
        return probes.reach(stretches, marks)


def _noticed(reference: Outcome, outcome: Outcome) -> bool:
    """Whether a run says that something broke which did not fail in the run that it is compared with."""
    if outcome.state == "broken":
        return outcome.exited and outcome.why != reference.why
    return bool(Counter(outcome.failures) - Counter(reference.failures))
