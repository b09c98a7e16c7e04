"""Runs: the list, and one of them as it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from prentice.errors import PrenticeError
from prentice.runs.said import happened
from prentice.skills.optimize.answers import answer_keys
from prentice.web.live import live_part
from prentice.web.run_words import FINAL, line_of, lines_of, names_in
from prentice.web.visit import Notice, Visit

if TYPE_CHECKING:
    from prentice.ledger.runs_table import EventRow

_MOST: Final = 100
STATES: Final = ("queued", "running", "waiting", "finished", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step: when it began, and how many seconds it took; None while it goes on. `state` is `done`, `now` or `cut`."""

    name: str
    begun: float
    took: float | None
    state: str


def list_all(visit: Visit) -> Response:
    """List the newest runs, of one state or of all."""
    state = visit.asked("state") if visit.asked("state") in STATES else ""
    runs = lines_of(visit.project.latest_runs(most=_MOST, state=state), names=names_in(visit.project))
    return visit.page("runs.html", runs=runs, state=state, states=STATES, most=_MOST)


def show(visit: Visit) -> Response:
    """Show a run: how it stands, its steps, its calls, and what came of it."""
    return _page(visit)


def live(visit: Visit) -> Response:
    """Give the part of a run's page that changes by itself."""
    return live_part(visit, lambda: visit.part("run_live.html", **_values(visit)))


def cancel(visit: Visit) -> Response:
    """End a run."""
    run = visit.named("run")
    try:
        state = visit.project.cancel_run(run)
    except PrenticeError as error:
        return _page(visit, problem=error)
    says = f"{run} ends at its next step." if state == "running" else f"{run} is {state}."
    return visit.lead(f"/runs/{run}", Notice(says=says))


def retry(visit: Visit) -> Response:
    """Let a run that failed or was cancelled go on."""
    run = visit.named("run")
    try:
        visit.project.retry_run(run)
        visit.place.carrying.see_to_it(visit.project)
    except PrenticeError as error:
        return _page(visit, problem=error)
    return visit.lead(f"/runs/{run}", Notice(says=f"{run} goes on after the steps that it finished."))


def answer(visit: Visit) -> Response:
    """Go on with what the user answered to the questions of an optimization."""
    run, project = visit.named("run"), visit.project
    try:
        state = project.run_state(run)
        result = state.result if state.kind == "optimize" and isinstance(state.result, dict) else {}
        names = enumerate(answer_keys(result.get("questions", ())))
        given = {name: visit.form.text(f"answer-{number}") for number, name in names}
        following = project.answer(run, given)
        visit.place.carrying.see_to_it(project)
    except PrenticeError as error:
        return _page(visit, problem=error)
    return visit.lead(f"/runs/{following}", Notice(says=f"{following} goes on with your answers to {run}."))


def write(visit: Visit) -> Response:
    """Write an optimized text to its task."""
    run, project = visit.named("run"), visit.project
    try:
        task = project.write_optimized(run)
    except PrenticeError as error:
        return _page(visit, problem=error)
    return visit.lead(f"/tasks/{task.id}", Notice(says=f"{task.id} has the text of {run} now."))


def _page(visit: Visit, *, problem: PrenticeError | None = None) -> Response:
    return visit.page("run.html", problem=problem, **_values(visit))


def _values(visit: Visit) -> dict[str, Any]:
    run, project = visit.named("run"), visit.project
    standing, events = next(iter(project.watch_run(run)))
    state = project.run_state(run)
    given = state.arguments if isinstance(state.arguments, dict) else {}
    task, names = str(given.get("task") or ""), names_in(project)
    return {
        "run": line_of(standing, names=names),
        "is_over": standing["state"] in FINAL,
        "task_id": task if task in names else "",
        "text": str(given.get("text") or ""),
        "attempt_of": str(given.get("attempt_of") or ""),
        "comment": str(given.get("comment") or ""),
        "steps": _steps(events, is_over=standing["state"] in FINAL),
        "calls": [event for event in events if event.kind == "call"],
        "events": [(event.at, happened(event.kind, event.data)) for event in events if event.kind != "call"],
        "error": state.error,
        "outcome": _outcome(visit, state.kind, state.result) if standing["state"] == "finished" else {},
    }


def _steps(events: "Sequence[EventRow]", *, is_over: bool) -> list[StepLine]:
    """Give the steps in the order in which they began; one that was cut short and begun again is there twice."""
    begun: list[tuple[str, float, float | None]] = []
    for event in events:
        if event.kind == "begin":
            begun.append((_step(event.data), event.at, None))
        elif event.kind == "step":
            place = next((at for at in range(len(begun) - 1, -1, -1) if begun[at][0] == _step(event.data)), None)
            if place is not None and begun[place][2] is None:
                begun[place] = (begun[place][0], begun[place][1], event.at)
    last = len(begun) - 1
    return [
        StepLine(
            name=name, begun=start, took=None if end is None else end - start,
            state="done" if end is not None else "cut" if is_over or place < last else "now",
        )
        for place, (name, start, end) in enumerate(begun)
    ]  # fmt: skip


def _step(data: Mapping[str, Any]) -> str:
    return f"{data['name']}, {data['n']}" if data.get("n", 1) > 1 else str(data["name"])


def _outcome(visit: Visit, kind: str, result: Any) -> dict[str, Any]:  # noqa: ANN401 - a run's own
    """Give what a finished run came to: where to look, or what it says."""
    run = visit.named("run")
    match kind:
        case "breakdown":
            return {"href": f"/plans/{result}", "link": f"The plan {result}"}
        case "execute":
            state = visit.project.review(run)["state"]
            return {"href": f"/changes/{run}", "link": "The change", "state": state}
        case "optimize" if isinstance(result, dict):
            return {
                "questions": list(result.get("questions", ())),
                "text": str(result.get("optimized") or "") if result.get("accepted") else "",
                "is_for_task": bool(result.get("accepted")),
            }
        case "summarize" | "generate" if isinstance(result, dict):
            return {"text": str(result.get("summary") or result.get("text") or "")}
        case _:
            return {}
