"""An execution as it stands when its run has ended, with the document that people look at."""

from typing import Any

from prentice.changes.change import Change
from prentice.changes.stored import to_document
from prentice.ledger.leases import Leases
from prentice.ledger.runs_table import RunsTable, Submission
from skills.execute.proposed import CHANGE, EVIDENCE, TASK, Proposed


def complete(proposed: Proposed, change: Change | None = CHANGE, **changes: Any) -> str:
    """Propose a change with the document that an execution gives it, and end its run.

    The run was to be done without a model, and so is the next attempt at it.
    """
    runs = RunsTable(proposed.executions.database)
    arguments = {"task": TASK, "text": "", "apply": False, "format": "", "samples": 1, "anyway": True,
                 "uncommitted": True, "attempt_of": "", "comment": ""}  # fmt: skip
    run = runs.submit(Submission(kind="execute", arguments=arguments, options={"backend": "builtin"})).id
    document = {
        "task": TASK, "name": "Shout", "is_task": True, "explanation": "It shouts.", "format": "symbol", "notes": [],
        "rung": "model", "backend": "ollama", "model": "coder",
        "files": [file.path for file in change.files] if change else [],
        "diff": change.diff().decode(errors="replace") if change else "",
        "decision": "review", "why": "No check decides it.",
        "probability": {"value": 0.76, "of": 30, "right": 23, "says": "0.76: of 30 like this, 23 were right"},
        "evidence": [{"fact": "agreement", "value": "5 of 5 samples", "effect": "raises", "points": 4.0}],
        "checks": [
            {"name": "test", "before": "failed (1)", "after": "passed (2)", "new_failures": [], "decisive": True}
        ],
        **changes,
    }  # fmt: skip
    proposed.executions.create(
        run=run, uid=f"uid-{run}", task=TASK, state="proposed", document=document, evidence=EVIDENCE.document(),
        change=to_document(change) if change else None,
    )  # fmt: skip
    leases = Leases(database=proposed.executions.database)
    claim = leases.claim("worker", kinds=["execute"], only=[run])
    assert claim is not None
    leases.finish(claim, "finished", result=document)
    return run
