"""What runs wait for each other: those of the same file, and those behind a task that is still to be done."""

import prentice
from mcp_server.workshop import Workshop, workshop
from prentice.changes.formats import Format
from prentice.ledger.runs_table import Submission
from prentice.mcp.desk import Desk
from skills.execute.calculator import answer

__all__ = ["workshop"]


def test_siblings_behind_a_finished_task_do_not_wait_for_each_other(project: prentice.Prentice) -> None:
    first = project.add("Write a.py").id
    others = [project.add(f"Write {name}.py", depends=[first]).id for name in "bc"]
    served = Desk(directory=project.directory).open()

    def shared() -> set[str]:
        one, two = (set(work.touches) for work in served.executing(others, apply=False))
        return one & two

    assert shared() == {f"task {first}"}
    project.comment(first, "It is written.", kind="result")
    for status in ("In Progress", "Review", "Done"):
        project.set_status(first, status)
    assert shared() == set()


def test_runs_of_one_file_wait_for_each_other_whoever_asked_for_them(workshop: Workshop) -> None:
    workshop.settings('[runs]\nworker = "never"\n')
    task = workshop.bench.task()
    person = workshop.bench.opened(answer(Format.SYMBOL), actor="person")
    [proposed] = person.execute(task)
    served = Desk(directory=workshop.bench.root).open()
    [work] = served.executing(["Document `neg` in calc.py"], apply=False)
    asked = served.table.submit(Submission(kind=work.kind, arguments=work.arguments, touches=work.touches))
    again = person.send_back(proposed["run_id"], "Do it without a comment.")
    assert [run["behind"] for run in person.latest_runs() if run["run_id"] == again] == [[asked.id]]
