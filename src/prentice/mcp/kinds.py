"""Kinds of runs: which tool each belongs to, and what a tool says of one that goes on."""

from collections.abc import Mapping
from typing import Final

from prentice.changes.visible import one_line
from prentice.errors import UsageError
from prentice.mcp.answers import Document, cut
from prentice.mcp.served import Served

ACTIONS: Final[Mapping[str, str]] = {
    "generate": "generate", "summarize": "summarize", "pull": "models.pull", "code_review": "code_review",
}  # fmt: skip
"""The kinds of the actions of `mlx` and `ollama` that are no tool's of their own."""
_TOOLS: Final[Mapping[str, str]] = {
    "breakdown": "`model_task_breakdown`", "execute": "`model_auto_execute`", "optimize": "`model_optimize_prompt`",
    **{kind: f"`mlx` or `ollama` with action `{action}`" for action, kind in ACTIONS.items()},
}  # fmt: skip
_DOING: Final = 80


def check_kind(project: Served, run_id: str, kind: str) -> None:
    """Refuse a run of another tool.

    Raises:
        UsageError: it is one.
        RunError: there is none of that id.
    """
    if (row := project.row(run_id)).kind != kind:
        raise UsageError(
            f"{run_id} is a run of another kind ({row.kind}).",
            next_step=f"Call {_TOOLS.get(row.kind, 'the tool and action that started it')} with it.",
        )


def still_running(run_id: str, doing: str) -> Document:
    """Give the answer on a run that goes on."""
    return {
        "state": "running",
        "run_id": run_id,
        "next_step": f"Still at it ({cut(one_line(doing), _DOING)}). Call again with run_id {run_id} to wait for it.",
    }
