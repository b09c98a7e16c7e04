"""Test skeletons by hypothesis' ghostwriter, where the project's own environment has it."""

import json
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from prentice.changes.change import Change, FileChange
from prentice.changes.files import File, Snapshot
from prentice.changes.guards.tests import is_test_path
from prentice.changes.symbols.python import parse
from prentice.skills.execute.tools import ghost_program
from prentice.skills.execute.tools.task import Declined, ToolOutcome
from prentice.skills.execute.tools.workbench import Workbench, said

_MOST: Final = 200_000
"""Bytes of tests that a person would still read."""


def ghostwritten(bench: Workbench, files: Sequence[str], *, symbols: Sequence[str] = ()) -> ToolOutcome:
    """Write a new file of property-based tests for one Python module, or for the functions that the task names.

    Raises:
        Declined: it is not one module, the tests' file exists, or the project has no hypothesis with its ghostwriter.
    """
    bench.worktree.reset()
    tree = bench.worktree.snapshot()
    sources = [path for path in files if path.endswith(".py") and not is_test_path(path) and tree.read(path)]
    if len(sources) != 1:
        raise Declined("Test skeletons are written for one Python module, which the task has to name.")
    target = _target(sources[0], files, tree)
    names = [symbol.rpartition(".")[2] for symbol in symbols]
    try:
        source = _written(bench, sources[0], names)
    finally:
        bench.worktree.reset()
        bench.worktree.clear_private()
    content = source.encode()
    if len(content) > _MOST or parse(source) is None or "def test_" not in source:
        raise Declined(f"The ghostwriter found nothing to write tests for in {sources[0]}.")
    change = FileChange(path=target, old_path=target, before=None, after=File(content=content))
    says = (
        f"Wrote {target}, skeletons of property-based tests for {sources[0]} by hypothesis' ghostwriter. "
        "They were not run; what each property should hold is still to be said."
    )
    return ToolOutcome(change=Change(files=(change,)), tool="hypothesis ghostwriter", explanation=says)


def _target(source: str, files: Sequence[str], tree: Snapshot) -> str:
    """Give the path of the new tests: the one that the task names, else where the project has its tests."""
    asked = [path for path in files if path.endswith(".py") and is_test_path(path)]
    path = PurePosixPath(source)
    stem = path.parent.name if path.stem == "__init__" else path.stem
    has_directory = any(other.startswith("tests/") for other in tree.paths())
    directory = PurePosixPath("tests") if has_directory else path.parent
    usual = [str(directory / f"test_{stem}.py"), str(directory / f"test_{stem}_properties.py")]
    free = [name for name in asked or usual if tree.read(name) is None]
    if not free:
        raise Declined(f"{(asked or usual)[-1]} is there already, and would be overwritten.")
    return free[0]


def _written(bench: Workbench, source: str, names: Sequence[str]) -> str:
    python = bench.program("python") or bench.program("python3")
    if python is None:
        raise Declined("The project has no Python that could be run.")
    program = Path(ghost_program.__file__).read_text(encoding="utf-8")
    ended = bench.run((python, "-c", program, _module(source), *names))
    try:
        answer: Any = json.loads(ended.stdout) if ended.status == 0 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not isinstance(answer.get("source"), str):
        why = answer.get("declined") if isinstance(answer, dict) else said(ended)
        raise Declined(f"No test skeletons were written: {why}.")
    return str(answer["source"])


def _module(source: str) -> str:
    parts = PurePosixPath(source.removeprefix("src/")).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
