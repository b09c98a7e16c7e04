from collections.abc import Mapping
from pathlib import Path

import pytest

from prentice.skills.analyze import analyze
from prentice.skills.execute.tools.rung import ToolTask, deterministic
from prentice.tasks.plan import RepositoryFacts
from prentice.tasks.record import Task
from prentice.workspace.sandbox.choosing import Sandbox
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.worktree import worktree
from skills.execute.tools.trying import Tried, Try
from workspace.trees import pictured, repository, write


@pytest.fixture
def attempt(tmp_path: Path, sandbox: Sandbox) -> Try:
    """Let the tools do a task in a repository of some files, as the analyzer sees the task; nothing else changes."""
    made = 0

    def tried(
        name: str, files: Mapping[str, bytes | str], *, on: tuple[str, ...] = (), description: str = "",
        symbols: tuple[str, ...] = (), limits: Limits | None = None, beside: Mapping[str, str] | None = None,
        within: Sandbox | None = None,
    ) -> Tried:  # fmt: skip
        nonlocal made
        made += 1
        project = repository(tmp_path / f"project-{made}", files)
        for path, content in (beside or {}).items():  # what is in no commit, such as an environment with programs
            write(project, {path: content})
            (project / path).chmod(0o755)
        before = pictured(project)
        category = analyze(
            Task(id="T-1", name=name, description=description), repository=RepositoryFacts(files=len(files))
        ).category
        task = ToolTask(name=name, description=description, category=category, files=on, symbols=symbols)
        found = Tried(outcome=None)
        with worktree(project, directory=tmp_path / "places") as tree:
            found.outcome = deterministic(
                task,
                worktree=tree,
                sandbox=within or sandbox,
                limits=limits or Limits(),
                on_decline=found.declined.append,
            )
            left = {path: (tree.root / path).read_bytes() for path in files}
        assert left == {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        assert pictured(project) == before
        return found

    return tried
