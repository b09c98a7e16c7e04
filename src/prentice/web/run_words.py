"""Runs in words: what each is for, how it stands, how far it is, and what happened in it."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prentice.errors import StoreError
from prentice.library import Prentice

FINAL: Final = frozenset({"finished", "failed", "cancelled"})
_KINDS: Final = {
    "breakdown": "Plan", "execute": "Carry out", "optimize": "Optimize", "models.pull": "Fetch a model",
    "code_review": "Review code", "summarize": "Summarize", "generate": "Complete",
}  # fmt: skip
_SAYINGS: Final = {
    "begin": "begins {name}", "step": "{name} is done", "waiting": "waits for {name}", "signal": "got {name}",
    "taken over": "taken over from {from} by {by}", "queueing": "waits for {for}",
    "call": "asked {model} on {backend}: {reply_tokens} tokens in {seconds:.1f} s", "failed": "failed: {message}",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run in a list. Times are seconds since the epoch."""

    id: str
    kind: str
    task: str
    state: str
    far: str
    created: float
    updated: float

    @property
    def title(self) -> str:
        """What kind of work it is, for people."""
        return _KINDS.get(self.kind, self.kind.replace("_", " ").replace(".", " ").capitalize())


def line_of(standing: Mapping[str, Any], *, names: Mapping[str, str]) -> RunLine:
    """Give the line of a run; `names` are those of tasks, by id."""
    task = standing["task"]
    named = f"{task}: {names[task]}" if task in names else task
    return RunLine(
        id=standing["run_id"], kind=standing["kind"], task=named, state=standing["state"], far=far(standing),
        created=standing["created"], updated=standing["updated"],
    )  # fmt: skip


def lines_of(standings: Iterable[Mapping[str, Any]], *, names: Mapping[str, str]) -> list[RunLine]:
    """Give the lines of runs, newest first; they come oldest first. `names` are those of tasks, by id."""
    return [line_of(standing, names=names) for standing in standings][::-1]


def names_in(project: Prentice) -> Mapping[str, str]:
    """Give the names of the project's tasks by id; none where there is no list, or none that can be read."""
    if project.project is None:
        return {}
    try:
        return {key: task.name for key, task in project.tasks().tasks.items()}
    except StoreError:
        return {}


def far(standing: Mapping[str, Any]) -> str:
    """Say what a run does now, or what it waits for."""
    if standing["behind"]:
        return f"after {', '.join(standing['behind'])}, which touch the same"
    if standing["waiting_for"]:
        return f"waits for {standing['waiting_for']}"
    if standing["state"] == "queued":
        seconds = standing["not_before"] - time.time()
        return f"tries again in {seconds:.0f} s" if seconds > 0 else "waits for its turn"
    if standing["state"] != "running":
        return ""
    return "; ".join(
        part for part in ("is to end" if standing["cancel_wanted"] else "", _progress(standing["progress"])) if part
    )


def happened(kind: str, data: Any) -> str:  # noqa: ANN401 - an event's own
    """Say what an event tells."""
    if kind == "retry":
        return f"{data['error']['message']} It is tried again."
    return _SAYINGS.get(kind, kind).format_map(_Given(data if isinstance(data, dict) else {}))


class _Given(dict[str, Any]):
    """Values for a sentence; a missing one leaves a question mark, for other versions write other events."""

    def __missing__(self, key: str) -> "_Missing":
        return _Missing()


class _Missing:
    def __format__(self, form: str) -> str:
        return "?"


def _progress(said: Any) -> str:  # noqa: ANN401 - what a step reports
    if not isinstance(said, dict):
        return ""
    match said.get("doing"):
        case "asking":
            return f"asks {said.get('model', 'a model')}" + (" again, with its errors" if said.get("again") else "")
        case "writing" | "thinking" as doing:
            return f"the model is {doing}, {said.get('pieces', 0)} tokens"
        case "checking":
            return f"runs {', '.join(said.get('checks', ()))}"
        case None:
            return ""
        case doing:
            return str(doing)
