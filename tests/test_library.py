"""The library as its documentation shows it."""

import asyncio
import re
from pathlib import Path

import pytest

import prentice
from prentice.errors import NoProjectError, RuleError, UsageError

ROOT = Path(__file__).parent.parent
SNIPPETS = {
    page: re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
    for page in ("README.md", "docs/library.md")
}


@pytest.mark.parametrize("page", SNIPPETS)
def test_the_snippets_of_the_documentation_run(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert SNIPPETS[page]
    for snippet in SNIPPETS[page]:
        exec(compile(snippet, page, "exec"), {"__name__": "__main__"})


def test_the_readme_snippet_makes_a_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(SNIPPETS["README.md"][0], "README.md", "exec"), {})
    assert "('T-2',)" in capsys.readouterr().out
    assert [task.id for task in prentice.open().tasks().tasks.values()] == ["T-1", "T-2"]


def test_the_public_names_are_those_listed() -> None:
    assert prentice.__all__ == ["Prentice", "__version__", "open"]
    for name in prentice.__all__:
        assert getattr(prentice, name)
    with pytest.raises(AttributeError):
        prentice.nothing_of_the_kind  # noqa: B018 - the access is the test


def test_every_verb_has_a_form_for_a_running_loop(tmp_path: Path) -> None:
    async def walk() -> tuple[str, ...]:
        project = prentice.open(tmp_path, backend="builtin")
        assessment = await project.analyze_async("Add a health check endpoint to the API server")
        assert (await project.estimate_async("Add a health check endpoint")).median > 0
        plan = await project.breakdown_async("Add a health check endpoint to the API server")
        assert assessment.estimate.count > 0
        return (await project.approve_async(plan.id)).created

    created = asyncio.run(walk())
    assert len(created) >= 3


def test_a_task_knows_the_runs_made_for_it(tmp_path: Path) -> None:
    project = prentice.open(tmp_path, backend="builtin")
    project.init()
    task = project.add("Add a health check endpoint to the API server")
    assert project.runs(task.id) == []
    project.breakdown(task.id)
    assert [(run.kind, run.state) for run in project.runs(task.id)] == [("breakdown", "finished")]


def test_dependencies_given_as_a_list_are_held_to_the_rules_too(tmp_path: Path) -> None:
    project = prentice.open(tmp_path)
    project.init()
    first, second = project.add("Add a cache"), project.add("Warm it", depends=["T-1"])
    with pytest.raises(RuleError):
        project.edit(first.id, dependencies=[second.id])
    assert project.edit(second.id, dependencies=[], tags=["perf"]).tags == ("perf",)


def test_a_directory_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        prentice.open(tmp_path / "nowhere")


def test_without_a_project_tasks_name_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(NoProjectError) as raised:
        prentice.open(tmp_path).tasks()
    assert "prentice init" in raised.value.next_step


def test_a_project_is_found_from_below_it(tmp_path: Path) -> None:
    prentice.open(tmp_path).init()
    below = tmp_path / "src" / "deep"
    below.mkdir(parents=True)
    assert prentice.open(below).project == prentice.open(tmp_path).project
