"""Linters' own fixes, and the order of imports: what the project's linter mends safely, under its settings."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from prentice.skills.execute.tools.configuration import Configuration
from prentice.skills.execute.tools.task import Declined, ToolOutcome
from prentice.skills.execute.tools.workbench import Workbench, as_paths, named, said
from prentice.workspace.sandbox.running import Ended

_PYTHON: Final = frozenset({".py", ".pyi"})
_SCRIPT: Final = frozenset(".js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte".split())
_SHOWN: Final = 5


def mended(bench: Workbench, files: Sequence[str], *, tool: str = "", rules: Sequence[str] = ()) -> ToolOutcome:
    """Let linters fix what they find in files: by the project's settings, or only the rules that the task names.

    Raises:
        Declined: no linter with fixes is configured for a file, it is missing or failed, it found nothing, or something
            is left that it cannot fix safely.
    """
    configuration = Configuration(snapshot=bench.worktree.snapshot())
    by_linter: dict[str, list[str]] = defaultdict(list)
    for path in files:
        by_linter[_linter(path, configuration, tool=tool, rules=rules)].append(path)
    programs = {name: _program(bench, name) for name in by_linter}
    versions = ", ".join(bench.version(program) for program in programs.values())

    def work() -> None:
        for name, paths in by_linter.items():
            ended = bench.run((programs[name], *_fixing(name, rules), *as_paths(paths)))
            if left := list(_left(name, ended, paths)):
                raise Declined(f"{name} has no safe fix for {len(left)} of its findings: {'; '.join(left[:_SHOWN])}.")

    change = bench.changed(work, paths=files, tool=" and ".join(by_linter))
    which = f" of {', '.join(rules)}" if rules else ""
    listed = named(file.path for file in change.files)
    says = f"Applied the safe fixes{which} that {' and '.join(by_linter)} has for {listed}; no finding{which} is left."
    return ToolOutcome(change=change, tool=versions, explanation=says)


def sorted_imports(bench: Workbench, files: Sequence[str], *, tool: str = "") -> ToolOutcome:
    """Sort the imports of Python files with isort where the project uses it, else with ruff's rules of that kind.

    Raises:
        Declined: a file is no Python, the sorter is missing or failed, or the imports are sorted.
    """
    if others := [path for path in files if PurePosixPath(path).suffix not in _PYTHON]:
        raise Declined(f"There is no sorter of imports for {named(others)}.")
    configuration = Configuration(snapshot=bench.worktree.snapshot())
    is_own = any(configuration.has("isort", path=path) for path in files)
    name = tool or ("isort" if is_own else "ruff")
    program = _program(bench, name)
    options = ("--quiet",) if name == "isort" else _fixing(name, ("I",))

    def work() -> None:
        ended = bench.run((program, *options, *as_paths(files)))
        if ended.status not in {0, 1} or (name == "isort" and ended.status):
            raise Declined(f"{name} could not work on {named(files)}: {said(ended)}.")

    change = bench.changed(work, paths=files, tool=name)
    listed = named(file.path for file in change.files)
    says = f"Sorted the imports of {listed} with {name}; nothing else was done."
    return ToolOutcome(change=change, tool=bench.version(program), explanation=says)


def _linter(path: str, configuration: Configuration, *, tool: str, rules: Sequence[str]) -> str:
    suffix = PurePosixPath(path).suffix
    if suffix in _PYTHON and tool in {"", "ruff"}:
        if tool or rules or configuration.has("ruff", path=path):
            return "ruff"
        raise Declined(f"The project configures no linter with fixes of its own for {path}.")
    if suffix in _SCRIPT and tool in {"", "eslint"} and not rules:
        if configuration.has("eslint", path=path):
            return "eslint"
        raise Declined(f"The project configures no linter with fixes of its own for {path}.")
    raise Declined(f"{tool or 'No linter known here'} does not mend {path}.")


def _program(bench: Workbench, name: str) -> str:
    program = bench.program(name)
    if program is None:
        raise Declined(f"{name} is not installed.")
    return program


def _fixing(name: str, rules: Sequence[str]) -> tuple[str, ...]:
    if name == "eslint":
        return ("--fix", "--format", "json")
    chosen = ("--select", ",".join(rules)) if rules else ()
    return ("check", "--fix", "--no-unsafe-fixes", "--force-exclude", "--output-format", "json", "--quiet", *chosen)


def _left(name: str, ended: Ended, paths: Sequence[str]) -> Iterator[str]:
    """List what a linter still finds after its fixes."""
    try:
        document = json.loads(ended.stdout)
    except ValueError:
        document = None
    if ended.status not in {0, 1} or not isinstance(document, list):
        raise Declined(f"{name} could not work on {named(paths)}: {said(ended)}.")
    for entry in document:
        messages = entry["messages"] if name == "eslint" else [entry]
        for message in messages:
            line = message["line"] if name == "eslint" else message["location"]["row"]
            rule = message.get("ruleId") if name == "eslint" else message.get("code")
            where = PurePosixPath(entry["filePath" if name == "eslint" else "filename"]).name
            yield f"{where}:{line} {rule or 'error'}: {message['message']}"
