"""Exercism's exercises as real projects, and the reference solutions as a model would write them in each format."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import prentice
from prentice.changes.change import Change, FileChange
from prentice.changes.express import express
from prentice.changes.files import File
from prentice.changes.formats import Format
from prentice.changes.markers import markers_for
from skills.execute.calculator import READABLE, script
from workspace.trees import repository

Statement = ast.stmt
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise: its file with nothing done, the reference solution, and the files beside it (the tests)."""

    name: str
    path: str
    stub: str
    solution: str
    beside: Mapping[str, bytes]

    @property
    def tests(self) -> str:
        """The command that runs the tests."""
        return f"{sys.executable} -m unittest {self.path.removesuffix('.py')}_test"

    @property
    def answer(self) -> str:
        """The solution as an answer: with the stub's last line end, and no blanks at the ends of lines."""
        lines = [line.rstrip() for line in self.solution.rstrip().split("\n")]
        return "\n".join(lines) + ("\n" if self.stub.endswith("\n") else "")

    def reply(self, format_: Format) -> str | None:
        """Give the answer in a format; None where it cannot say it."""
        if format_ is Format.SYMBOL:
            return self._symbols()
        return self._expressed(self.answer, format_)

    def _expressed(self, new: str, format_: Format) -> str | None:
        change = Change(
            files=(
                FileChange(
                    path=self.path, old_path=self.path,
                    before=File(content=self.stub.encode()), after=File(content=new.encode()),
                ),
            )
        )  # fmt: skip
        return express(change, format_=format_, markers=markers_for({self.path: (self.stub + new).encode()}))

    def _symbols(self) -> str | None:
        """Write each definition of the stub anew; helpers stand beside the first, imports and constants inside."""
        stub, tree = ast.parse(self.stub), ast.parse(self.answer)
        names = [node.name for node in stub.body if isinstance(node, Definition)]
        own = {node.name: node for node in tree.body if isinstance(node, Definition)}
        if len(names) < len(stub.body) or not names or not set(names) <= own.keys():
            return None
        beside = [node for node in tree.body if not isinstance(node, Definition) and not _is_text(node)]
        if {name for node in beside for name in _bound(node)} & self._imported():
            return None
        helpers = [own[name] for name in own if name not in names]
        for node in own.values():
            if not _moved_in(node, beside):
                return None
        marks = markers_for({self.path: (self.stub + self.answer).encode()})
        parts = []
        for number, name in enumerate(names):
            written = [*(helpers if number == 0 else []), own[name]]
            text = "\n\n\n".join(ast.unparse(node) for node in written)
            parts.append(f"{self.path}::{name}\n{marks.fence}\n{text}\n{marks.fence}")
        return "\n\n".join(parts)

    def _imported(self) -> set[str]:
        """Give the names that the tests take from the exercise's module."""
        module = self.path.removesuffix(".py")
        nodes = [node for text in self.beside.values() for node in ast.walk(ast.parse(text))]
        found = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module == module]
        return {alias.name for node in found for alias in node.names}


def exercises(data: Path) -> list[Exercise]:
    """Read all exercises that there are, by name."""
    found = []
    for place in sorted((data / "exercism_python" / "practice").iterdir()):
        stub = place / f"{place.name.replace('-', '_')}.py"
        found.append(
            Exercise(
                name=place.name,
                path=stub.name,
                stub=stub.read_text(encoding="utf-8"),
                solution=(place / "meta" / "example.py").read_text(encoding="utf-8"),
                beside={path.name: path.read_bytes() for path in place.glob("*.py") if path != stub},
            )
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of an exercise: whether its tests passed before and after, and the document of the execution."""

    document: Mapping[str, Any]
    green_before: bool
    green_after: bool

    @property
    def was_right(self) -> bool:
        """Whether the tests were red, and are green by the change that was approved and applied."""
        [check] = self.document["checks"] or [{"decisive": False}]
        return check["decisive"] and not self.green_before and self.green_after


def play(exercise: Exercise, reply: str, *, format_: Format, directory: Path) -> Played:
    """Make the exercise's project, carry it out with this reply, approve, apply, and run the tests."""
    beside = directory / "beside"
    beside.mkdir(parents=True)
    root = repository(directory / "project", {exercise.path: exercise.stub, **exercise.beside})
    green_before = is_green(exercise, root)
    options = {"checks_commands": (f"test: {exercise.tests}",), "checks_readable": READABLE, "execute_samples": 1}
    opened = prentice.open(root, backend=script(beside, reply), actor="person", options=options)
    wish = f"Fix {exercise.path}: it should pass its tests"
    [document] = opened.execute(wish, format=format_.value, anyway=True)
    if document["state"] == "proposed":
        opened.approve_change(document["run_id"])
        opened.apply(document["run_id"])
    return Played(document=document, green_before=green_before, green_after=is_green(exercise, root))


def is_green(exercise: Exercise, root: Path) -> bool:
    """Run the exercise's tests as a person would."""
    command = [sys.executable, "-B", *exercise.tests.split()[1:]]
    return not subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=_SECONDS).returncode


def _moved_in(node: Definition, beside: Sequence[Statement]) -> bool:
    """Put the imports and constants that a definition uses to its beginning; False where that cannot be done."""
    if isinstance(node, ast.ClassDef):
        outside = [*node.bases, *node.decorator_list, *(item for item in node.body if not isinstance(item, Definition))]
        if _needed(outside, beside):
            return False
        return all(_moved_in(item, beside) for item in node.body if isinstance(item, Definition))
    if _needed([*node.decorator_list, *node.args.defaults], beside):
        return False
    start = 1 if _is_text(node.body[0]) else 0
    node.body[start:start] = _needed(node.body, beside)
    return True


def _needed(nodes: Iterable[ast.AST], beside: Sequence[Statement]) -> list[Statement]:
    """Give the statements whose names are used, and those that these use, in their order."""
    wanted: set[int] = set()
    waiting = list(nodes)
    while waiting:
        used = {inner.id for node in (waiting.pop(),) for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        for number, statement in enumerate(beside):
            if number not in wanted and used & set(_bound(statement)):
                wanted.add(number)
                waiting.append(statement)
    return [beside[number] for number in sorted(wanted)]


def _bound(statement: Statement) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.alias):
            yield (node.asname or node.name).partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _is_text(node: Statement) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
