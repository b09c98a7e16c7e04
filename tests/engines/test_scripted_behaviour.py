"""The behaviour that all backends share, of the one that plays a script.

It has whatever model is named, so of the cases only that of a missing model has no meaning here.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engines.backend_behaviour import (
    CASES_WITHOUT_STRUCTURE,
    Served,
    a_missing_model_is_told_with_what_to_do,
    without_structure_a_wrong_reply_is_a_typed_error_after_one_repair,
)
from engines.tiny_corpus import plan
from prentice.backends.protocol import Message, Request
from prentice.backends.scripted import ScriptedBackend

_TIMES = 3
"""How often a case asks for the same plan at most."""

_PIECE = 6


class Scripted(Served):
    """Asks for the endless reply in words of its own, by which the script knows it."""

    def endless(self) -> Request:
        return replace(super().endless(), messages=(Message(role="user", content="Count without end"),))


@pytest.fixture
def served(tmp_path: Path, held_out_tasks: list[str], request: pytest.FixtureRequest) -> Served:
    wrong = request.node.callspec.params["case"] is without_structure_a_wrong_reply_is_a_typed_error_after_one_repair
    path = tmp_path / "script.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in (_wrong() if wrong else _right(held_out_tasks))))
    return Scripted(
        opened=lambda: ScriptedBackend(path),
        name="scripted",
        trained="scripted",
        random="scripted",
        tasks=held_out_tasks,
        estimated=True,
    )


@pytest.mark.parametrize(
    "case",
    [case for case in CASES_WITHOUT_STRUCTURE if case is not a_missing_model_is_told_with_what_to_do],
    ids=lambda case: case.__name__,
)
def test_on_a_script(case: Callable[[Served], None], served: Served) -> None:
    case(served)


def _right(tasks: list[str]) -> list[dict[str, object]]:
    """Give the plan of each task in pieces, as a server sends it, and an endless reply."""
    plans = [(task, plan(task)) for task in tasks]
    lines: list[dict[str, object]] = [
        {"match": task, "chunks": [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)], "delay": 0.05}
        for task, text in plans * _TIMES
    ]
    short: dict[str, object] = {"match": "Break down this task", "text": "A plan."}
    return [*lines, {"match": "Count without end", "endless": True, "delay": 0.01}, *[short] * _TIMES]


def _wrong() -> list[dict[str, object]]:
    return [{"text": "First the plan is made, then it is kept."}, {"text": '{"plan": "the same again"}'}]
