"""Runs in words: how far one is, what it waits for, and what happened in it."""

import time
from collections.abc import Mapping
from typing import Any, Final

_SAYINGS: Final = {
    "begin": "begins {name}", "step": "{name} is done", "waiting": "waits for {name}", "signal": "got {name}",
    "taken over": "taken over from {from} by {by}", "queueing": "waits for {for}",
    "call": "asked {model} on {backend}: {reply_tokens} tokens in {seconds:.1f} s", "failed": "failed: {message}",
    "offered as a task": "handed to an assistant as a task of {tool}",
    "task answered": "the assistant's task has its answer", "task withdrawn": "the assistant gave its task up",
}  # fmt: skip


def far(standing: Mapping[str, Any]) -> str:
    """Say what a run does now, or what it waits for; `standing` is its document."""
    if standing["behind"]:
        return f"after {', '.join(standing['behind'])}, which touch the same"
    if standing["waiting_for"]:
        return f"waits for {standing['waiting_for']}"
    if standing["state"] == "queued":
        seconds = standing["not_before"] - time.time()
        return f"tries again in {seconds:.0f} s" if seconds > 0 else "waits for its turn"
    if standing["state"] != "running":
        return ""
    parts = ("is to end" if standing["cancel_wanted"] else "", _progress(standing["progress"]))
    return "; ".join(part for part in parts if part)


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
