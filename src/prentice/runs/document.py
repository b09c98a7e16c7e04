"""A whole run as one JSON document: enough to see what happened, and to play its calls again."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from prentice.ledger.runs_table import FINAL_STATES, EventRow, RunRow, RunsTable

_POLL_SECONDS: Final = 0.1


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

    Calls with the same prompt are told apart by their order. `replay` is None unless the reply of every call was kept.

    Raises:
        RunError: there is none of that id.
    """
    row, events = table.get(run), table.events(run)
    used: dict[str, int] = {}
    calls = []
    for event in events:
        if event.kind == "call":
            digest = event.data["prompt_digest"]
            kept, number = texts(digest), used.get(digest, 0)
            used[digest] = number + 1
            prompt, reply = kept[number] if number < len(kept) else (None, None)
            calls.append({**event.data, "at": event.at, "prompt": prompt, "reply": reply})
    is_whole = bool(calls) and all(call["reply"] is not None for call in calls)
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
        "replay": [{"text": call["reply"]} for call in calls] if is_whole else None,
    }


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
