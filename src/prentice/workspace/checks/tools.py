"""How each tool is asked for results that can be read, for fewer tests, and what its exit codes mean."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from prentice.workspace.checks import reading
from prentice.workspace.checks.check import Check
from prentice.workspace.checks.diagnostics import diagnostics, listed_files
from prentice.workspace.checks.reading import Reader

_MANAGERS: Final = frozenset({"npm", "pnpm", "yarn", "bun"})
_NOTHING: Final[Mapping[str, frozenset[int]]] = {"pytest": frozenset({5}), "unittest": frozenset({5})}
"""Exit codes that say there was nothing to test."""
_BROKEN: Final[Mapping[str, frozenset[int]]] = {
    "pytest": frozenset({3, 4}),
    "ruff": frozenset({2}),
    "mypy": frozenset({2}),
}
"""Exit codes that say the tool itself could not work: pytest's documentation, ruff's, mypy's."""

_RUNNERS: Final[Mapping[tuple[str, ...], tuple[tuple[str, ...], Reader]]] = {
    ("go", "test"): (("-json",), reading.go_json),
    ("cargo", "test"): (("--no-fail-fast",), reading.cargo_lines),
    ("node", "--test"): (("--test-reporter=tap",), reading.tap),
}
"""Commands with what they are asked for in addition, right behind their first words."""
_ONE_A_LINE: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    ("ruff", "check"): ("--output-format=concise",), ("mypy",): ("--no-pretty", "--no-color-output"),
    ("tsc",): ("--pretty", "false"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A check as it is run: its words, variables beside them, and where its results are read from.

    `report` is a file's name in the scratch directory; where the tool does not write it, what was printed is read.
    `must_report` says that no report means no honest end, `fails_by_words` that the exit code says nothing.
    """

    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    report: str = ""
    report_reader: Reader | None = None
    reader: Reader | None = None
    must_report: bool = False
    nothing: frozenset[int] = frozenset()
    broken: frozenset[int] = frozenset()
    fails_by_words: bool = False


def invocation(check: Check, *, tree: Path, scratch: Path, only: Sequence[str] = ()) -> Invocation:
    """Give a check as it is run, with only some test files where the tool takes such (else all of them).

    The scratch directory is at the same place inside and outside the sandbox.
    """
    command, tool = check.command, check.tool
    if tool in _MANAGERS:
        return _script(check, tree=tree, scratch=scratch)
    if tool in {"pytest", "py.test"}:
        return _pytest((*command, "-p", "no:cacheprovider", *_as_paths(only)), scratch, must_report=True)
    if found := next((words for words in _RUNNERS if command[: len(words)] == words), None):
        extra, reader = _RUNNERS[found]
        return Invocation(command=(*found, *extra, *command[len(found) :]), reader=reader)
    if tool == "unittest" or check.line.endswith("manage.py test"):
        verbose = ("-v",) if tool == "unittest" else ("-v", "2")
        return Invocation(command=(*command, *verbose), reader=reading.unittest_lines, nothing=_NOTHING["unittest"])
    if check.kind == "test":  # make, tox and their like may start pytest in the end
        return _pytest(command, scratch, must_report=False)
    return _messages(command, tool)


def _messages(command: tuple[str, ...], tool: str) -> Invocation:
    """Ask a linter, type checker or formatter for one message a line."""
    if tool == "gofmt":
        return Invocation(command=command, reader=listed_files, fails_by_words=True)
    extra = _ONE_A_LINE.get((tool, *command[command.index(tool) + 1 :][:1]) if tool in command else (), ())
    extra = extra or _ONE_A_LINE.get((tool,), ())
    return Invocation(command=(*command, *extra), reader=diagnostics, broken=_BROKEN.get(tool, frozenset()))


def can_narrow(check: Check) -> bool:
    """Whether a check can be told to run some test files only."""
    return check.tool in {"pytest", "py.test"} and not any(
        "/" in word or word.endswith(".py") for word in check.command[1:]
    )


def _pytest(command: tuple[str, ...], scratch: Path, *, must_report: bool) -> Invocation:
    options = f"--junitxml={shlex.quote(str(scratch / 'junit.xml'))} -o junit_family=xunit2 --color=no"
    return Invocation(
        command=command,
        variables={"PYTEST_ADDOPTS": options},
        report="junit.xml",
        report_reader=reading.junit,
        reader=reading.any_lines,
        must_report=must_report,
        nothing=_NOTHING["pytest"] if must_report else frozenset(),
        broken=_BROKEN["pytest"] if must_report else frozenset(),
    )


def _script(check: Check, *, tree: Path, scratch: Path) -> Invocation:
    """Ask the test runner behind a script of package.json for a report, where it is one that we know."""
    runner = _runner(check.command, tree)
    between = ("--",) if check.command[0] == "npm" else ()
    report = scratch / "tests.json"
    if runner == "jest":
        extra = (*between, "--json", f"--outputFile={report}", "--ci", "--cacheDirectory=/tmp/jest")
    elif runner == "vitest":
        extra = (*between, "--run", "--reporter=json", f"--outputFile={report}")
    elif runner == "mocha":
        return Invocation(command=(*check.command, *between, "--reporter", "tap"), reader=reading.tap)
    elif runner == "node":
        return Invocation(command=check.command, variables={"NODE_OPTIONS": "--test-reporter=tap"}, reader=reading.tap)
    else:
        return Invocation(command=check.command, reader=diagnostics if check.kind != "test" else reading.tap)
    return Invocation(
        command=(*check.command, *extra), report=report.name, report_reader=reading.jest_json, must_report=True
    )


def _runner(command: Sequence[str], tree: Path) -> str:
    name = next((word for word in command[1:] if not word.startswith("-") and word != "run"), "test")
    try:
        script = json.loads((tree / "package.json").read_bytes())["scripts"][name]
        words = [PurePosixPath(word).name for word in shlex.split(script)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    if "node" in words and "--test" in words:
        return "node"
    return next((word for word in words if word in {"jest", "vitest", "mocha"}), "")


def _as_paths(only: Sequence[str]) -> tuple[str, ...]:
    """Write names so that one that begins with a hyphen is no option."""
    return tuple(f"./{path}" for path in only)
