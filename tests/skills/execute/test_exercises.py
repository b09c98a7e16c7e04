"""Exercises of Exercism's Python track: the reference solution as an answer in each format, the stub as none."""

import sys
from pathlib import Path

import pytest

import prentice
from prentice.changes.change import Change, FileChange
from prentice.changes.express import express
from prentice.changes.files import File, Files
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.objection import Policy
from prentice.changes.markers import markers_for
from prentice.skills.execute.attempt import Candidate, Rejected, attempt
from skills.execute.calculator import READABLE, Bench, script
from workspace.trees import repository

REFUSED = frozenset({"relative-distance", "sgf-parsing"})
"""The solutions write white space otherwise than their stubs do (blanks on new empty lines, another depth of
indentation), which no format takes over on trust."""
WHOLLY_DONE = ("darts", "grains", "leap", "pangram", "two-fer")


def exercise(data: Path, name: str) -> tuple[str, bytes, bytes, dict[str, bytes]]:
    """Give an exercise's file, its stub, the reference solution and the files beside it."""
    place = data / "exercism_python" / "practice" / name
    stub = place / f"{name.replace('-', '_')}.py"
    beside = {path.name: path.read_bytes() for path in place.glob("*.py") if path != stub}
    return stub.name, stub.read_bytes(), (place / "meta" / "example.py").read_bytes(), beside


def names(data: Path) -> list[str]:
    """Give the exercises with a stub of their own name and a reference solution."""
    places = sorted((data / "exercism_python" / "practice").iterdir())
    return [
        place.name
        for place in places
        if (place / f"{place.name.replace('-', '_')}.py").is_file() and (place / "meta" / "example.py").is_file()
    ]


def reply(path: str, stub: bytes, solution: bytes, format_: Format) -> str | None:
    """Give the solution as a model would write it, None where the format cannot say it."""
    file = FileChange(path=path, old_path=path, before=File(content=stub), after=File(content=solution))
    return express(Change(files=(file,)), format_=format_, markers=markers_for({path: stub + solution}))


@pytest.mark.parametrize("format_", list(Format))
def test_every_solution_that_a_format_can_say_arrives_byte_for_byte(data: Path, format_: Format) -> None:
    known = names(data)
    assert len(known) > 50
    said = 0
    for name in known:
        path, stub, solution, beside = exercise(data, name)
        written = reply(path, stub, solution, format_)
        if written is None:
            continue
        said += 1
        ask = Ask(format=format_, targets=(Target(path=path),), markers=markers_for({path: stub + solution}))
        found = attempt(
            written, ask=ask, snapshot=Files({path: stub, **beside}), policy=Policy(allowed=frozenset({path}))
        )
        if name in REFUSED and isinstance(found, Rejected):
            assert found.code == "doubtful"
            continue
        assert isinstance(found, Candidate), (name, found)
        assert found.change.files[0].new.rstrip() == solution.rstrip(), name
    assert said > (10 if format_ is Format.SYMBOL else len(known) * 0.9)


@pytest.mark.parametrize(("name", "format_"), list(zip(WHOLLY_DONE, Format, strict=True)))
def test_the_tests_of_an_exercise_are_red_with_the_stub_and_green_with_the_answer(
    project: Bench, data: Path, name: str, format_: Format
) -> None:
    path, stub, solution, beside = exercise(data, name)
    if format_ is Format.SYMBOL and reply(path, stub, solution, format_) is None:
        format_ = Format.WHOLE
    root = repository(project.beside / name, {path: stub, **beside})
    written = reply(path, stub, solution, format_)
    assert written is not None
    opened = prentice.open(
        root, backend=script(project.beside, written),
        options={
            "checks_commands": (f"test: {sys.executable} -m unittest {path.removesuffix('.py')}_test",),
            "checks_readable": READABLE, "execute_samples": 1,
        },
    )  # fmt: skip
    [document] = opened.execute(f"Fix {path}: it should pass its tests", format=format_.value, anyway=True)
    assert (document["state"], document["format"]) == ("proposed", format_.value)
    [check] = document["checks"]
    assert check["before"].startswith("failed")
    assert check["after"].startswith("passed")
    assert check["decisive"]
