"""Estimates of a project that has finished tasks of its own."""

import json
from pathlib import Path

import pytest

import prentice
from prentice import Prentice
from prentice.ledger.executions_table import ExecutionsTable
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.skills.ledgers import Ledgers

NAMES = ("parser", "lexer", "printer", "loader", "writer", "reader")


def finished(number: int, name: str, *, hours: float | None = 6, status: str = "Done") -> dict[str, object]:
    record = {
        "id": f"T-{number}", "name": f"Fix the {name} for empty input", "status": status, "tags": ["text"],
        "long_description": "", "lastModified": f"2026-07-{number % 28 + 1:02}T10:00:00.000Z",
    }  # fmt: skip
    return record | ({} if hours is None else {"actualHours": hours})


def project(directory: Path, *records: dict[str, object]) -> Prentice:
    (directory / ".todo2").mkdir(exist_ok=True)
    state = {"todos": list(records), "comments": [], "activities": []}
    (directory / ".todo2" / "state.todo2.json").write_text(json.dumps(state))
    return prentice.open(directory, backend="builtin")


WISH = "Fix the formatter for empty input"


def test_finished_tasks_that_tell_their_hours_move_the_estimate_and_are_counted(tmp_path: Path) -> None:
    before = project(tmp_path).estimate(WISH)
    here = project(tmp_path, *(finished(number, name) for number, name in enumerate(NAMES, 1)))
    after = here.estimate(WISH)
    assert (before.basis, after.basis, after.count) == ("prior", "history", len(NAMES))
    assert before.median < after.median < 6
    assert "6 finished tasks of this project" in after.explain()[-1]


@pytest.mark.parametrize("others", [{"hours": None}, {"status": "Todo"}, {"status": "cancelled"}, {"status": "Review"}])
def test_tasks_without_hours_or_unfinished_ones_teach_nothing(tmp_path: Path, others: dict[str, str | None]) -> None:
    here = project(tmp_path, *(finished(number, name, **others) for number, name in enumerate(NAMES, 1)))  # type: ignore[arg-type]  # parameters by name
    assert here.estimate(WISH).basis == "prior"


def test_the_newest_sixty_count(tmp_path: Path) -> None:
    old = [finished(number, "parser", hours=0.1) | {"lastModified": "2020-01-01T00:00:00Z"} for number in range(50)]
    new = [finished(number, "parser", hours=6) for number in range(100, 160)]
    assert project(tmp_path, *old, *new).estimate(WISH).document() == project(tmp_path, *new).estimate(WISH).document()


def test_a_task_that_prentice_carried_out_says_nothing_of_a_persons_hours(tmp_path: Path) -> None:
    here = project(tmp_path, *(finished(number, name, hours=0.05) for number, name in enumerate(NAMES, 1)))
    assert here.estimate(WISH).basis == "history"
    assert here.project is not None
    table = ExecutionsTable(*Ledgers(tmp_path, project=here.project).current())
    for number in range(1, len(NAMES) + 1):
        run = (
            RunsTable(table.database, table.scope)
            .submit(Submission(kind="execute", arguments={"task": f"T-{number}"}))
            .id
        )
        table.create(run=run, uid=run, task=f"T-{number}", state="applied", document={})
    assert prentice.open(tmp_path).estimate(WISH).basis == "prior"
