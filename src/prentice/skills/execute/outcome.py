"""What a run came to, as the JSON document that every surface shows."""

from collections.abc import Mapping
from typing import Any, Final

from prentice.skills.execute.climbing import Climb, Weighed
from prentice.skills.execute.handoff import handoff

_NOBODY: Final = "Nobody could look at it: no model can be asked, and no linter for these files could run."
_SHOWN_CHECK: Final = ("tail",)
"""Of a check's result, what only the model that is asked again needs."""


def document(*, facts: Mapping[str, Any], climb: Climb, found: Weighed | None, attempt_of: str) -> dict[str, Any]:
    """Give the document of a run that climbed the ladder, without its id."""
    shown = found or climb.last
    state = "proposed" if found else "handed_off" if climb.no_model else "refused"
    result = blank(facts, state=state, attempt_of=attempt_of)
    result["notes"] = list(dict.fromkeys(climb.notes))
    result["tried"] = [item.document() for item in climb.tried]
    if shown is not None:
        result |= _of_change(shown)
    if found is None:
        result |= {"decision": "refuse", "why": _why(climb)}
        result["handoff"] = handoff(
            task=facts["task"], name=facts["name"], description=facts["description"],
            files=[*facts["files"], *facts["missing"]] or list(climb.aimed), checks=facts["checks"],
            remarks=facts["remarks"], why=result["why"], diff=result["diff"],
            tried=[item for item in climb.tried if item.rung != "tool" or climb.no_model],
        )  # fmt: skip
    return result


def _why(climb: Climb) -> str:
    """Give why nothing came of it: what was said where it was tried last, and that there was no model, if so."""
    said = climb.tried[-1].why if climb.tried else ""
    if said and climb.no_model:
        return f"{said.removesuffix('.')}; beyond that, {climb.no_model}"
    return said or climb.no_model or "Nothing could be tried."


def refused(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give the document of a task that is not to be carried out here."""
    refusal = facts["refusal"]
    result = blank(facts, state="refused", attempt_of="")
    result |= {"decision": "refuse", "why": refusal["why"], "next_step": refusal["next_step"]}
    if facts["lane"] == "assistant":
        result["handoff"] = handoff(
            task=facts["task"], name=facts["name"], description=facts["description"],
            files=[*facts["files"], *facts["missing"]], checks=facts["checks"], tried=(), why=refusal["why"],
        )  # fmt: skip
    return result


def reviewed(facts: Mapping[str, Any], found: Mapping[str, Any], *, attempt_of: str) -> dict[str, Any]:
    """Give the document of a review of code: its findings wait for a person, and nothing changes.

    One at which nobody could look is handed off: no finding would read as if all were well.
    """
    if not found["reviewers"]:
        return _unreviewed(facts, found, attempt_of=attempt_of)
    result = blank(facts, state="proposed", attempt_of=attempt_of)
    count = len(found["findings"])
    says = "No finding." if not count else "One finding." if count == 1 else f"{count} findings."
    return result | {
        "files": list(found["files"]), "findings": list(found["findings"]), "dropped": found["dropped"],
        "explanation": says, "backend": found["backend"], "model": found["model"], "notes": list(found["notes"]),
        "rung": "model", "decision": "review", "why": "Findings are for a person to look at; no file was changed.",
    }  # fmt: skip


def _unreviewed(facts: Mapping[str, Any], found: Mapping[str, Any], *, attempt_of: str) -> dict[str, Any]:
    result = blank(facts, state="handed_off", attempt_of=attempt_of)
    result |= {"files": list(found["files"]), "notes": list(found["notes"]), "why": _NOBODY}
    return result | {
        "handoff": handoff(
            task=facts["task"], name=facts["name"], description=facts["description"], files=found["files"],
            checks=facts["checks"], remarks=facts["remarks"], why=_NOBODY, tried=(),
        )
    }  # fmt: skip


def blank(facts: Mapping[str, Any], *, state: str, attempt_of: str) -> dict[str, Any]:
    """Give the document with every key that has to be there, before anything is known of a change."""
    return {
        "task": facts["task"] or facts["name"], "name": facts["name"], "is_task": bool(facts["task"]),
        "state": state, "attempt_of": attempt_of,
        "category": facts["category"], "lane": facts["lane"], "files": [], "diff": "", "explanation": "",
        "format": "", "rung": "", "backend": "", "model": "", "samples": 0, "agreement": 0, "checks": [],
        "probability": None, "evidence": [], "decision": "refuse", "why": "", "notes": [], "tried": [],
        "manifest": [], "digest": "", "base": facts["base"],
    }  # fmt: skip


def _of_change(shown: Weighed) -> dict[str, Any]:
    change = shown.change
    paths = dict.fromkeys(path for file in change.files for path in (file.old_path, file.path) if path)
    return {
        "files": list(paths),
        "diff": change.diff().decode(errors="replace"),
        "digest": change.digest,
        "explanation": shown.item["explanation"],
        "format": shown.format,
        "rung": shown.rung,
        "backend": shown.backend,
        "model": shown.model,
        "samples": shown.samples,
        "agreement": shown.agreement,
        "checks": [
            {name: value for name, value in check.items() if name not in _SHOWN_CHECK} for check in shown.checks
        ],
        "probability": shown.gate["probability"],
        "evidence": shown.gate["evidence"],
        "decision": shown.gate["decision"],
        "why": shown.gate["why"],
        "manifest": list(shown.manifest),
    }
