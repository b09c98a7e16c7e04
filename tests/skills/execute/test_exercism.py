"""Exercises carried out whole: red with the stub, green once the approved change is applied. bench/exercism.py has all.

What fits here is a sample, spread by a hash over exercises and formats.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

import prentice
from prentice.changes.formats import Format
from skills.execute.calculator import READABLE, Bench, script
from skills.execute.exercism import Exercise, exercises, is_green, play
from workspace.trees import git, pictured, repository

SAMPLE = 6
"""Of some 330 pairs of an exercise and a format: each takes about a second."""


def sample(data: Path) -> list[tuple[Exercise, Format, str]]:
    """Give some pairs, with the reply: all formats in turn, and other exercises for each."""
    found = []
    for number in range(SAMPLE):
        format_ = list(Format)[number % len(Format)]
        pairs = [(exercise, exercise.reply(format_)) for exercise in exercises(data)]
        said = [(exercise, reply) for exercise, reply in pairs if reply is not None]
        exercise, reply = min(said, key=lambda pair: hashed(f"{number} {pair[0].name}"))
        found.append((exercise, format_, reply))
    return found


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("number", range(SAMPLE))
def test_an_exercise_is_red_with_the_stub_and_green_with_the_applied_answer(
    project: Bench, data: Path, number: int
) -> None:
    exercise, format_, reply = sample(data)[number]
    played = play(exercise, reply, format_=format_, directory=project.beside / exercise.name)
    assert played.document["state"] == "proposed", played.document["why"]
    assert played.document["format"] == format_.value
    assert not played.green_before
    assert played.green_after
    assert played.was_right


def test_every_exercise_can_be_said_in_every_format_but_for_symbols_of_modules_with_more_than_definitions(
    data: Path,
) -> None:
    known = exercises(data)
    unsaid = {(exercise.name, format_) for exercise in known for format_ in Format if exercise.reply(format_) is None}
    assert {format_ for _, format_ in unsaid} <= {Format.SYMBOL}
    assert len(unsaid) <= len(known) / 8


def test_the_stub_as_an_answer_changes_nothing_and_is_refused(project: Bench, data: Path) -> None:
    exercise = next(exercise for exercise in exercises(data) if exercise.name == "leap")
    reply = f"{exercise.path}\n```\n{exercise.stub}```\n"
    root = repository(project.beside / "leap", {exercise.path: exercise.stub, **exercise.beside})
    options = {"checks_commands": (f"test: {exercise.tests}",), "checks_readable": READABLE, "execute_samples": 1}
    opened = prentice.open(root, backend=script(project.beside, reply, reply), options=options)
    [document] = opened.execute(f"Fix {exercise.path}: it should pass its tests", format="whole", anyway=True)
    assert (document["state"], document["diff"]) == ("refused", "")
    assert document["why"]
    assert not is_green(exercise, root)


@pytest.mark.parametrize("elsewhere", ["solved", "stub"])
def test_the_canary_catches_an_environment_whose_editable_installation_points_to_another_tree(
    project: Bench, data: Path, elsewhere: str
) -> None:
    exercise = next(exercise for exercise in exercises(data) if exercise.name == "leap")
    root, command, readable = installed_elsewhere(exercise, project.beside, is_solved=elsewhere == "solved")
    before = pictured(root)
    options = {"checks_commands": (f"test: {command}",), "checks_readable": readable, "execute_samples": 1}
    opened = prentice.open(root, backend=script(project.beside, in_src(exercise)), options=options)
    [document] = opened.execute("Fix src/leap.py: it should pass its tests", format="whole", apply=True, anyway=True)
    [check] = document["checks"]
    assert (check["canary"], check["trusted"], check["decisive"]) == ("unnoticed", False, False)
    assert check["before"] == check["after"]
    assert (document["state"], document["decision"]) == ("proposed", "review")
    assert pictured(root) == before


def test_the_same_environment_is_trusted_where_its_installation_points_to_the_project(
    project: Bench, data: Path
) -> None:
    exercise = next(exercise for exercise in exercises(data) if exercise.name == "leap")
    root, command, readable = installed_elsewhere(exercise, project.beside, is_solved=False)
    [pointer] = (project.beside / "environment").rglob("leap.pth")
    pointer.write_text(f"{root / 'src'}\n", encoding="utf-8")
    options = {"checks_commands": (f"test: {command}",), "checks_readable": readable, "execute_samples": 1}
    opened = prentice.open(root, backend=script(project.beside, in_src(exercise)), options=options)
    [document] = opened.execute("Fix src/leap.py: it should pass its tests", format="whole", anyway=True)
    [check] = document["checks"]
    assert check["before"].startswith("failed")
    assert (check["canary"], check["decisive"]) == ("at the change", True)


def in_src(exercise: Exercise) -> str:
    """Give the whole solution for a project that has it in `src`."""
    return f"src/{exercise.path}\n```\n{exercise.answer}```\n"


def installed_elsewhere(exercise: Exercise, directory: Path, *, is_solved: bool) -> tuple[Path, str, tuple[str, ...]]:
    """Make the exercise's project, a second tree of it, and an environment in which that one is installed."""
    layout: dict[str, bytes | str] = {
        f"src/{exercise.path}": exercise.stub,
        **{f"tests/{name}": text for name, text in exercise.beside.items()},
    }
    root = repository(directory / "leap", layout)
    git(root, "branch", "--quiet", "other")
    other = directory / "other"
    git(root, "worktree", "add", "--quiet", str(other), "other")
    if is_solved:
        (other / "src" / exercise.path).write_text(exercise.answer, encoding="utf-8")
    environment = directory / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    [packages] = environment.glob("lib/python*/site-packages")
    (packages / "leap.pth").write_text(f"{other / 'src'}\n", encoding="utf-8")
    command = f"{environment}/bin/python -m unittest discover -s tests -p *_test.py"
    return root, command, (*READABLE, str(environment), str(other))
