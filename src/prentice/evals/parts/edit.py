"""Changes of files: proposed by the product, green in the tests of the repository, and in those that nobody was shown.

For tests that are to be written the truth is turned round: they have to pass on the code as it is, and to fail on each
of its broken variants. All of it runs in the sandbox; what a model wrote is nobody's code yet.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prentice.changes import stored
from prentice.changes.change import Change
from prentice.changes.files import File
from prentice.evals.case import Case
from prentice.evals.stage import TESTING, Bench, Calls, Stage
from prentice.evals.verdict import Verdict
from prentice.skills.execute.run import EXECUTE
from prentice.skills.execute.services import in_thread
from prentice.workspace.checks.check import Check
from prentice.workspace.checks.outcome import Outcome
from prentice.workspace.checks.running import Runner
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.sandbox.view import View
from prentice.workspace.worktree import Worktree, worktree

_SECONDS = 60.0
"""For one run of a case's tests, which take less than one."""
_TEST = re.compile(r"^\s+def (test_\w+)", re.MULTILINE)


async def measure(case: Case, stage: Stage, calls: Calls) -> Verdict:
    """Carry out the task of a case.

    Raises:
        PrenticeError: no answer came, or nothing can be tried here.
    """
    async with stage.bench(case, calls) as bench:
        run, document = await bench.carry(
            EXECUTE,
            {
                "task": "", "text": case.given["task"], "apply": False, "format": "", "attempt_of": "", "comment": "",
                "samples": stage.settings.execute_samples, "anyway": True, "uncommitted": False,
            },
        )  # fmt: skip
        why = "" if document["state"] == "proposed" else f"{document['state']}: {document['why']}"
        if not why:
            change = stored.from_document(bench.services.executions.change(run))
            async with stage.checking:
                why = await in_thread(lambda stopped: problem(change, case, bench, stopped=stopped))
        return Verdict(
            right=not why, why=why, first_valid=_first_valid(bench, stage), details=_details(case, document, bench)
        )


def problem(change: Change, case: Case, bench: Bench, *, stopped: Callable[[], bool] = lambda: False) -> str:
    """Say what is wrong with a change by the tests that nobody was shown; empty where nothing is.

    Raises:
        WorktreeError, SandboxError: it cannot be tried here.
    """
    with worktree(bench.root) as tree:
        trial = _Trial(case, tree, bench, stopped=stopped)
        return trial.of_tests(change) if "broken" in case.given else trial.of_code(change)


class _Trial:
    """One change in a worktree of its own."""

    def __init__(self, case: Case, tree: Worktree, bench: Bench, *, stopped: Callable[[], bool]) -> None:
        settings = bench.services.settings
        readable = [Path(path) for path in settings.checks_readable]
        self._case = case
        self._tree = tree
        self._runner = Runner(
            worktree=tree, sandbox=bench.services.sandbox(), view=View.of(tree, readable=readable),
            limits=Limits.of(settings), stopped=stopped,
        )  # fmt: skip

    def of_code(self, change: Change) -> str:
        """Run the tests of the repository together with those that were hidden."""
        hidden: dict[str, str] = self._case.given.get("hidden", {})
        outcome = self._run(change, hidden)
        if outcome.state == "broken":
            return f"the tests cannot be run with it: {outcome.why}"
        if outcome.failures:
            listed = ", ".join(dict.fromkeys(name.rpartition(".")[2] for name in outcome.failures))
            return f"tests fail with it: {listed}"
        wanted = {f"{path.removesuffix('.py')}.{name}" for path, text in hidden.items() for name in _TEST.findall(text)}
        ended = {f"{name.partition('.')[0]}.{name.rpartition('.')[2]}" for name in outcome.passes}
        left = sorted(wanted - ended)
        return f"tests did not come to their end: {', '.join(left)}" if left else ""

    def of_tests(self, change: Change) -> str:
        """Run the tests that were written on the code as it is, and on each of its broken variants."""
        outcome = self._run(change, {})
        if outcome.state != "passed":
            return "the tests that were written do not pass on the code as it is"
        for variant in self._case.given["broken"]:
            if self._run(change, variant["files"]).state == "passed":
                return f"the tests that were written do not notice: {variant['says']}"
        return ""

    def _run(self, change: Change, beside: dict[str, str]) -> Outcome:
        self._tree.clear_private()
        self._tree.write(change)
        files = self._tree.snapshot()
        for path, text in beside.items():
            files.write(path, File(content=text.encode()))
        return self._runner.run(Check(name="test", command=TESTING, kind="test", seconds=_SECONDS))


def _first_valid(bench: Bench, stage: Stage) -> bool | None:
    """Say whether the first answer, which is the model's best guess, led to a change at once."""
    if not stage.has_model:
        return None
    matched = bench.step("execute.match") or []
    return any(item["sample"] == 0 and "change" in item for item in matched)


def _details(case: Case, document: dict[str, Any], bench: Bench) -> dict[str, Any]:
    """Give what else is worth knowing: the kind of work, the format that was asked for, how the run ended."""
    prompt = bench.step("execute.choose") or {}
    return {
        "category": case.given["category"], "format": document["format"] or prompt.get("format", ""),
        "state": document["state"], "files": document["files"],
    }  # fmt: skip
