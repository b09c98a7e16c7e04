"""Todo2 files as they are found: every oddity that is known of them, in any combination."""

import json
from typing import Any

from hypothesis import strategies as st

STAMP = "2026-01-02T03:04:05.678Z"
UNKNOWN = {"x-tool": {"deep": [1, None, "ä", 1.5]}, "host": "build-7", "actualHours": 0}
"""Keys that Todo2 does not know, at whatever level."""


def record(task_id: str, **fields: object) -> dict[str, Any]:
    """Make a task as the extension does."""
    return {
        "id": task_id, "name": f"name of {task_id}", "long_description": "", "status": "Todo", "created": STAMP,
        "lastModified": STAMP, "taskNumber": None, "priority": "medium", "tags": [], "dependencies": [],
    } | fields  # fmt: skip


TASKS: dict[str, list[dict[str, Any]]] = {
    "plain": [record("T-1", taskNumber=1), record("T-2", taskNumber=2, dependencies=["T-1"])],
    "unknown keys": [record("T-3", taskNumber=3, **UNKNOWN)],
    "T-NaN": [record("T-NaN")],
    "19 digits": [record("T-1765432109876543210", taskNumber=1765432109876543210)],
    "13 digits": [record("T-1765432109876")],
    "foreign ids": [
        {"id": "AUTO-20260101000000-000001", "content": "by a script", "status": "pending", "priority": "P1"},
        {"id": "RESEARCH-0badcafe", "title": "by another", "details": "x", "status": "in_progress", "tags": '["a"]'},
    ],
    "foreign statuses": [record("T-5", status="Blocked"), record("T-6", status="cancelled", priority="Highest")],
    "numbers as ids": [{"id": 7, "name": "seven", "status": "done", "taskNumber": True}],
    "inline comments": [record("T-8", comments=[{"type": "handoff", "content": "c", "created_at": STAMP}, "text"])],
    "duplicate ids": [record("T-9", taskNumber=9), record("T-9", taskNumber=9, name="its twin", **UNKNOWN)],
    "dangling": [record("T-10", dependencies=["T-404"], parent_id="T-405", dependsOn=["T-1"])],
    "claims": [record("T-11", prentice={"claim": {"worker": "w", "until": "soon"}, "more": [1]})],
    "no id": [{"name": "nobody", **UNKNOWN}, record("")],
    "no records": [None, "text", 7],  # type: ignore[list-item]
    "done": [record("T-12", taskNumber=12, status="Done"), record("T-13", status="Review", changes=None)],
}  # fmt: skip
COMMENTS: dict[str, list[dict[str, Any]]] = {
    "plain": [{"id": "T-1-C-1", "todoId": "T-1", "type": "result", "content": "c", "created": STAMP}],
    "unknown keys": [{"id": "T-1-C-9", "todoId": "T-1", "type": "note", "content": "c", "created": STAMP, **UNKNOWN}],
    "orphans": [{"id": "T-404-C-1", "todoId": "T-404", "type": "note", "content": "c"}],
    "strange": [{"content": "nobody's"}, None, {"id": "T-2-C-x", "todoId": "T-2", "type": None}],  # type: ignore[list-item]
}  # fmt: skip
ACTIVITIES: dict[str, list[Any]] = {
    "plain": [
        {"id": "activity-1-aaaaaaaaa", "type": "todo_created", "todoId": "T-1", "timestamp": STAMP, "details": {}}
    ],
    "unknown keys": [{"id": "activity-2-b", "timestamp": STAMP, **UNKNOWN}, {"type": "no id"}, None],
    "too many": [{"id": f"activity-{n}-c", "timestamp": STAMP} for n in range(3, 120)],
}
COUNTERS = [{}, {"nextTaskNumber": None}, {"nextTaskNumber": 3}, {"nextTaskNumber": 50}, {"nextTaskNumber": "9"}]
TOPS = [{}, UNKNOWN, {"project": {"id": "x/y"}, "updated_at": STAMP}, {"lastModified": "2025-01-01T00:00:00.000Z"}]


@st.composite
def odd_values(draw: st.DrawFn) -> dict[str, Any]:
    """Make a state with some of the oddities."""

    def some(kinds: dict[str, list[Any]]) -> list[Any]:
        chosen = draw(st.lists(st.sampled_from(sorted(kinds)), unique=True))
        return [row for kind in chosen for row in kinds[kind]]

    value: dict[str, Any] = {"todos": some(TASKS)}
    if draw(st.booleans()):
        value["comments"] = some(COMMENTS)
    if draw(st.booleans()):
        value["activities"] = some(ACTIVITIES)
    return value | draw(st.sampled_from(COUNTERS)) | draw(st.sampled_from(TOPS))


@st.composite
def odd_files(draw: st.DrawFn) -> bytes:
    """Make the bytes of such a file, as one of its writers writes."""
    ascii_only, indent, ending = draw(
        st.sampled_from([(False, 2, ""), (True, 2, ""), (False, 2, "\n"), (False, None, ""), (False, 4, "\n")])
    )
    text = json.dumps(draw(odd_values()), ensure_ascii=ascii_only, indent=indent) + ending
    if draw(st.booleans()):
        text = text.replace("&", "\\u0026").replace("<", "\\u003c")
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()
