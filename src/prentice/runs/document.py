"""A whole run as one JSON document: enough to see what happened, and to play its calls again."""

from collections.abc import Callable
from typing import Any

from prentice.ledger.runs_table import RunRow, RunsTable


def summary(row: RunRow, *, behind: list[str]) -> dict[str, Any]:
    """Give how a run stands; `behind` are the runs that it comes after because they touch the same."""
    return {
        "run_id": row.id, "kind": row.kind, "state": row.state, "created": row.created, "updated": row.updated,
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
