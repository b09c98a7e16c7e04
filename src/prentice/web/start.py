"""The first page: what waits for the person, what runs, and what was done last."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from prentice.errors import PrenticeError, StoreError
from prentice.library import Prentice
from prentice.tasks.todolist import TodoList
from prentice.web.live import live_part
from prentice.web.rendering import hours
from prentice.web.run_words import FINAL, RunLine, lines_of, names_in
from prentice.web.visit import Visit

_NEWEST: Final = 40
_LATEST: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for a decision; `facts` are what to know before one looks."""

    kind: str
    href: str
    id: str
    name: str
    facts: Sequence[str]


def show(visit: Visit) -> Response:
    """Show the page."""
    return visit.page("start.html", **_values(visit))


def live(visit: Visit) -> Response:
    """Give the part of the page that changes by itself."""
    return live_part(visit, lambda: visit.part("start_live.html", **_values(visit)))


def _values(visit: Visit) -> dict[str, Any]:
    project = visit.project
    runs = lines_of(project.latest_runs(most=_NEWEST), names=names_in(project))
    reviews = {document["run_id"]: document for document in project.reviews()}
    ended = [run for run in runs if run.state in FINAL][:_LATEST]
    todolist, trouble = _todolist(project)
    in_review = todolist.in_status(lambda status: status == "Review") if todolist else []
    return {
        "waiting": [*_changes(reviews), *_plans(project), *_imports(project), *_questions(project, runs)],
        "to_finish": in_review[:_LATEST],
        "more_to_finish": len(in_review) - _LATEST,
        "trouble": trouble,
        "running": [run for run in runs if run.state not in FINAL],
        "latest": [(run, reviews[run.id]["state"] if run.id in reviews else "") for run in ended],
        "is_project": project.project is not None,
        "has_tasks": bool(todolist and todolist.records),
    }


def _changes(reviews: Mapping[str, Mapping[str, Any]]) -> Iterator[Waiting]:
    for run, document in reviews.items():
        if document["state"] != "proposed":
            continue
        probability = document["probability"]
        is_finding = "findings" in document
        facts = [f"{len(document['findings'])} findings"] if is_finding else _files(document["files"])
        facts += [probability["says"]] if probability else []
        facts += ["approved, not applied yet"] if document.get("approval") else []
        name = document.get("name") or document["task"]
        task = f"{document['task']}: " if document.get("is_task") and document["task"] != name else ""
        kind = "Findings" if is_finding else "Change"
        yield Waiting(kind=kind, href=f"/changes/{run}", id=run, name=f"{task}{name}", facts=facts)


def _files(files: Sequence[str]) -> list[str]:
    return [", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")] if files else []


def _plans(project: Prentice) -> Iterator[Waiting]:
    for proposal in project.proposals():
        if proposal.state == "open":
            total = sum(proposal.estimates[key].median for key in proposal.critical_path)
            facts = [f"{len(proposal.subtasks)} subtasks", f"{hours(total)} on the critical path"]
            task = f"{proposal.task}: " if proposal.task else ""
            yield Waiting(
                kind="Plan", href=f"/plans/{proposal.id}", id=proposal.id, name=f"{task}{proposal.name}", facts=facts
            )


def _imports(project: Prentice) -> Iterator[Waiting]:
    for found in project.imports():
        if found.state == "open":
            yield Waiting(
                kind="Import", href=f"/imports/{found.id}", id=found.id, name=found.source,
                facts=[f"{len(found.tasks)} tasks", found.format],
            )  # fmt: skip


def _questions(project: Prentice, runs: Sequence[RunLine]) -> Iterator[Waiting]:
    """Give the runs that wait for an answer, and the newest optimization of each text that left questions open."""
    asked: set[str] = set()
    for run in runs:
        if run.state == "waiting":
            yield Waiting(kind="Question", href=f"/runs/{run.id}", id=run.id, name=run.task, facts=[run.far])
        elif run.kind == "optimize" and run.task not in asked:
            asked.add(run.task)
            result = project.run_state(run.id).result if run.state == "finished" else None
            if questions := (result or {}).get("questions"):
                facts = [f"{len(questions)} open questions"]
                yield Waiting(kind="Question", href=f"/runs/{run.id}", id=run.id, name=run.task, facts=facts)


def _todolist(project: Prentice) -> tuple[TodoList | None, PrenticeError | None]:
    """Give the task list, or why it cannot be read: the rest of the page is there all the same."""
    try:
        return (project.tasks() if project.project else None), None
    except StoreError as error:
        return None, error
