"""How a client's task stands, and as which document of the protocol that is told."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from mcp_types import CallToolResult, InputRequiredResult
from pydantic import BaseModel

from prentice.changes.visible import one_line
from prentice.mcp import optimization
from prentice.mcp.answers import Document

_POLL_MS: Final = 2_000
"""How often a client may well ask: a model takes minutes, and the engine looks at leases once a second."""


@dataclass(frozen=True, slots=True)
class Working:
    """The run goes on."""

    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A person has to answer. `key` is the question's in the task, `name` and `state` are those of the tool's own."""

    key: str
    name: str
    state: str | None
    request: BaseModel

    def settled_by(self, run: str) -> set[str]:
        """Give the keys of the questions that an answer settles, which leads to a run.

        What a person left open of a prompt's questions stays open: it is not asked again of the run that follows.
        """
        kind, _, _ = self.key.partition(" ")
        return {self.key, f"{kind} {run}"} if kind == optimization.KIND else {self.key}


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The run was stopped, or the client wants no more of it."""


Standing: TypeAlias = Working | Asking | CallToolResult | Cancelled
"""The result of a tool is that of the task, errors included."""


def asking_of(asked: InputRequiredResult, *, key: str = "") -> Asking:
    """Read the tool's question. It is asked once for each run and kind, so these two name it in the task."""
    [(name, request)] = (asked.input_requests or {}).items()
    state = json.loads(asked.request_state or "{}")
    return Asking(key=key or f"{state['kind']} {state['run']}", name=name, state=asked.request_state, request=request)


def run_going_on(result: object) -> str:
    """Give the id of the one run that an answer says goes on; nothing for any other answer."""
    if not isinstance(result, CallToolResult) or result.is_error:
        return ""
    document: dict[str, Any] = result.structured_content or {}
    return str(document.get("run_id") or "") if document.get("state") == "running" else ""


def task_document(identifier: str, standing: Standing, *, created: float, updated: float) -> Document:
    """Give a task as the protocol has it; times are seconds since the epoch. It is kept as long as its run."""
    match standing:
        case Working(says):
            told: Document = {"status": "working", "statusMessage": one_line(says)}
        case Asking(key=key, request=request):
            told = {"status": "input_required", "inputRequests": {key: dumped(request)}}
        case Cancelled():
            told = {"status": "cancelled"}
        case CallToolResult():
            told = {"status": "completed", "result": dumped(standing)}
    return {
        "taskId": identifier, **told, "createdAt": _time(created), "lastUpdatedAt": _time(updated),
        "ttlMs": None, "pollIntervalMs": _POLL_MS,
    }  # fmt: skip


def dumped(model: BaseModel) -> Document:
    """Give a model of the protocol as it goes over the wire."""
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
