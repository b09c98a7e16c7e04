"""A whole run as one JSON document: enough to see what happened, and to play its calls again."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from prentice.errors import BackendError, StoppedError
from prentice.ledger.runs_table import FINAL_STATES, EventRow, RunRow, RunsTable

_POLL_SECONDS: Final = 0.1
_REPLIES: Final = frozenset({"stop", "length", "repetition"})
"""The ways in which a call ends with a reply; any other is the code of an error."""


def summary(row: RunRow, *, behind: list[str]) -> dict[str, Any]:
    """Give how a run stands; `behind` are the runs that it comes after because they touch the same."""
    return {
        "run_id": row.id, "kind": row.kind, "task": _task(row), "state": row.state, "created": row.created,
        "updated": row.updated,
        "carrier": row.owner, "waiting_for": row.waiting_for, "behind": behind, "not_before": row.not_before,
        "priority": row.priority, "progress": row.progress, "cancel_wanted": row.cancel_wanted,
    }  # fmt: skip


def run_document(table: RunsTable, run: str, *, texts: Callable[[str], list[tuple[str, str]]]) -> dict[str, Any]:
    """Give a run with everything that is kept of it; `texts` gives prompts and replies by a call's digest.

    A call has its reply, and its prompt where the user's record keeps prompts. `replay` has the lines of a file that
    the backend `scripted` plays; it is None where a reply ended in a way that it cannot play.

    Raises:
        RunError: there is none of that id.
    """
    row, events = table.get(run), table.events(run)
    calls = [_call(event, texts) for event in events if event.kind == "call"]
    return {
        **summary(row, behind=table.waits_behind(run)),
        "arguments": row.arguments,
        "options": row.options,
        "result": row.result,
        "error": row.error,
        "steps": [{"name": step.name, "n": step.n, "result": step.result, "at": step.at} for step in table.steps(run)],
        "signals": table.signals(run),
        "events": [{"kind": event.kind, "data": event.data, "at": event.at} for event in events],
        "calls": calls,
        "replay": replay(events),
    }


def replay(events: Sequence[EventRow]) -> list[dict[str, Any]] | None:
    """Give the lines that play a run's calls again, in the order in which they were begun.

    Left out is what came to nothing: the calls of a step that was cut short and done again, those that were stopped,
    and those of a backend that only failed before another took over.
    """
    by_step: dict[str, list[Mapping[str, Any]]] = {}
    for event in events:
        if event.kind == "begin":
            by_step.pop(_step(event.data), None)
        elif event.kind == "call":
            by_step.setdefault(event.data.get("step", ""), []).append(event.data)
    calls = [call for made in by_step.values() for call in _answering(made)]
    lines = [_line(call) for call in sorted(calls, key=lambda call: call.get("begun", 0.0))]
    return None if None in lines else [line for line in lines if line is not None]


def _answering(calls: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Give the calls of a step without those of backends that were given up for another."""
    who = [(call["backend"], call["model"]) for call in calls]
    answered = {name for name, call in zip(who, calls, strict=True) if call["finish"] in _REPLIES}
    for name, call in zip(who, calls, strict=True):
        if call["finish"] != StoppedError.code and (name in answered or not answered):
            yield call


def _line(call: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the line that plays a call; None where there is none, as of a reply that was cut or only repeated itself."""
    if call["finish"] == "stop":
        return {"text": call["reply"]} if "reply" in call else None
    return {"error": call["finish"]} if call["finish"] in _played_errors() else None


def _played_errors() -> set[str]:
    kinds: list[type[BackendError]] = [BackendError, *BackendError.__subclasses__()]
    return {kind.code for kind in kinds}


def _call(event: EventRow, texts: Callable[[str], list[tuple[str, str]]]) -> dict[str, Any]:
    kept = texts(event.data["prompt_digest"])
    return {"reply": None, **event.data, "at": event.at, "prompt": kept[0][0] if kept else None}


def _step(data: Mapping[str, Any]) -> str:
    return f"{data['name']}/{data['n']}"


def watched(table: RunsTable, run: str) -> Iterator[tuple[dict[str, Any], list[EventRow]]]:
    """Give how a run stands with the events since the last time, at once and whenever it changes, until its end."""
    last, shown = 0, None
    while True:
        version = table.database.version()
        row = table.get(run)
        events = table.events(run, after=last)
        standing = summary(row, behind=table.waits_behind(run))
        if events or standing != shown:
            yield standing, events
        last, shown = events[-1].id if events else last, standing
        if row.state in FINAL_STATES:
            return
        while table.database.version() == version:
            time.sleep(_POLL_SECONDS)


def _task(row: RunRow) -> str:
    """Give the task that a run is for, or the beginning of its text."""
    given = row.arguments if isinstance(row.arguments, dict) else {}
    text = str(given.get("task") or given.get("text") or "")
    return text.split("\n", 1)[0][:80]
